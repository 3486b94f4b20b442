/* grid.c: the points of a sweep, and how one is found. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

void sld_sweep_close(sld_sweep *sweep)
{
    if (sweep) {
        free(sweep->text);
        sld_arena_destroy(sweep->arena); /* the sweep itself lives there */
    }
}

const char *sld_sweep_name(const sld_sweep *sweep)
{
    return sweep->name;
}

const char *sld_sweep_dir(const sld_sweep *sweep)
{
    return sweep->dir;
}

const char *sld_sweep_baseline(const sld_sweep *sweep)
{
    return sweep->baseline;
}

size_t sld_sweep_count(const sld_sweep *sweep)
{
    return sweep->n;
}

size_t sld_sweep_dropped(const sld_sweep *sweep)
{
    return sweep->n_dropped;
}

const sld_point *sld_sweep_point(const sld_sweep *sweep, size_t i)
{
    return &sweep->points[i];
}

const sld_launch *sld_sweep_launch(const sld_sweep *sweep)
{
    return &sweep->launch;
}

int sld_sweep_find(const sld_sweep *sweep, const char *id)
{
    size_t low = 0, high = sweep->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int    order  = strcmp(sweep->points[sweep->by_id[middle]].id, id);
        if (order == 0) {
            return (int)sweep->by_id[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

sld_status sld_sweep_which(sld_ctx *ctx, const sld_sweep *sweep, const char *which, size_t *point)
{
    const size_t length = strlen(which);
    size_t       found  = 0;

    for (size_t i = 0; i < sld_sweep_count(sweep); i++) {
        if (length > 0 && strncmp(sld_sweep_point(sweep, i)->id, which, length) == 0) {
            *point = i;
            found++;
        }
    }
    if (found == 1) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: %s has %s of that ID", which, sld_sweep_dir(sweep),
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
static void compact(sld_sweep *sweep, size_t *moved, const size_t *same)
{
    size_t n = 0;

    for (size_t i = 0; i < sweep->n; i++) {
        sld_point *p = &sweep->points[i];
        if (!p->id) {
            continue;
        }
        moved[i] = n;
        if (p->teacher >= 0) {
            p->teacher = (int)moved[same[p->teacher]];
        }
        sweep->points[n++] = *p;
    }
    sweep->n_dropped += sweep->n - n;
    sweep->n = n;
}

sld_status sld_grid_index(sld_ctx *ctx, sld_sweep *sweep)
{
    const size_t n       = sweep->n;
    void        *memory  = NULL;
    entry       *entries = malloc((n + 1) * sizeof *entries);
    size_t      *moved = malloc((n + 1) * sizeof *moved), *same = malloc((n + 1) * sizeof *same);
    sld_status   st = SLD_OK;

    if (!entries || !moved || !same) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for %zu points", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i] = (entry){sweep->points[i].id, i};
        same[i]    = i;
    }
    qsort(entries, n, sizeof *entries, by_id);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(entries[i].id, entries[first].id) != 0) {
            first = i;
            continue;
        }
        same[entries[i].at] = entries[first].at;
        merge(&sweep->points[entries[first].at], &sweep->points[entries[i].at]);
        sweep->points[entries[i].at].id = NULL;
    }
    compact(sweep, moved, same);
    st = sld_arena_alloc(ctx, sweep->arena, (sweep->n + 1) * sizeof *sweep->by_id, &memory);
    sweep->by_id = memory;
    for (size_t i = 0, k = 0; i < n && st == SLD_OK; i++) {
        if (same[entries[i].at] == entries[i].at) {
            sweep->by_id[k++] = moved[entries[i].at];
        }
    }
done:
    free(entries);
    free(moved);
    free(same);
    return st;
}
