/* record_spec.c: what a given spec says otherwise than the one in the sweep's folder. Claims and
 * report change no point, so the list of points does not show them. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "record.h"

static void sum_of(const void *text, size_t n, char hex[65])
{
    sld_sha256 sha;

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, text, n);
    sld_sha256_hex(&sha, hex);
}

sld_status sld_record_sum(sld_ctx *ctx, sld_grid *grid, const void *text, size_t n)
{
    char hex[65];

    sum_of(text, n, hex);
    grid->spec = sld_arena_strdup(grid->arena, hex);
    return grid->spec ? SLD_OK
                      : SLD_FAIL(ctx, SLD_ERR_NOMEM, "%.200s: out of memory: its spec", grid->dir);
}

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

static sld_status read_parts(sld_ctx *ctx, sld_arena *arena, const void *text, size_t n,
                             recorded_spec *out)
{
    const sld_node  *root = NULL;
    const sld_status st   = sld_yaml_document(ctx, arena, "sweep.yaml", text, n, &root);

    if (st == SLD_ERR_NOMEM) {
        return st;
    }
    if (st != SLD_OK) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    out->claims = sld_node_value(root, "claims");
    out->axes   = sld_node_value(root, "axes");
    out->report = sld_node_value(root, "report");
    return SLD_OK;
}

/* *old: NULL where sweep.yaml is missing or nobody can read it. The caller frees it. */
static sld_status read_recorded(sld_ctx *ctx, const char *dir, void **old, size_t *n_old)
{
    char path[PATH_MAX];

    sld_sweep_path(dir, "sweep.yaml", path);
    const sld_status st = sld_file_read(ctx, path, (size_t)1 << 28, old, n_old);
    if (st == SLD_OK || st == SLD_ERR_NOMEM) {
        return st;
    }
    sld_err_clear(ctx);
    *old   = NULL;
    *n_old = 0;
    return SLD_OK;
}

sld_status sld_grid_tell_edited(sld_ctx *ctx, const sld_grid *grid)
{
    void  *text = NULL;
    size_t n    = 0;
    char   hex[65];

    if (!grid->spec) {
        return SLD_OK;
    }
    SLD_TRY(read_recorded(ctx, grid->dir, &text, &n));
    sum_of(text ? text : "", n, hex);
    if (text && strcmp(hex, grid->spec) != 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s/sweep.yaml: expected the spec that was given to sld sweep, got another text: the "
            "points stay those of the spec, and packs hold this text beside them; put the spec "
            "back, or give the text to sld sweep: sld sweep %s/sweep.yaml --dir %s",
            grid->dir, grid->dir, grid->dir);
    }
    free(text);
    return SLD_OK;
}

sld_status sld_record_spec(sld_ctx *ctx, sld_arena *arena, const sld_grid *there,
                           const sld_grid *here, const void *text, size_t n,
                           sld_grid_change *change, late_claims *late)
{
    recorded_spec old = {.grid = there}, given = {.grid = here};
    void         *kept   = NULL;
    size_t        n_kept = 0;

    SLD_TRY(read_recorded(ctx, sld_grid_dir(there), &kept, &n_kept));
    change->text  = !kept || n_kept != n || memcmp(kept, text, n) != 0;
    sld_status st = read_parts(ctx, arena, kept ? kept : "", n_kept, &old);
    free(kept);
    SLD_TRY(st);
    SLD_TRY(read_parts(ctx, arena, text, n, &given));
    change->report = !is_equal(given.report, old.report);
    return sld_record_claims(ctx, arena, &old, &given, change, late);
}
