/* record_spec.c: what a given spec says otherwise than the one in the sweep's folder. Claims and
 * report change no point, so the list of points does not show them. Claims that come, change or go
 * after trials have ended are written down in DIR/late-claims, for reports. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "sld/grid_folder.h"
#include "sld/store.h"

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

/* *old: NULL where sweep.yaml is missing or nobody can read it. The caller frees it. */
static sld_status read_recorded(sld_ctx *ctx, const char *dir, void **old, size_t *n_old)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%.4000s/sweep.yaml", dir);
    const sld_status st = sld_file_read(ctx, path, (size_t)1 << 28, old, n_old);
    if (st == SLD_OK || st == SLD_ERR_NOMEM) {
        return st;
    }
    sld_err_clear(ctx);
    *old   = NULL;
    *n_old = 0;
    return SLD_OK;
}

sld_status sld_grid_compare_spec(sld_ctx *ctx, const char *dir, const void *text, size_t n,
                                 sld_grid_change *out)
{
    void      *old   = NULL;
    size_t     n_old = 0;
    sld_arena *arena = NULL;

    SLD_TRY(read_recorded(ctx, dir, &old, &n_old));
    out->text     = !old || n_old != n || memcmp(old, text, n) != 0;
    sld_status st = out->text ? sld_arena_create(ctx, &arena) : SLD_OK;
    if (out->text && st == SLD_OK) {
        st = compare_parts(ctx, arena, old ? old : "", n_old, text, n, out);
    }
    sld_arena_destroy(arena);
    free(old);
    return st;
}

/* ---- claims that come late ---- */

/* Points of both sweeps that are done or diverged. */
static sld_status count_ended(sld_ctx *ctx, const sld_grid *there, const sld_grid *here,
                              size_t *ended)
{
    sld_point_status *status = calloc(sld_grid_count(there) + 1, sizeof *status);

    *ended = 0;
    if (!status) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu points", sld_grid_count(there));
    }
    const sld_status st = sld_grid_status(ctx, there, status);
    for (size_t i = 0; st == SLD_OK && i < sld_grid_count(there); i++) {
        const bool over =
            status[i].state == SLD_POINT_DONE || status[i].state == SLD_POINT_DIVERGED;
        *ended += over && sld_grid_find(here, sld_grid_point(there, i)->id) >= 0;
    }
    free(status);
    return st;
}

/* Writes a line for each claim of one spec that the other has not, or has otherwise. */
static void put_lines(const sld_node *claims, const sld_node *others, bool given, const char *when,
                      FILE *to)
{
    char name[512];

    for (size_t i = 0; claims && claims->kind == SLD_NODE_MAP && i < claims->n; i++) {
        const sld_node *other = sld_node_value(others, claims->key[i]->text);
        if (given ? !is_equal(claims->item[i], other) : !other) {
            fprintf(to, "%s: %s %s\n", sld_text_printable(claims->key[i]->text, name, sizeof name),
                    !given  ? "taken out"
                    : other ? "changed"
                            : "named",
                    when);
        }
    }
}

static sld_status write_late(sld_ctx *ctx, sld_arena *arena, const char *dir, const char *when,
                             const void *text, size_t n)
{
    char            path[PATH_MAX];
    const sld_node *claims, *old_claims, *unused;
    void           *old = NULL, *before = NULL;
    size_t          n_old = 0, n_before = 0, n_lines = 0;
    char           *lines = NULL;

    SLD_TRY(read_recorded(ctx, dir, &old, &n_old));
    sld_status st = read_parts(ctx, arena, text, n, &claims, &unused);
    st = st == SLD_OK ? read_parts(ctx, arena, old ? old : "", n_old, &old_claims, &unused) : st;
    free(old);
    SLD_TRY(st);
    snprintf(path, sizeof path, "%.4000s/" SLD_LATE_CLAIMS, dir);
    if (sld_file_read(ctx, path, (size_t)1 << 28, &before, &n_before) != SLD_OK) {
        sld_err_clear(ctx);
        before = NULL;
    }
    FILE *to = open_memstream(&lines, &n_lines);
    if (to) {
        fwrite(before ? before : "", 1, before ? n_before : 0, to);
        put_lines(claims, old_claims, true, when, to);
        put_lines(old_claims, claims, false, when, to);
    }
    free(before);
    st = !to || fclose(to) != 0 ? SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path)
                                : sld_file_publish(ctx, path, lines, n_lines, true);
    free(lines);
    return st;
}

sld_status sld_grid_note_claims(sld_ctx *ctx, const sld_grid *there, const sld_grid *here,
                                const void *text, size_t n, size_t *ended)
{
    sld_arena *arena = NULL;
    char       now[32], when[128];

    SLD_TRY(count_ended(ctx, there, here, ended));
    if (*ended == 0) {
        return SLD_OK;
    }
    sld_clock_utc(now);
    snprintf(when, sizeof when, "after %zu of %zu trials had ended, %s", *ended,
             sld_grid_count(here), now);
    SLD_TRY(sld_arena_create(ctx, &arena));
    const sld_status st = write_late(ctx, arena, sld_grid_dir(there), when, text, n);
    sld_arena_destroy(arena);
    return st;
}
