/* record.h: a given spec and its grid, held against those that a folder records. */
#ifndef SLD_GRID_RECORD_H
#define SLD_GRID_RECORD_H

#include "sld/grid.h"

typedef struct recorded_spec { /* the folder's, or the given one */
    const sld_grid *grid;
    const sld_node *claims, *axes, *report; /* NULL: none, or the spec cannot be read */
} recorded_spec;

typedef struct late_claim {
    const char *name, *what; /* "named", "changed", "taken out" */
    bool        fewer;       /* changed by seeds alone that the given sweep leaves out */
} late_claim;

typedef struct late_claims {
    late_claim *entries; /* (n) */
    size_t      n;
} late_claims;

/* record_spec.c. Local. Notes the spec's SHA-256, which DIR/points holds. */
sld_status sld_record_sum(sld_ctx *ctx, sld_grid *grid, const void *text, size_t n);
/* Local. Sets text, report, claims, meant and baseline of change; late: what of the
 * claims, in the arena. A sweep.yaml that is missing or that nobody can read says nothing. */
sld_status sld_record_spec(sld_ctx *ctx, sld_arena *arena, const sld_grid *there,
                           const sld_grid *here, const void *text, size_t n,
                           sld_grid_change *change, late_claims *late);

/* record_claims.c. Local. Lists the claims that come, go or mean something else, and sets claims, meant
 * and baseline of change. Texts are borrowed from the nodes. */
sld_status sld_record_claims(sld_ctx *ctx, sld_arena *arena, const recorded_spec *there,
                             const recorded_spec *here, sld_grid_change *change, late_claims *out);
/* Local. Writes a line for each into DIR/late-claims, if points of the folder have ended. To be called
 * before the spec takes the place of the old. */
sld_status sld_record_late(sld_ctx *ctx, const char *dir, const late_claims *late,
                           const sld_grid_change *change, size_t n_points);

/* record_labels.c. Local. Sets change->renamed: labels of the folder that now name trials which another
 * label named there. */
sld_status sld_record_labels(sld_ctx *ctx, sld_arena *arena, const sld_grid *there,
                             const sld_grid *here, sld_grid_change *change);

#endif
