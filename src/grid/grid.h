/* grid.h: the points of a sweep in memory. */
#ifndef SLD_GRID_POINTS_H
#define SLD_GRID_POINTS_H

#include "sld/grid.h"
#include "sld/rundir.h"

struct sld_grid {
    sld_arena         *arena;
    void              *text; /* what the points' texts lie in when they were read; free() */
    const char        *name, *dir, *baseline;
    const char        *spec; /* SHA-256 of sweep.yaml as it was given; NULL: not known */
    sld_launch         launch;
    size_t             n_axes;
    const char *const *axis;
    sld_point         *points; /* teachers first */
    size_t             n, n_dropped;
    sld_point *same; /* (n_same) labels whose trial is another's; of each arm and trial one */
    size_t     n_same;
    int        id_version; /* how the points are named */
    size_t    *by_id;      /* (n) indices, ids ascending */
};

/* grid.c. Makes by_id; points of one id become one, the first. */
sld_status sld_grid_index(sld_ctx *ctx, sld_grid *grid);

/* needs.c. max_ranks and what follows it, from a point's experiment. */
sld_status sld_point_take_needs(sld_ctx *ctx, sld_arena *arena, const sld_config *config,
                                sld_point *p);

/* points.c. The list of points as a file, DIR/points, and back. */
sld_status sld_grid_points_text(sld_ctx *ctx, const sld_grid *grid, char **out,
                                size_t *n); /* free() */
sld_status sld_grid_points_parse(sld_ctx *ctx, sld_grid *grid, const char *path, char *text,
                                 size_t n);

#endif
