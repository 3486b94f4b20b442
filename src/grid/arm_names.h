/* arm_names.h: the arms of a grid by name. */
#ifndef SLD_GRID_ARM_NAMES_H
#define SLD_GRID_ARM_NAMES_H

#include "sld/grid.h"

/* What stands between the labels of an arm: the first that tells all arms of a grid apart. */
enum { SLD_ARM_SEPARATORS = 6 };
extern const char *const sld_arm_separator[SLD_ARM_SEPARATORS];

/* Students' points and labels, those of one arm side by side, by seed. Borrows the grid. */
typedef struct arm_index {
    const sld_grid         *grid;
    const sld_point *const *points; /* (n) */
    size_t                  n;
} arm_index;

sld_status sld_arms_index(sld_ctx *ctx, sld_arena *arena, const sld_grid *grid, arm_index *out);

/* The points of the arm that somebody calls so: *out: the first of them. Returns how many; 0: there is
 * no such arm. A value without a label may be called by the option's key or by its last word, whichever
 * of them stands in the arm's name. */
size_t sld_arms_find(const arm_index *x, const char *name, const sld_point *const **out);

/* The same by the name as it stands. */
size_t sld_arms_find_exactly(const arm_index *x, const char *name, const sld_point *const **out);

/* What could be meant by a name that no arm has (sld_text_choices). */
void sld_arms_choices(const sld_grid *grid, const char *name, char choices[SLD_CHOICES_BYTES]);

#endif
