/* record.c: a sweep and its folder: what is recorded there, and what a changed spec would do to it. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grid.h"
#include "record.h"
#include "sld/grid_folder.h"
#include "sld/rundir.h"

/* ---- what has changed ---- */

/* A line "KEY: VALUE" of an experiment's text. */
typedef struct setting {
    const char *key, *value;
    int         n_key, n_value;
} setting;

/* The line at *text, and *text at the next; false at the end. */
static bool next_setting(const char **text, setting *out)
{
    const size_t length = strcspn(*text, "\n"), n_key = strcspn(*text, ":\n");

    if (**text == '\0') {
        return false;
    }
    *out = (setting){.key = *text, .n_key = (int)n_key};
    if (n_key < length) { /* ": " */
        const size_t behind = n_key + 1 + ((*text)[n_key + 1] == ' ');
        out->value          = *text + behind;
        out->n_value        = (int)(length - behind);
    } else {
        out->value = "";
    }
    *text += length + ((*text)[length] == '\n');
    return true;
}

static bool find_setting(const char *text, const setting *like, setting *out)
{
    while (next_setting(&text, out)) {
        if (out->n_key == like->n_key && strncmp(out->key, like->key, (size_t)like->n_key) == 0) {
            return true;
        }
    }
    return false;
}

enum { SHOWN_BYTES = 60 }; /* of a value */

static int shown(const setting *s)
{
    return s->n_value < SHOWN_BYTES ? s->n_value : SHOWN_BYTES;
}

/* A list of differences that takes what finds room in text, and counts the others. */
typedef struct difference_list {
    char  *text;
    size_t at, n, left_out;
} difference_list;

static void put_difference(difference_list *d, const setting *there, const setting *here)
{
    const setting *s          = there ? there : here;
    char           line[256]  = "";
    const char    *separation = d->at > 0 ? ", " : "";

    if (there && here) {
        snprintf(line, sizeof line, "%s%.*s: %.*s there, %.*s here", separation, s->n_key, s->key,
                 shown(there), there->value, shown(here), here->value);
    } else {
        snprintf(line, sizeof line, "%s%.*s: %.*s %s", separation, s->n_key, s->key, shown(s),
                 s->value, there ? "there, not set here" : "here, not set there");
    }
    if (d->at + strlen(line) + sizeof " and 1234 more" > d->n) {
        d->left_out++;
        return;
    }
    memcpy(d->text + d->at, line, strlen(line) + 1);
    d->at += strlen(line);
}

/* Every option that one experiment sets otherwise than the other. */
static void list_differences(const char *there, const char *here, char *text, size_t n)
{
    difference_list d = {.text = text, .n = n};
    setting         a, b;

    text[0] = '\0';
    for (const char *t = there; next_setting(&t, &a);) {
        const bool found = find_setting(here, &a, &b);
        if (!found || a.n_value != b.n_value || strncmp(a.value, b.value, (size_t)a.n_value) != 0) {
            put_difference(&d, &a, found ? &b : NULL);
        }
    }
    for (const char *h = here; next_setting(&h, &b);) {
        if (!find_setting(there, &b, &a)) {
            put_difference(&d, NULL, &b);
        }
    }
    if (d.at == 0 && d.left_out == 0) {
        snprintf(text, n,
                 "the same options, but files that they name (data, weights) hold "
                 "something else");
    } else if (d.left_out > 0) {
        snprintf(text + d.at, n - d.at, " and %zu more", d.left_out);
    }
}

/* In words: what the recorded point is there, and what has come in its place. */
static void describe(const sld_point *gone, const sld_grid *fresh, char *text, size_t n)
{
    for (size_t i = 0; i < sld_grid_count(fresh); i++) {
        const sld_point *p = sld_grid_point(fresh, i);
        if (strcmp(p->arm, gone->arm) == 0 && p->seed == gone->seed &&
            p->is_teacher == gone->is_teacher) {
            const int head =
                snprintf(text, n, "%.60s seed %lld: ", gone->arm, (long long)gone->seed);
            list_differences(gone->experiment, p->experiment, text + head, n - (size_t)head);
            return;
        }
    }
    snprintf(text, n, "%.100s seed %lld is there, not here", gone->arm, (long long)gone->seed);
}

