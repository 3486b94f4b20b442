/* index_writer.c: sweep.h5 while the sweep runs: written anew by a process of its own, so that the
 * coordinator beats on, and so seldom that it costs no trial its time. */
#include "index_writer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sld/report.h"

#define LEAST_S 60 /* from one to the next */
#define SHARE   50 /* and so many times what it took */

void sld_refresh_begin(sld_ctx *ctx, const sld_sweep *sweep, size_t ended, refresh *r)
{
    const double now    = sld_clock_s();
    const pid_t  parent = getpid();

    if (r->writer > 0 || ended == r->ended || now < r->at_s) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpriority(PRIO_PROCESS, 0, 19);
        _exit(getppid() == parent && sld_sweep_index(ctx, sweep) == SLD_OK ? 0 : 1);
    }
    r->writer  = pid > 0 ? pid : 0;
    r->ended   = ended;
    r->began_s = now;
    r->at_s    = now + LEAST_S;
}

void sld_refresh_end(refresh *r, pid_t pid)
{
    if (r->writer == pid) {
        const double now = sld_clock_s(), rest = SHARE * (now - r->began_s);
        r->at_s   = now + (rest > LEAST_S ? rest : LEAST_S);
        r->writer = 0;
    }
}

void sld_refresh_wait(refresh *r)
{
    if (r->writer > 0) {
        waitpid(r->writer, NULL, 0);
        r->writer = 0;
    }
}
