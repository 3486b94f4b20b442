/* trial_files.c: what the files of a trial tell those who watch it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sld/grid_folder.h"
#include "sld/store.h"

void sld_watch_path(const sld_sweep *sweep, size_t point, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/trials/%s/%s", sld_sweep_dir(sweep),
             sld_sweep_point(sweep, point)->id, name);
}

bool sld_watch_has_results(const sld_sweep *sweep, size_t point)
{
    char path[PATH_MAX];

    sld_watch_path(sweep, point, "results.h5", path);
    return access(path, F_OK) == 0;
}

void sld_watch_progress(const sld_sweep *sweep, size_t point, int64_t attempt, char *text, size_t n)
{
    char  path[PATH_MAX], name[40];
    FILE *file;

    snprintf(name, sizeof name, "progress-a%lld", (long long)attempt);
    sld_watch_path(sweep, point, name, path);
    text[0] = '\0';
    file    = fopen(path, "r");
    if (file) {
        if (!fgets(text, (int)n, file)) {
            text[0] = '\0';
        }
        fclose(file);
    }
}

bool sld_watch_parse(const char *text, int64_t *epoch, int64_t *epochs, double *left_s)
{
    long long at = 0, of = 0, step, steps;
    double    left = 0;

    const bool good = sscanf(text, "epoch %lld of %lld step %lld of %lld left %lf", &at, &of, &step,
                             &steps, &left) == 5;
    *epoch          = good ? at : 0;
    *epochs         = good ? of : 0;
    *left_s         = good ? left : 0;
    return good;
}

bool sld_watch_diverged(sld_ctx *ctx, const sld_sweep *sweep, size_t point)
{
    char        path[PATH_MAX];
    sld_doc    *doc      = NULL;
    const char *status   = NULL;
    bool        diverged = false;

    sld_watch_path(sweep, point, "results.h5", path);
    if (sld_doc_open(ctx, path, &doc) == SLD_OK &&
        sld_doc_get_attr_text(ctx, doc, "/", "status", &status) == SLD_OK) {
        diverged = strcmp(status, "diverged") == 0;
    } else {
        sld_log(ctx, SLD_LOG_WARN, "%s", ctx->err.msg);
        sld_err_clear(ctx);
    }
    sld_doc_close(doc);
    return diverged;
}

void sld_sweep_log_path(const sld_sweep *sweep, size_t point, char *path, size_t n)
{
    char candidate[PATH_MAX], name[40];
    int  misses = 0;

    path[0] = '\0';
    for (long long k = 1; misses < 3; k++) { /* an attempt that never began has none */
        snprintf(name, sizeof name, "log-a%lld.txt", k);
        sld_watch_path(sweep, point, name, candidate);
        if (access(candidate, F_OK) == 0) {
            snprintf(path, n, "%s", candidate);
            misses = 0;
        } else {
            misses++;
        }
    }
}
