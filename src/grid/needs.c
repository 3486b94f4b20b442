/* needs.c: what a coordinator asks of a point: how many ranks it can use, which file of its teacher's
 * it reads, whether it shares its teacher's logits. Taken from the experiment once, when the point is
 * made. */
#include <string.h>

#include "grid.h"

sld_status sld_point_take_needs(sld_ctx *ctx, sld_arena *arena, const sld_config *config,
                                sld_point *p)
{
    const sld_options *o = sld_config_options(config);

    p->max_ranks     = (int)o->parallel.shards;
    p->shares_logits = sld_config_wants_teacher(o) && *o->teacher.weights &&
                       sld_config_origin(config, "teacher.logits") < SLD_FROM_FILE;
    p->teacher_file = NULL;
    if (p->teacher < 0) {
        return SLD_OK;
    }
    p->teacher_file = sld_arena_strdup(arena, o->teacher.weights);
    return p->teacher_file ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a point");
}

sld_status sld_grid_complete(sld_ctx *ctx, sld_grid *grid, sld_defaults_find method)
{
    for (size_t i = 0; i < grid->n; i++) {
        sld_point  *p      = &grid->points[i];
        sld_config *config = NULL;
        if (p->max_ranks > 0) {
            continue;
        }
        SLD_TRY(sld_config_parse(ctx, p->id, p->experiment, strlen(p->experiment), NULL, 0, method,
                                 &config));
        const sld_status st = sld_point_take_needs(ctx, grid->arena, config, p);
        sld_config_destroy(config);
        SLD_TRY(st);
    }
    return SLD_OK;
}
