/* record.c: a sweep and its folder: what is recorded there, what a changed spec would do to it, and
 * what a user takes back or leaves out. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "watch.h"

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
static void describe(const sld_point *gone, const sld_sweep *fresh, char *text, size_t n)
{
    char there[128], here[128];

    for (size_t i = 0; i < sld_sweep_count(fresh); i++) {
        const sld_point *p = sld_sweep_point(fresh, i);
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

static void compare(const sld_sweep *there, const sld_sweep *here, sld_sweep_change *out)
{
    for (size_t i = 0; i < sld_sweep_count(there); i++) {
        if (sld_sweep_find(here, sld_sweep_point(there, i)->id) >= 0) {
            out->known++;
        } else if (out->gone++ == 0) {
            describe(sld_sweep_point(there, i), here, out->example, sizeof out->example);
        }
    }
    out->added = sld_sweep_count(here) - out->known;
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

static sld_status write_all(sld_ctx *ctx, const sld_sweep *sweep, const void *text, size_t n)
{
    static const char *const folders[] = {"claims", "trials"};
    char                     path[PATH_MAX];
    char                    *points = NULL;
    size_t                   n_points;

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", sweep->dir, folders[i]);
        SLD_TRY(sld_file_mkdirs(ctx, path));
    }
    SLD_TRY(sld_points_text(ctx, sweep, &points, &n_points));
    sld_status st = put(ctx, sweep->dir, "sweep.yaml", text, n);
    if (st == SLD_OK) { /* last: a folder with its points is a sweep's */
        st = put(ctx, sweep->dir, "points", points, n_points);
    }
    free(points);
    return st;
}

/* Whether the folder records this very sweep already, settings and all. */
static sld_status same_text(sld_ctx *ctx, const sld_sweep *sweep, const char *path, bool *same)
{
    char  *points = NULL;
    void  *there  = NULL;
    size_t n, n_there;

    SLD_TRY(sld_points_text(ctx, sweep, &points, &n));
    const sld_status st = sld_file_read(ctx, path, (size_t)1 << 30, &there, &n_there);
    *same               = st == SLD_OK && n == n_there && memcmp(points, there, n) == 0;
    free(points);
    free(there);
    return st;
}

sld_status sld_sweep_record(sld_ctx *ctx, sld_sweep *sweep, const char *dir, const void *text,
                            size_t n, bool accept, bool dry, sld_sweep_change *out)
{
    char       path[PATH_MAX];
    sld_sweep *there = NULL;
    bool       same  = false;

    *out       = (sld_sweep_change){.example = ""};
    sweep->dir = sld_arena_strdup(sweep->arena, dir);
    if (!sweep->dir || snprintf(path, sizeof path, "%s/points", dir) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: the path is too long", dir);
    }
    if (access(path, F_OK) != 0) {
        out->added = sweep->n;
        SLD_TRY(check_foreign(ctx, dir));
        return dry ? SLD_OK : write_all(ctx, sweep, text, n);
    }
    SLD_TRY(sld_sweep_open(ctx, dir, &there));
    compare(there, sweep, out);
    sld_sweep_close(there);
    if (out->gone > 0 && !accept && !dry) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s records another sweep: %zu of its points are not in this spec (%s); "
                        "--accept-changes takes this spec, their trials stay on disk",
                        dir, out->gone, out->example);
    }
    if (dry) {
        return SLD_OK;
    }
    SLD_TRY(same_text(ctx, sweep, path, &same));
    return same ? SLD_OK : write_all(ctx, sweep, text, n);
}

/* ---- taking back and leaving out ---- */

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

static sld_status retry_point(ledger *l, size_t i, size_t *n)
{
    const sld_point_state mark = l->entries[i].mark;
    char                  path[PATH_MAX];

    if (mark != SLD_POINT_FAILED && mark != SLD_POINT_SKIPPED) {
        return SLD_OK;
    }
    for (long long k = 1; k <= (long long)l->entries[i].claim; k++) { /* its retries anew */
        snprintf(path, sizeof path, "%.4000s/%s.%lld.error", l->dir,
                 sld_sweep_point(l->sweep, i)->id, k);
        unlink(path);
    }
    ++*n;
    return sld_ledger_unmark(l, i);
}

static sld_status retry(ledger *l, const char *which, size_t *n)
{
    const bool all   = strcmp(which, "failed") == 0;
    size_t     point = 0;

    SLD_TRY(sld_ledger_scan(l));
    if (!all) {
        SLD_TRY(sld_sweep_which(l->ctx, l->sweep, which, &point));
        if (l->entries[point].mark != SLD_POINT_FAILED &&
            l->entries[point].mark != SLD_POINT_SKIPPED) {
            return SLD_FAIL(l->ctx, SLD_ERR_CONFIG,
                            "%s: neither failed nor skipped, so there is "
                            "nothing to try again",
                            which);
        }
    }
    for (size_t i = 0; i < sld_sweep_count(l->sweep); i++) {
        const int  teacher = sld_sweep_point(l->sweep, i)->teacher;
        const bool failed  = l->entries[i].mark == SLD_POINT_FAILED;
        /* a teacher's students failed with it */
        if ((all && failed) || (!all && (i == point || (failed && teacher == (int)point)))) {
            SLD_TRY(retry_point(l, i, n));
        }
    }
    return SLD_OK;
}

sld_status sld_sweep_retry(sld_ctx *ctx, const sld_sweep *sweep, const char *which, size_t *n)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, sweep, &l);

    *n = 0;
    if (st == SLD_OK) {
        st = retry(&l, which, n);
    }
    sld_ledger_close(&l);
    return st;
}

static sld_status skip(ledger *l, const char *which)
{
    size_t point;

    SLD_TRY(sld_ledger_scan(l));
    SLD_TRY(sld_sweep_which(l->ctx, l->sweep, which, &point));
    const sld_point_state mark = l->entries[point].mark;
    if (mark == SLD_POINT_DONE || mark == SLD_POINT_DIVERGED) {
        return SLD_FAIL(l->ctx, SLD_ERR_CONFIG, "%s has a result already", which);
    }
    if (mark == SLD_POINT_FAILED) {
        SLD_TRY(sld_ledger_unmark(l, point));
    }
    return sld_ledger_mark(l, point, SLD_POINT_SKIPPED, "skipped by hand\n");
}

sld_status sld_sweep_skip(sld_ctx *ctx, const sld_sweep *sweep, const char *which)
{
    ledger     l;
    sld_status st = sld_ledger_open(ctx, sweep, &l);

    if (st == SLD_OK) {
        st = skip(&l, which);
    }
    sld_ledger_close(&l);
    return st;
}

/* ---- logs ---- */

void sld_sweep_log_path(const sld_sweep *sweep, size_t point, char *path, size_t n)
{
    char candidate[PATH_MAX], name[40];
    int  misses = 0;

    path[0] = '\0';
    for (long long k = 1; misses < 3; k++) { /* an attempt that never began has none */
        snprintf(name, sizeof name, "log-a%lld.txt", k);
        sld_watch_path(sweep, point, name, candidate);
        if (access(candidate, F_OK) == 0) {
            snprintf(path, n, "%s", candidate);
            misses = 0;
        } else {
            misses++;
        }
    }
}