/* Adds the keys of lines in a that b has otherwise or not, as far as only training reads them. */
static void add_asked(const char *a, const char *b, bool missing_alone, char *keys, size_t n)
{
    setting s, other;

    while (next_setting(&a, &s)) {
        const bool   found = find_setting(b, &s, &other);
        const size_t used  = strlen(keys);
        char         key[64];

        snprintf(key, sizeof key, "%.*s", s.n_key, s.key);
        if ((found && (missing_alone || (s.n_value == other.n_value &&
                                         strncmp(s.value, other.value, (size_t)s.n_value) == 0))) ||
            !sld_config_asks_for_training(key) || used + sizeof key + 2 > n) {
            continue;
        }
        snprintf(keys + used, n - used, "%s%s", used > 0 ? ", " : "", key);
    }
}

/* What a point asks of its training otherwise than the folder records. */
static sld_status note_asked(sld_ctx *ctx, const sld_point *there, sld_grid *grid, sld_point *here)
{
    char keys[400] = "";

    if (strcmp(there->experiment, here->experiment) == 0) {
        return SLD_OK;
    }
    add_asked(here->experiment, there->experiment, false, keys, sizeof keys);
    add_asked(there->experiment, here->experiment, true, keys, sizeof keys);
    here->asked = *keys ? sld_arena_strdup(grid->arena, keys) : NULL;
    return here->asked || !*keys
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the points of %s", grid->dir);
}

static sld_status compare(sld_ctx *ctx, const sld_grid *there, sld_grid *here, sld_grid_change *out)
{
    for (size_t i = 0; i < sld_grid_count(there); i++) {
        const int same = sld_grid_find(here, sld_grid_point(there, i)->id);
        if (same >= 0) {
            SLD_TRY(note_asked(ctx, sld_grid_point(there, i), here, &here->points[same]));
            out->known++;
        } else if (out->gone++ == 0) {
            describe(sld_grid_point(there, i), here, out->example, sizeof out->example);
        }
    }
    out->added = sld_grid_count(here) - out->known;
    return SLD_OK;
}

/* ---- the folder ---- */

/* A run by itself lives in runs/NAME too. */
static sld_status check_foreign(sld_ctx *ctx, const char *dir)
{
    static const sld_run_file of_run[] = {SLD_RUN_RESULTS, SLD_RUN_CONFIG, SLD_RUN_LOCK};
    char                      path[PATH_MAX], name[NAME_MAX + 1], shown[NAME_MAX + 1];

    for (size_t i = 0; i < sizeof of_run / sizeof *of_run; i++) {
        if (sld_run_has(dir, of_run[i])) {
            sld_run_path(dir, of_run[i], 0, path);
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: expected a sweep's folder or none, got that of a single run (it "
                            "holds %s); choose another with --dir",
                            dir, path + strlen(dir) + 1);
        }
    }
    if (sld_run_foreign(dir, name)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%.200s: expected a new folder or a sweep's, got one that holds %.100s; choose "
            "another with --dir",
            dir, sld_text_printable(name, shown, sizeof shown));
    }
    return SLD_OK;
}

static sld_status put(sld_ctx *ctx, const char *dir, const char *name, const void *bytes, size_t n)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%.200s...: expected a shorter path; choose another folder", dir);
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

/* Points of the folder that are done or diverged: those that the given sweep has, and those that it
 * leaves out. */
