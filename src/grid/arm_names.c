/* arm_names.c: finds the arm that a spec means. A value without a label stands in an arm's name as
 * "lr=0.05", or as "train.lr=0.05" where another axis has the same last word; people may write either. */
#include "arm_names.h"

#include <stdlib.h>
#include <string.h>

#include "grid.h"

const char *const sld_arm_separator[SLD_ARM_SEPARATORS] = {" ", " / ", " | ", " & ", " + ", " ~ "};

/* ---- one name in its two forms ---- */

/* The length of "KEY=" at text, of the whole key or of its last word; 0: neither stands there. */
static size_t key_at(const char *text, const char *axis)
{
    const char  *dot   = strrchr(axis, '.');
    const char  *last  = dot ? dot + 1 : axis;
    const size_t whole = strlen(axis), brief = strlen(last);

    return strncmp(text, axis, whole) == 0 && text[whole] == '='   ? whole + 1
           : strncmp(text, last, brief) == 0 && text[brief] == '=' ? brief + 1
                                                                   : 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Takes the label of axis a off the arm's name and off the other name. */
static bool take_label(const sld_point *p, size_t a, const char **arm, const char **name)
{
    const size_t n    = strlen(p->value[a]);
    const size_t mine = key_at(*arm, p->axis[a]), its = key_at(*name, p->axis[a]);
    const bool   has_key = mine > 0 && begins(*arm + mine, p->value[a]);

    if (!begins(*arm + (has_key ? mine : 0), p->value[a]) ||
        !begins(*name + (has_key ? its : 0), p->value[a]) || (has_key && its == 0)) {
        return false;
    }
    *arm += (has_key ? mine : 0) + n;
    *name += (has_key ? its : 0) + n;
    return true;
}

static bool is_called(const sld_point *p, const char *name)
{
    const char *arm = p->arm;

    for (size_t a = 0; a < p->n_axes; a++) {
        bool taken = false;
        for (size_t i = 0; i < SLD_ARM_SEPARATORS && !taken; i++) {
            const char *between = a > 0 ? sld_arm_separator[i] : "", *next = arm, *its = name;
            if (begins(arm, between) && begins(name, between)) {
                next += strlen(between);
                its += strlen(between);
                taken = take_label(p, a, &next, &its);
            }
            arm  = taken ? next : arm;
            name = taken ? its : name;
        }
        if (!taken) {
            return false;
        }
    }
    return p->n_axes > 0 && *arm == '\0' && *name == '\0';
}

/* ---- all arms ---- */

static int by_arm(const void *a, const void *b)
{
    const sld_point *p = *(const sld_point *const *)a, *q = *(const sld_point *const *)b;
    const int        order = strcmp(p->arm, q->arm);

    return order ? order : (p->seed > q->seed) - (p->seed < q->seed);
}

sld_status sld_arms_index(sld_ctx *ctx, sld_arena *arena, const sld_grid *grid, arm_index *out)
{
    void             *memory = NULL;
    const sld_point **points;

    *out = (arm_index){.grid = grid};
    SLD_TRY(sld_arena_alloc(ctx, arena, (grid->n + grid->n_same + 1) * sizeof *points, &memory));
    points = memory;
    for (size_t i = 0; i < grid->n + grid->n_same; i++) {
        const sld_point *p = i < grid->n ? &grid->points[i] : &grid->same[i - grid->n];
        if (!p->is_teacher) {
            points[out->n++] = p;
        }
    }
    qsort(points, out->n, sizeof *points, by_arm);
    out->points = points;
    return SLD_OK;
}

size_t sld_arms_find_exactly(const arm_index *x, const char *name, const sld_point *const **out)
{
    size_t low = 0, high = x->n, n = 0;

    while (low < high) { /* the first that is not less */
        const size_t middle = low + (high - low) / 2;
        if (strcmp(x->points[middle]->arm, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low + n < x->n && strcmp(x->points[low + n]->arm, name) == 0) {
        n++;
    }
    *out = x->points + low;
    return n;
}

size_t sld_arms_find(const arm_index *x, const char *name, const sld_point *const **out)
{
    const size_t n = sld_arms_find_exactly(x, name, out);

    for (size_t i = 0; n == 0 && i < x->n; i++) {
        if (is_called(x->points[i], name)) {
            return sld_arms_find_exactly(x, x->points[i]->arm, out);
        }
    }
    return n;
}

void sld_arms_choices(const sld_grid *grid, const char *name, char choices[SLD_CHOICES_BYTES])
{
    const char *arms[256];
    size_t      n = 0;

    for (size_t i = 0; i < grid->n + grid->n_same && n < sizeof arms / sizeof *arms; i++) {
        const sld_point *p = i < grid->n ? &grid->points[i] : &grid->same[i - grid->n];
        if (!p->is_teacher) {
            arms[n++] = p->arm;
        }
    }
    sld_text_choices(name, arms, n, choices);
}
