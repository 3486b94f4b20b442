/* progress.c: the line by which a running attempt reports its progress. */
#include <stdio.h>

#include "sld/base_read.h"
#include "sld/rundir.h"

int sld_progress_text(const sld_progress *p, char text[SLD_PROGRESS_BYTES])
{
    return snprintf(text, SLD_PROGRESS_BYTES,
                    "epoch %lld of %lld step %lld of %lld left %.0f s beat %.0f ranks %-6lld\n",
                    (long long)p->epoch, (long long)p->epochs, (long long)p->step,
                    (long long)p->steps, p->left_s, p->beat_s, (long long)p->ranks);
}

bool sld_progress_parse(const char *text, sld_progress *out)
{
    long long epoch, epochs, step, steps, ranks = 0;
    double    left_s, beat_s;

    *out = (sld_progress){0};
    if (sscanf(text, "epoch %lld of %lld step %lld of %lld left %lf s beat %lf ranks %lld", &epoch,
               &epochs, &step, &steps, &left_s, &beat_s,
               &ranks) < 6) { /* version 0.1 did not report ranks */
        return false;
    }
    *out = (sld_progress){.epoch  = epoch,
                          .epochs = epochs,
                          .step   = step,
                          .steps  = steps,
                          .left_s = left_s,
                          .beat_s = beat_s,
                          .ranks  = ranks};
    return true;
}

void sld_progress_read(const char *run, int64_t attempt, char text[SLD_PROGRESS_BYTES])
{
    char  path[PATH_MAX];
    FILE *file;

    sld_run_path(run, SLD_RUN_PROGRESS, attempt, path);
    text[0] = '\0';
    file    = sld_file_stream(path);
    if (file) {
        if (!fgets(text, SLD_PROGRESS_BYTES, file)) {
            text[0] = '\0';
        }
        fclose(file);
    }
}
