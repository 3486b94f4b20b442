/* expand_idle.c: settings of a spec that change nothing in any of its points. One that matters for
 * some arms alone is how grids are written; one that matters for none is a mistake. */
#include <stdio.h>

#include "expander.h"

sld_status sld_expand_watch_usage(expander *x)
{
    const spec *s      = x->spec;
    void       *memory = NULL;

    SLD_TRY(sld_usage_create(x->ctx, x->arena, &x->used));
    for (size_t a = 0; a < s->n_axes; a++) {
        SLD_TRY(sld_arena_alloc(x->ctx, x->arena, s->axes[a].n * sizeof *x->used_by[a], &memory));
        x->used_by[a] = memory;
        for (size_t i = 0; i < s->axes[a].n; i++) {
            SLD_TRY(sld_usage_create(x->ctx, x->arena, &x->used_by[a][i]));
        }
    }
    return SLD_OK;
}

void sld_expand_count_usage(expander *x, const size_t *at)
{
    x->n_counting                = 0;
    x->counting[x->n_counting++] = x->used;
    for (size_t a = 0; a < x->spec->n_axes; a++) {
        x->counting[x->n_counting++] = x->used_by[a][at[a]];
    }
}

/* Refuses idle settings. If the command line may have made one idle, it is only reported. */
static sld_status check(const expander *x, const sld_usage *usage, const sld_overlay *overlay,
                        const char *where)
{
    const sld_status st = sld_usage_check(x->ctx, usage, overlay, where);

    if (st != SLD_ERR_CONFIG || overlay == x->spec->override ||
        sld_overlay_is_empty(x->spec->override)) {
        return st;
    }
    sld_log(x->ctx, SLD_LOG_WARN, "%s", x->ctx->err.msg);
    sld_err_clear(x->ctx);
    return SLD_OK;
}

sld_status sld_expand_check_usage(const expander *x)
{
    const spec *s = x->spec;
    char        where[2 * LABEL_MAX + 32];

    SLD_TRY(check(x, x->used, s->override, "a point of this sweep"));
    SLD_TRY(check(x, x->used, s->base.overlay, "a point of this sweep"));
    if (s->base.teacher && *s->base.teacher && !sld_usage_has(x->used, "teacher.weights")) {
        return sld_node_fail(
            x->ctx, s->base.at, "teacher",
            "expected a point with a teacher term (kd.weak or kd.strong above 0), got "
            "none; without it this setting changes nothing: leave it out");
    }
    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t i = 0; i < s->axes[a].n; i++) {
            snprintf(where, sizeof where, "a point with %s %s", s->axes[a].name,
                     s->axes[a].entries[i].label);
            SLD_TRY(check(x, x->used_by[a][i], s->axes[a].entries[i].part.overlay, where));
        }
    }
    return SLD_OK;
}
