/* report_runs.c: gathers a report of single runs: those that differ in their seed alone are one arm. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sld/rundir.h"

/* The identity without its lines on seeds: runs of one arm have it in common. */
static const char *without_seeds(sld_arena *arena, const char *identity)
{
    char *copy = sld_arena_strdup(arena, identity), *to = copy;

    for (const char *line = identity; copy && *line;) {
        const size_t n = strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n');
        if (strncmp(line, "seed", 4) != 0) {
            memcpy(to, line, n);
            to += n;
        }
        line += n;
    }
    if (copy) {
        *to = '\0';
    }
    return copy;
}

/* In results of sld 0.1 only the configuration holds the seed. */
static sld_status read_seed(sld_ctx *ctx, sld_doc *doc, int64_t *seed)
{
    const char *config = "", *line;

    if (sld_doc_has_attr(doc, "/", "seed")) {
        return sld_doc_get_attr(ctx, doc, "/", "seed", SLD_I64, 0, seed);
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "config", &config));
    line  = strstr(config, "\nseed: ");
    *seed = line ? atoll(line + strlen("\nseed: ")) : 0;
    return SLD_OK;
}

static sld_status read_status(sld_ctx *ctx, sld_doc *doc, report *r, report_trial *t)
{
    const char *text = "";

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "status", &text));
    if (strcmp(text, "done") == 0) {
        t->status.state = SLD_POINT_DONE;
    } else if (strcmp(text, "diverged") == 0) {
        t->status.state = SLD_POINT_DIVERGED;
    } else if (strcmp(text, "running") == 0) {
        t->status.state = SLD_POINT_RUNNING;
    } else {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: attribute status: expected running, done or diverged, got %.40s",
                        sld_doc_path(doc), text);
    }
    if (t->status.state == SLD_POINT_RUNNING) {
        r->name = r->n_trials == 1 ? "a run that is not finished" : "runs, not all finished";
    }
    return SLD_OK;
}

/* Reads what a run's results say about its point. *same: equal for runs that differ only in
 * seed. */
static sld_status read_run(sld_ctx *ctx, report *r, report_trial *t, sld_point *point,
                           const char **same)
{
    char        path[PATH_MAX];
    const char *text = "";
    sld_doc    *doc  = NULL;

    report_results_path(r, t, path);
    SLD_TRY(sld_doc_open_file(ctx, path, &doc));
    sld_status st = sld_doc_get_attr_text(ctx, doc, "/", "id", &text);
    point->id     = sld_arena_strdup(r->arena, text);
    if (st == SLD_OK && sld_doc_has_attr(doc, "/", "identity")) { /* old files have only the ID */
        st = sld_doc_get_attr_text(ctx, doc, "/", "identity", &text);
    }
    *same = without_seeds(r->arena, text);
    st    = st == SLD_OK ? read_status(ctx, doc, r, t) : st;
    st    = st == SLD_OK ? read_seed(ctx, doc, &point->seed) : st;
    if (st == SLD_OK && (!point->id || !*same)) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path);
    }
    sld_doc_close(doc);
    return st == SLD_OK ? sld_run_each_weights(ctx, t->run_dir, sld_weights_check_id, point->id)
                        : st;
}

static sld_status read_runs(sld_ctx *ctx, report *r, const char *const *dirs)
{
    void        *memory[2] = {NULL, NULL};
    sld_point   *points;
    const char **same;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, r->n_trials * sizeof *points, &memory[0]));
    SLD_TRY(sld_arena_alloc(ctx, r->arena, r->n_trials * sizeof *same, &memory[1]));
    points = memory[0];
    same   = memory[1];
    for (size_t i = 0; i < r->n_trials; i++) {
        report_trial *t = &r->trials[i];
        size_t        k = 0;
        t->point        = &points[i];
        t->run_dir      = dirs[i];
        points[i]       = (sld_point){.teacher = -1};
        SLD_TRY(read_run(ctx, r, t, &points[i], &same[i]));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(points[j].id, points[i].id) == 0) {
                return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                "%s: expected different runs, got %s as in %s: one run would count "
                                "twice; name it once",
                                dirs[i], points[i].id, dirs[j]);
            }
        }
        while (strcmp(same[k], same[i]) != 0) {
            k++; /* ends at i itself */
        }
        points[i].arm = dirs[k];
    }
    return SLD_OK;
}

sld_status report_gather_runs(sld_ctx *ctx, const char *const *dirs, size_t n, report **out)
{
    report *r = NULL;

    SLD_TRY(report_create(ctx, n, 0, &r));
    r->dir           = n == 1 ? dirs[0] : "by themselves";
    r->name          = n == 1 ? "a run" : "runs";
    r->baseline_name = "";
    sld_status st    = read_runs(ctx, r, dirs);
    if (st == SLD_OK) {
        st = report_read_trials(ctx, r);
    }
    return report_finish(st, r, out);
}
