/* index.c: writes sweep.h5, which links all results of a sweep, and the packed study, which copies
 * them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sld/report.h"
#include "study.h"

/* HDF5 keeps every source of a virtual data set open. With more trials than this a reader would run
 * out of file descriptors, so curves are copied. Logits stay virtual because a copy would be as
 * large as the trials' own files. */
#define MAX_VIRTUAL 500

static void index_path(const sld_grid *grid, char path[PATH_MAX])
{
    sld_sweep_path(sld_grid_dir(grid), "sweep.h5", path);
}

static sld_status put_links(sld_ctx *ctx, study *s)
{
    for (size_t i = 0; i < s->r->n_trials; i++) {
        const char *file = NULL;
        char        path[256];
        if (!s->r->trials[i].has_results) {
            continue;
        }
        SLD_TRY(study_source(ctx, s, i, &file));
        snprintf(path, sizeof path, "/trial/%s", s->r->trials[i].point->id);
        SLD_TRY(sld_doc_put_link(ctx, s->doc, path, file, "/"));
    }
    return SLD_OK;
}

/* Copies the spec as the user wrote it. */
static sld_status put_spec(sld_ctx *ctx, study *s)
{
    char   path[PATH_MAX];
    void  *text = NULL;
    size_t n    = 0;

    sld_sweep_path(s->r->dir, "sweep.yaml", path);
    if (access(path, F_OK) != 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_file_read(ctx, path, (size_t)1 << 28, &text, &n));
    const sld_status st = sld_doc_attr_text(ctx, s->doc, "/", "sweep", text);
    free(text);
    return st;
}

static sld_status put_pack(sld_ctx *ctx, study *s)
{
    SLD_TRY(put_spec(ctx, s));
    SLD_TRY(study_put_facts(ctx, s));
    return study_put_teachers(ctx, s);
}

static sld_status write_study(sld_ctx *ctx, study *s, const char *path, bool pack, bool replace)
{
    SLD_TRY(study_measure(ctx, s));
    SLD_TRY(sld_doc_create_on_disk(ctx, path, study_bytes(s), &s->doc));
    sld_status st = study_put(ctx, s);
    if (st == SLD_OK) {
        st = pack ? put_pack(ctx, s) : put_links(ctx, s);
    }
    if (st == SLD_OK && !pack) {
        st = sld_doc_attr_text(
            ctx, s->doc, "/", "note",
            "Curves and logits are virtual data sets and links over "
            "trials/ID/results.h5 beside this file. Copied alone it reads as NaN, "
            "and netCDF cannot open it: `sld report DIR --pack FILE.h5` makes one "
            "file that holds all.");
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(ctx, &s->doc, path, replace);
    }
    sld_doc_close(s->doc);
    return st;
}

sld_status sld_report_index(sld_ctx *ctx, const sld_grid *grid)
{
    char    path[PATH_MAX];
    report *r = NULL;

    index_path(grid, path);
    SLD_TRY(report_gather(ctx, grid, &r));
    study            s  = {.r = r, .copy_curves = r->n_trials > MAX_VIRTUAL};
    const sld_status st = write_study(ctx, &s, path, false, true);
    report_destroy(r);
    return st;
}

sld_status sld_report_pack(sld_ctx *ctx, const sld_grid *grid, const char *path, bool compact,
                           bool replace)
{
    report *r = NULL;

    SLD_TRY(report_gather(ctx, grid, &r));
    study            s  = {.r = r, .copy_curves = true, .copy_logits = true, .compact = compact};
    const sld_status st = write_study(ctx, &s, path, true, replace);
    report_destroy(r);
    return st;
}

/* ---- check that the files exist to which sweep.h5 points ---- */

static void check_sources(const sld_grid *grid, const char *const *ids, const int32_t *valid,
                          size_t n_trials, size_t *n_missing, char *first, size_t n)
{
    char run[PATH_MAX], path[PATH_MAX];

    for (size_t i = 0; i < n_trials; i++) {
        sld_trial_dir(sld_grid_dir(grid), ids[i], run);
        sld_run_path(run, SLD_RUN_RESULTS, 0, path);
        if (!valid[i] || access(path, R_OK) == 0) {
            continue;
        }
        if ((*n_missing)++ == 0) {
            snprintf(first, n, "%s", path);
        }
    }
}

sld_status sld_report_index_check(sld_ctx *ctx, const sld_grid *grid, size_t *n_missing,
                                  char *first, size_t n)
{
    char         path[PATH_MAX];
    sld_doc     *doc = NULL;
    int          n_dims;
    size_t       dims[SLD_DOC_DIMS];
    const char **ids   = NULL;
    int32_t     *valid = NULL;

    *n_missing = 0;
    index_path(grid, path);
    if (access(path, F_OK) != 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_open_file(ctx, path, &doc));
    sld_status st = sld_doc_dims(ctx, doc, "/valid", &n_dims, dims);
    if (st == SLD_OK) {
        ids   = malloc((dims[0] + 1) * sizeof *ids);
        valid = malloc((dims[0] + 1) * sizeof *valid);
        st    = ids && valid ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path);
    }
    if (st == SLD_OK) {
        st = sld_doc_get(ctx, doc, "/valid", SLD_I32, dims[0], valid);
    }
    if (st == SLD_OK) {
        st = sld_doc_get_text(ctx, doc, "/trials/id", dims[0], ids);
    }
    if (st == SLD_OK) {
        check_sources(grid, ids, valid, dims[0], n_missing, first, n);
    }
    free(ids);
    free(valid);
    sld_doc_close(doc);
    return st;
}
