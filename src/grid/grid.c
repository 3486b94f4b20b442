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
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: %s has %s of that ID", which, sld_grid_dir(grid),
                    found == 0 ? "no point" : "several points");
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

/* A student that is also a teacher stands in the report under its own name. */
static void merge(sld_point *kept, const sld_point *dropped)
{
    if (kept->is_teacher && !dropped->is_teacher) {
        const int teacher = kept->teacher;
        *kept             = *dropped;
        kept->teacher     = teacher;
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

sld_status sld_grid_index(sld_ctx *ctx, sld_grid *grid)
{
    const size_t n       = grid->n;
    void        *memory  = NULL;
    entry       *entries = malloc((n + 1) * sizeof *entries);
    size_t      *moved = malloc((n + 1) * sizeof *moved), *same = malloc((n + 1) * sizeof *same);
    sld_status   st = SLD_OK;

    if (!entries || !moved || !same) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for %zu points", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i] = (entry){grid->points[i].id, i};
        same[i]    = i;
    }
    qsort(entries, n, sizeof *entries, by_id);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(entries[i].id, entries[first].id) != 0) {
            first = i;
            continue;
        }
        same[entries[i].at] = entries[first].at;
        merge(&grid->points[entries[first].at], &grid->points[entries[i].at]);
        grid->points[entries[i].at].id = NULL;
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
