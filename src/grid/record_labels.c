/* record_labels.c: labels that change hands: the trials stay, and what people call them does not. */
#include <stdio.h>
#include <string.h>

#include "arm_names.h"
#include "record.h"

/* Whether the folder knows the label, and under it other trials than this one. */
static bool has_moved(const arm_index *there, const sld_point *p)
{
    const sld_point *const *points;
    const size_t            n = sld_arms_find_exactly(there, p->arm, &points);
    size_t                  i = 0;

    while (i < n && strcmp(points[i]->id, p->id) != 0) {
        i++;
    }
    return n > 0 && i == n;
}

static void note(const sld_point *now, const sld_point *then, sld_grid_change *change)
{
    const size_t used = strlen(change->renamed);
    char         name[128], was[128], line[300];

    snprintf(line, sizeof line, "%s%s (there %s)", used ? ", " : "",
             sld_text_printable(now->arm, name, sizeof name),
             sld_text_printable(then->arm, was, sizeof was));
    if (used + strlen(line) + sizeof ", ..." < sizeof change->renamed) {
        snprintf(change->renamed + used, sizeof change->renamed - used, "%s", line);
    } else if (strcmp(change->renamed + used - 3, "...") != 0) {
        snprintf(change->renamed + used, sizeof change->renamed - used, ", ...");
    }
}

sld_status sld_record_labels(sld_ctx *ctx, sld_arena *arena, const sld_grid *there,
                             const sld_grid *here, sld_grid_change *change)
{
    arm_index   old, given;
    const char *last = NULL;

    SLD_TRY(sld_arms_index(ctx, arena, there, &old));
    SLD_TRY(sld_arms_index(ctx, arena, here, &given));
    for (size_t i = 0; i < given.n; i++) {
        const sld_point *p    = given.points[i];
        const int        then = sld_grid_find(there, p->id);
        if (then >= 0 && !sld_grid_point(there, (size_t)then)->is_teacher && has_moved(&old, p) &&
            (!last || strcmp(last, p->arm) != 0)) {
            note(p, sld_grid_point(there, (size_t)then), change);
            last = p->arm;
        }
    }
    return SLD_OK;
}
