/* trial_files.c: what the folder of a point's trial tells. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sld/grid_folder.h"
#include "sld/rundir.h"
#include "sld/store.h"

void sld_grid_trial_dir(const sld_grid *grid, size_t point, char path[PATH_MAX])
{
    sld_trial_dir(sld_grid_dir(grid), sld_grid_point(grid, point)->id, path);
}

bool sld_grid_has_results(const sld_grid *grid, size_t point)
{
    char run[PATH_MAX];

    sld_grid_trial_dir(grid, point, run);
    return sld_run_has(run, SLD_RUN_RESULTS);
}

double sld_grid_seconds(const sld_grid *grid, size_t point)
{
    char     run[PATH_MAX], path[PATH_MAX];
    sld_ctx  quiet;
    sld_doc *doc     = NULL;
    double   seconds = 0;

    sld_ctx_init(&quiet); /* a file that cannot be read is the report's matter */
    sld_grid_trial_dir(grid, point, run);
    sld_run_path(run, SLD_RUN_RESULTS, 0, path);
    if (sld_doc_open(&quiet, path, &doc) != SLD_OK || !sld_doc_has_attr(doc, "/", "run_seconds") ||
        sld_doc_get_attr(&quiet, doc, "/", "run_seconds", SLD_F64, 0, &seconds) != SLD_OK) {
        seconds = 0;
    }
    sld_doc_close(doc);
    return seconds;
}

void sld_grid_log_path(const sld_grid *grid, size_t point, char *path, size_t n)
{
    char run[PATH_MAX], newest[PATH_MAX];

    sld_grid_trial_dir(grid, point, run);
    const int64_t attempt = sld_run_newest_log(run);
    sld_run_path(run, SLD_RUN_LOG, attempt, newest);
    snprintf(path, n, "%s", attempt > 0 ? newest : "");
}
