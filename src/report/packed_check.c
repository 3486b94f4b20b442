/* packed_check.c: whether what a packed study says of its trials can be: anybody may have made or changed
 * it. sld_analysis asks the same (study_check.py). */
#include <stdlib.h>
#include <string.h>

#include "report.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static sld_status check_ids(sld_ctx *ctx, const char *path, const report *r)
{
    const size_t n  = r->n_trials;
    const char **id = malloc((n + 1) * sizeof *id);
    sld_status   st = id ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu IDs", n);

    for (size_t i = 0; id && i < n; i++) {
        id[i] = r->trials[i].point->id;
    }
    if (id) {
        qsort(id, n, sizeof *id, by_text);
    }
    for (size_t i = 1; st == SLD_OK && i < n; i++) {
        if (strcmp(id[i - 1], id[i]) == 0) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: /trials/id: expected each ID once, got %.40s again; pack the sweep "
                          "again",
                          path, id[i]);
        }
    }
    free(id);
    return st;
}

/* Infinite ones too are no percentages; NaN: not measured. */
static sld_status check_percent(sld_ctx *ctx, const char *path, const report *r, int metric)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        const double        x = t->metric[metric];
        if (t->has_results && (x < 0.0 || x > 100.0)) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: /trials/%s: trial %s: expected 0 to 100, or NaN, got %g; pack the "
                            "sweep again",
                            path, report_metric_name[metric], t->point->id, x);
        }
    }
    return SLD_OK;
}

sld_status report_check_trials(sld_ctx *ctx, const char *path, const report *r)
{
    SLD_TRY(check_ids(ctx, path, r));
    for (int m = 0; m < REPORT_N_METRICS; m++) {
        if (strcmp(report_metric_unit[m], "percent") == 0) {
            SLD_TRY(check_percent(ctx, path, r, m));
        }
    }
    return SLD_OK;
}
