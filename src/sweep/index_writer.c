/* index_writer.c: rewrites report.html and sweep.h5 while the sweep runs. A child process writes
 * them, so that the coordinator goes on beating, and rarely, so that trials lose little CPU
 * time. */
#include "index_writer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sld/report.h"

#define MIN_PAUSE_S 60 /* between two writers; a browser reloads the page as often */
#define PAUSE_RATIO 50 /* the pause is at least this many times what the last writer took */

/* The page also shows running trials, so it is written even if no trial has ended. 0: sweep.h5 tells of
 * all points that had ended. */
static int write_both(sld_ctx *ctx, const sld_grid *grid, bool index)
{
    if (sld_report_keep_page(ctx, grid) != SLD_OK) {
        sld_err_clear(ctx);
    }
    return !index || sld_report_index(ctx, grid) == SLD_OK ? 0 : 1;
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
    w->writes  = ended;
    w->began_s = now;
    w->at_s    = now + MIN_PAUSE_S;
}

void sld_index_writer_end(index_writer *w, pid_t pid, int status)
{
    if (w->writer == pid) {
        w->ended         = status == 0 ? w->writes : w->ended; /* else it is tried again */
        const double now = sld_clock_s(), pause_s = PAUSE_RATIO * (now - w->began_s);
        w->at_s   = now + (pause_s > MIN_PAUSE_S ? pause_s : MIN_PAUSE_S);
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
