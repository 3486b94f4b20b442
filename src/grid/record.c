/* record.c: a sweep and its folder: what is recorded there, and what a changed spec would do to it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grid.h"

/* ---- what has changed ---- */

/* The first line of `from` that `other` has not. */
static void other_line(const char *from, const char *other, char *line, size_t n)
{
    for (; *from; from += strcspn(from, "\n"), from += *from == '\n') {
        const size_t length = strcspn(from, "\n");
        bool         found  = false;
        for (const char *o = other; *o && !found; o += strcspn(o, "\n"), o += *o == '\n') {
            found = strcspn(o, "\n") == length && strncmp(from, o, length) == 0;
        }
        if (!found) {
            snprintf(line, n, "%.*s", (int)(length < 120 ? length : 120), from);
            return;
        }
    }
    snprintf(line, n, "nothing");
}

/* In words: what the recorded point is there, and what has come in its place. */
static void describe(const sld_point *gone, const sld_grid *fresh, char *text, size_t n)
{
    char there[128], here[128];

    for (size_t i = 0; i < sld_grid_count(fresh); i++) {
        const sld_point *p = sld_grid_point(fresh, i);
        if (strcmp(p->arm, gone->arm) == 0 && p->seed == gone->seed &&
            p->is_teacher == gone->is_teacher) {
            other_line(gone->experiment, p->experiment, there, sizeof there);
            other_line(p->experiment, gone->experiment, here, sizeof here);
            snprintf(text, n, "%.100s seed %lld: %s there, %s here", gone->arm,
                     (long long)gone->seed, there, here);
            return;
        }
    }
    snprintf(text, n, "%.100s seed %lld is there, not here", gone->arm, (long long)gone->seed);
}

static void compare(const sld_grid *there, const sld_grid *here, sld_grid_change *out)
{
    for (size_t i = 0; i < sld_grid_count(there); i++) {
        if (sld_grid_find(here, sld_grid_point(there, i)->id) >= 0) {
            out->known++;
        } else if (out->gone++ == 0) {
            describe(sld_grid_point(there, i), here, out->example, sizeof out->example);
        }
    }
    out->added = sld_grid_count(here) - out->known;
}

/* ---- the folder ---- */

/* A run by itself lives in runs/NAME too. */
static sld_status check_foreign(sld_ctx *ctx, const char *dir)
{
    static const char *const names[] = {"results.h5", "config.yaml", "lock"};
    char                     path[PATH_MAX];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (access(path, F_OK) == 0) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s holds a run by itself (%s); choose another folder with --dir", dir,
                            names[i]);
        }
    }
    return SLD_OK;
}

static sld_status put(sld_ctx *ctx, const char *dir, const char *name, const void *bytes, size_t n)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: the path is too long", dir);
    }
    return sld_file_publish(ctx, path, bytes, n, true);
}

static sld_status write_all(sld_ctx *ctx, const sld_grid *grid, const void *text, size_t n)
{
    static const char *const folders[] = {"claims", "trials"};
    char                     path[PATH_MAX];
    char                    *points = NULL;
    size_t                   n_points;

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", grid->dir, folders[i]);
        SLD_TRY(sld_file_mkdirs(ctx, path));
    }
    SLD_TRY(sld_grid_points_text(ctx, grid, &points, &n_points));
    sld_status st = put(ctx, grid->dir, "sweep.yaml", text, n);
    if (st == SLD_OK) { /* last: a folder with its points is a sweep's */
        st = put(ctx, grid->dir, "points", points, n_points);
    }
    free(points);
    return st;
}

/* Whether the folder records this very sweep already, settings and all. */
static sld_status same_text(sld_ctx *ctx, const sld_grid *grid, const char *path, bool *same)
{
    char  *points = NULL;
    void  *there  = NULL;
    size_t n, n_there;

    SLD_TRY(sld_grid_points_text(ctx, grid, &points, &n));
    const sld_status st = sld_file_read(ctx, path, (size_t)1 << 30, &there, &n_there);
    *same               = st == SLD_OK && n == n_there && memcmp(points, there, n) == 0;
    free(points);
    free(there);
    return st;
}

sld_status sld_grid_record(sld_ctx *ctx, sld_grid *grid, const char *dir, const void *text,
                           size_t n, bool accept, bool dry, sld_grid_change *out)
{
    char      path[PATH_MAX];
    sld_grid *there = NULL;
    bool      same  = false;

    *out      = (sld_grid_change){.example = ""};
    grid->dir = sld_arena_strdup(grid->arena, dir);
    if (!grid->dir || snprintf(path, sizeof path, "%s/points", dir) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: the path is too long", dir);
    }
    if (access(path, F_OK) != 0) {
        out->added = grid->n;
        SLD_TRY(check_foreign(ctx, dir));
        return dry ? SLD_OK : write_all(ctx, grid, text, n);
    }
    SLD_TRY(sld_grid_open(ctx, dir, &there));
    compare(there, grid, out);
    sld_grid_close(there);
    if (out->gone > 0 && !accept && !dry) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s records another sweep: %zu of its points are not in this spec (%s); "
                        "--accept-changes takes this spec, their trials stay on disk",
                        dir, out->gone, out->example);
    }
    if (dry) {
        return SLD_OK;
    }
    SLD_TRY(same_text(ctx, grid, path, &same));
    return same ? SLD_OK : write_all(ctx, grid, text, n);
}