static sld_status count_ended(sld_ctx *ctx, const sld_grid *there, const sld_grid *here,
                              sld_grid_change *out)
{
    sld_point_status *status = calloc(sld_grid_count(there) + 1, sizeof *status);

    if (!status) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu points", sld_grid_count(there));
    }
    const sld_status st = sld_grid_status(ctx, there, status);
    for (size_t i = 0; st == SLD_OK && i < sld_grid_count(there); i++) {
        const bool over =
            status[i].state == SLD_POINT_DONE || status[i].state == SLD_POINT_DIVERGED;
        const bool both = sld_grid_find(here, sld_grid_point(there, i)->id) >= 0;
        out->ended += over && both;
        out->left += over && !both;
    }
    free(status);
    return st;
}

static sld_status refuse_gone(sld_ctx *ctx, const char *dir, const sld_grid_change *c)
{
    char ended[64] = "";

    if (c->left > 0) {
        snprintf(ended, sizeof ended, ", %zu of them with results", c->left);
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%.100s records another sweep: %zu of its points %s not in this spec%s (%s); "
                    "--accept-changes takes this spec, their trials stay on disk",
                    dir, c->gone, c->gone == 1 ? "is" : "are", ended, c->example);
}

/* Writes what is other. late: of the claims. */
static sld_status take_place(sld_ctx *ctx, const sld_grid *grid, const void *text, size_t n,
                             const sld_grid_change *change, const late_claims *late)
{
    char path[PATH_MAX];
    bool same = false;

    SLD_TRY(sld_record_late(ctx, grid->dir, late, change, grid->n));
    sld_sweep_path(grid->dir, "points", path);
    SLD_TRY(same_text(ctx, grid, path, &same));
    if (!same) {
        return write_all(ctx, grid, text, n);
    }
    return change->text ? put(ctx, grid->dir, "sweep.yaml", text, n) : SLD_OK;
}

/* Compares all that the folder records with what is given. */
static sld_status compare_all(sld_ctx *ctx, sld_arena *arena, const sld_grid *there, sld_grid *grid,
                              const void *text, size_t n, sld_grid_change *out, late_claims *late)
{
    SLD_TRY(compare(ctx, there, grid, out));
    SLD_TRY(sld_record_labels(ctx, arena, there, grid, out));
    SLD_TRY(sld_record_spec(ctx, arena, there, grid, text, n, out, late));
    if (out->gone > 0 || late->n > 0) {
        SLD_TRY(count_ended(ctx, there, grid, out));
    }
    for (size_t i = 0; i < late->n; i++) {
        out->fewer |= late->entries[i].fewer && out->left > 0;
    }
    return SLD_OK;
}

sld_status sld_grid_record(sld_ctx *ctx, sld_grid *grid, const char *dir, const void *text,
                           size_t n, bool accept, bool dry, sld_grid_change *out)
{
    char        path[PATH_MAX];
    sld_grid   *there = NULL;
    sld_arena  *arena = NULL;
    late_claims late  = {0};

    *out      = (sld_grid_change){.accepted = accept};
    grid->dir = sld_arena_strdup(grid->arena, dir);
    if (!grid->dir) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%.200s: out of memory: its path", dir);
    }
    SLD_TRY(sld_record_sum(ctx, grid, text, n));
    if (snprintf(path, sizeof path, "%s/points", dir) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%.200s...: expected a shorter path; choose another folder", dir);
    }
    if (access(path, F_OK) != 0) {
        out->added = grid->n;
        SLD_TRY(check_foreign(ctx, dir));
        return dry ? SLD_OK : write_all(ctx, grid, text, n);
    }
    SLD_TRY(sld_grid_open(ctx, dir, &there));
    sld_status st = sld_arena_create(ctx, &arena);
    st            = st == SLD_OK ? compare_all(ctx, arena, there, grid, text, n, out, &late) : st;
    if (st == SLD_OK && out->gone > 0 && !accept && !dry) {
        st = refuse_gone(ctx, dir, out);
    }
    st = st == SLD_OK && !dry ? take_place(ctx, grid, text, n, out, &late) : st;
    sld_arena_destroy(arena);
    sld_grid_close(there);
    return st;
}
