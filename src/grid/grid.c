/* grid.c: the points of a sweep, and how one is found. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

void sld_grid_close(sld_grid *grid)
{
    if (grid) {
        free(grid->text);
        sld_arena_destroy(grid->arena); /* the sweep itself lives there */
    }
}

const char *sld_grid_name(const sld_grid *grid)
{
    return grid->name;
}

const char *sld_grid_dir(const sld_grid *grid)
{
    return grid->dir;
}

const char *sld_grid_baseline(const sld_grid *grid)
{
    return grid->baseline;
}

size_t sld_grid_count(const sld_grid *grid)
{
    return grid->n;
}

size_t sld_grid_dropped(const sld_grid *grid)
{
    return grid->n_dropped;
}

size_t sld_grid_count_same(const sld_grid *grid)
{
    return grid->n_same;
}

const sld_point *sld_grid_same(const sld_grid *grid, size_t i)
{
    return &grid->same[i];
}

const sld_point *sld_grid_point(const sld_grid *grid, size_t i)
{
    return &grid->points[i];
}

const sld_launch *sld_grid_launch(const sld_grid *grid)
{
    return &grid->launch;
}

int sld_grid_find(const sld_grid *grid, const char *id)
{
    size_t low = 0, high = grid->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int    order  = strcmp(grid->points[grid->by_id[middle]].id, id);
        if (order == 0) {
            return (int)grid->by_id[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

sld_status sld_grid_which(sld_ctx *ctx, const sld_grid *grid, const char *which, size_t *point)
{
    const size_t length = strlen(which);
    size_t       found  = 0;

    for (size_t i = 0; i < sld_grid_count(grid); i++) {
        if (length > 0 && strncmp(sld_grid_point(grid, i)->id, which, length) == 0) {
            *point = i;
            found++;
        }
    }
    if (found == 1) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: expected the ID of one point of %s, got %s", which,
                    sld_grid_dir(grid), found == 0 ? "no point" : "several points");
}

typedef struct entry { /* what is sorted */
    const char *id;
    size_t      at;
} entry;

static int by_id(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int    order = strcmp(x->id, y->id);

    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static bool is_arm_of(const sld_point *a, const sld_point *b)
{
    return a->is_teacher == b->is_teacher && strcmp(a->arm, b->arm) == 0;
}

/* The label of a dropped point stays, unless it is the trial's own or stands there already. first:
 * of the labels of this trial. */
static void keep_label(sld_grid *grid, size_t first, const sld_point *kept,
                       const sld_point *dropped)
{
    bool there = is_arm_of(kept, dropped);

    for (size_t i = first; i < grid->n_same && !there; i++) {
        there = is_arm_of(&grid->same[i], dropped);
    }
    if (!there) {
        sld_point *label  = &grid->same[grid->n_same++];
        *label            = *dropped;
        label->id         = kept->id;
        label->experiment = kept->experiment;
        label->teacher    = (int)(dropped - grid->points); /* its place, until they are sorted */
    }
}

static int by_place(const void *a, const void *b)
{
    return ((const sld_point *)a)->teacher - ((const sld_point *)b)->teacher;
}

/* Points of one trial. A student that is also a teacher stands in the report under its own name. */
static void merge(sld_grid *grid, const entry *entries, size_t n)
{
    sld_point   *kept  = &grid->points[entries[0].at];
    const size_t first = grid->n_same;

    for (size_t i = 1; i < n && kept->is_teacher; i++) {
        sld_point *p = &grid->points[entries[i].at];
        if (!p->is_teacher) {
            const sld_point was = *kept;
            *kept               = *p;
            kept->teacher       = was.teacher;
            *p                  = was;
        }
    }
    for (size_t i = 1; i < n; i++) {
        keep_label(grid, first, kept, &grid->points[entries[i].at]);
        grid->points[entries[i].at].id = NULL;
    }
}

/* Closes the gaps that dropped points (id NULL) leave. Teachers stand before all that name them, so
 * new indices are known when they are needed. */
static void compact(sld_grid *grid, size_t *moved, const size_t *same)
{
    size_t n = 0;

    for (size_t i = 0; i < grid->n; i++) {
        sld_point *p = &grid->points[i];
        if (!p->id) {
            continue;
        }
        moved[i] = n;
        if (p->teacher >= 0) {
            p->teacher = (int)moved[same[p->teacher]];
        }
        grid->points[n++] = *p;
    }
    grid->n_dropped += grid->n - n;
    grid->n = n;
}

/* For the labels of points that will be dropped. */
static sld_status make_room(sld_ctx *ctx, sld_grid *grid, const entry *entries)
{
    size_t n      = 0;
    void  *memory = NULL;

    for (size_t i = 1; i < grid->n; i++) {
        n += strcmp(entries[i].id, entries[i - 1].id) == 0;
    }
    if (n > 0) {
        SLD_TRY(
            sld_arena_alloc(ctx, grid->arena, (grid->n_same + n) * sizeof *grid->same, &memory));
        if (grid->n_same > 0) {
            memcpy(memory, grid->same, grid->n_same * sizeof *grid->same);
        }
        grid->same = memory;
    }
    return SLD_OK;
}

sld_status sld_grid_index(sld_ctx *ctx, sld_grid *grid)
{
    const size_t n = grid->n, n_same = grid->n_same;
    void        *memory  = NULL;
    entry       *entries = malloc((n + 1) * sizeof *entries);
    size_t      *moved = malloc((n + 1) * sizeof *moved), *same = malloc((n + 1) * sizeof *same);
    sld_status   st = SLD_OK;

    if (!entries || !moved || !same) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu points", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i] = (entry){grid->points[i].id, i};
        same[i]    = i;
    }
    qsort(entries, n, sizeof *entries, by_id);
    st = make_room(ctx, grid, entries);
    for (size_t i = 1, first = 0; i <= n && n > 0 && st == SLD_OK; i++) {
        if (i < n && strcmp(entries[i].id, entries[first].id) == 0) {
            same[entries[i].at] = entries[first].at;
        } else {
            merge(grid, entries + first, i - first);
            first = i;
        }
    }
    if (st != SLD_OK) {
        goto done;
    }
    if (grid->n_same > n_same) {
        qsort(grid->same + n_same, grid->n_same - n_same, sizeof *grid->same, by_place);
    }
    for (size_t i = n_same; i < grid->n_same; i++) {
        grid->same[i].teacher = -1;
    }
    compact(grid, moved, same);
    st          = sld_arena_alloc(ctx, grid->arena, (grid->n + 1) * sizeof *grid->by_id, &memory);
    grid->by_id = memory;
    for (size_t i = 0, k = 0; i < n && st == SLD_OK; i++) {
        if (same[entries[i].at] == entries[i].at) {
            grid->by_id[k++] = moved[entries[i].at];
        }
    }
done:
    free(entries);
    free(moved);
    free(same);
    return st;
}
