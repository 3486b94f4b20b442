/* record_spec.c: what a given spec says otherwise than the one in the sweep's folder. Claims and
 * report change no point, so the list of points does not show them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"

static bool is_equal(const sld_node *a, const sld_node *b)
{
    if (!a || !b) {
        return a == b;
    }
    if (a->kind != b->kind || a->n != b->n || strcmp(a->text, b->text) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if ((a->kind == SLD_NODE_MAP && !is_equal(a->key[i], b->key[i])) ||
            !is_equal(a->item[i], b->item[i])) {
            return false;
        }
    }
    return true;
}

/* *claims, *report: NULL where the text does not name them, or is no YAML. */
static sld_status read_parts(sld_ctx *ctx, sld_arena *arena, const void *text, size_t n,
                             const sld_node **claims, const sld_node **report)
{
    const sld_node  *root = NULL;
    const sld_status st   = sld_yaml_document(ctx, arena, "sweep.yaml", text, n, &root);

    *claims = *report = NULL;
    if (st == SLD_ERR_NOMEM) {
        return st;
    }
    if (st != SLD_OK) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    *claims = sld_node_value(root, "claims");
    *report = sld_node_value(root, "report");
    return SLD_OK;
}

static sld_status compare_parts(sld_ctx *ctx, sld_arena *arena, const void *old, size_t n_old,
                                const void *text, size_t n, sld_grid_change *out)
{
    const sld_node *claims, *report, *old_claims, *old_report;

    SLD_TRY(read_parts(ctx, arena, text, n, &claims, &report));
    SLD_TRY(read_parts(ctx, arena, old, n_old, &old_claims, &old_report));
    out->claims    = !is_equal(claims, old_claims);
    out->report    = !is_equal(report, old_report);
    out->unclaimed = claims == NULL;
    return SLD_OK;
}

sld_status sld_grid_compare_spec(sld_ctx *ctx, const char *dir, const void *text, size_t n,
                                 sld_grid_change *out)
{
    char       path[PATH_MAX];
    void      *old   = NULL;
    size_t     n_old = 0;
    sld_arena *arena = NULL;

    snprintf(path, sizeof path, "%.4000s/sweep.yaml", dir);
    sld_status st = sld_file_read(ctx, path, (size_t)1 << 28, &old, &n_old);
    if (st == SLD_ERR_NOMEM) {
        return st;
    }
    if (st != SLD_OK) {
        sld_err_clear(ctx);
        old   = NULL;
        n_old = 0;
    }
    out->text = !old || n_old != n || memcmp(old, text, n) != 0;
    st        = out->text ? sld_arena_create(ctx, &arena) : SLD_OK;
    if (out->text && st == SLD_OK) {
        st = compare_parts(ctx, arena, old ? old : "", n_old, text, n, out);
    }
    sld_arena_destroy(arena);
    free(old);
    return st;
}
