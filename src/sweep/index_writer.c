/* index_writer.c: report.html and sweep.h5 while the sweep runs: written anew by a process of its own, so that the
 * coordinator beats on, and so seldom that it costs no trial its time. */
#include "index_writer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sld/report.h"

#define LEAST_S 60 /* from one to the next; the page asks its reader's browser as often */
#define SHARE   50 /* and so many times what it took */

/* The page tells of trials that run: it is made whether or not one has ended. */
static int write_both(sld_ctx *ctx, const sld_grid *grid, bool index)
{
    const sld_status page = sld_report_keep_page(ctx, grid);

    return (!index || sld_report_index(ctx, grid) == SLD_OK) && page == SLD_OK ? 0 : 1;
}

void sld_index_writer_begin(sld_ctx *ctx, const sld_grid *grid, size_t ended, index_writer *w)
{
    const double now    = sld_clock_s();
    const pid_t  parent = getpid();

    if (w->writer > 0 || now < w->at_s) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setpriority(PRIO_PROCESS, 0, 19);
        _exit(getppid() == parent ? write_both(ctx, grid, ended != w->ended) : 1);
    }
    w->writer  = pid > 0 ? pid : 0;
    w->ended   = ended;
    w->began_s = now;
    w->at_s    = now + LEAST_S;
}

void sld_index_writer_end(index_writer *w, pid_t pid)
{
    if (w->writer == pid) {
        const double now = sld_clock_s(), rest = SHARE * (now - w->began_s);
        w->at_s   = now + (rest > LEAST_S ? rest : LEAST_S);
        w->writer = 0;
    }
}

void sld_index_writer_wait(index_writer *w)
{
    if (w->writer > 0) {
        waitpid(w->writer, NULL, 0);
        w->writer = 0;
    }
}
