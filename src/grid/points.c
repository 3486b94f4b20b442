/* points.c: the list of points as it stands in a sweep's folder, DIR/points: what was expanded once
 * need not be again, and a later version of the program finds the same ids.
 *
 * One line per fact, its words apart by tabs:
 *   sld-sweep VERSION (of the IDs) | name NAME | baseline ARM | axis NAME ... | launch KEY VALUE
 *   point ID trial|teacher TEACHER-ID|- SEED ARM VALUE ...
 *    its experiment, each line after a space
 *   needs MAX-RANKS TEACHER-FILE|- shared|own   of the point above; earlier builds wrote none
 *   same ID trial|teacher SEED ARM VALUE ...    another label of that trial
 *   end COUNT (of points)
 *   spec SHA256   of sweep.yaml as it was given; behind the end, where earlier builds do not look */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "sld/base_read.h"

#define MAX_BYTES ((size_t)1 << 30)

/* ---- writing ---- */

static void write_values(FILE *out, const sld_point *p)
{
    fprintf(out, "%lld\t%s", (long long)p->seed, p->arm);
    for (size_t a = 0; a < p->n_axes; a++) {
        fprintf(out, "\t%s", p->value[a]);
    }
    fputc('\n', out);
}

static void write_same(FILE *out, const sld_point *p)
{
    fprintf(out, "same\t%s\t%s\t", p->id, p->is_teacher ? "teacher" : "trial");
    write_values(out, p);
}

static void write_point(FILE *out, const sld_grid *grid, const sld_point *p)
{
    fprintf(out, "point\t%s\t%s\t%s\t", p->id, p->is_teacher ? "teacher" : "trial",
            p->teacher >= 0 ? grid->points[p->teacher].id : "-");
    write_values(out, p);
    for (const char *line = p->experiment; *line;) {
        const size_t n = strcspn(line, "\n");
        fprintf(out, " %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
    if (p->max_ranks > 0) {
        fprintf(out, "needs\t%d\t%s\t%s\n", p->max_ranks, p->teacher_file ? p->teacher_file : "-",
                p->shares_logits ? "shared" : "own");
    }
}

sld_status sld_grid_points_text(sld_ctx *ctx, const sld_grid *grid, char **out, size_t *n)
{
    FILE *file = open_memstream(out, n);

    if (!file) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the list of points");
    }
    fprintf(file, "sld-sweep %d\nname\t%s\nbaseline\t%s\naxis", grid->id_version, grid->name,
            grid->baseline);
    for (size_t a = 0; a < grid->n_axes; a++) {
        fprintf(file, "\t%s", grid->axis[a]);
    }
    fputc('\n', file);
    sld_launch_write(file, &grid->launch);
    for (size_t i = 0; i < grid->n; i++) {
        write_point(file, grid, &grid->points[i]);
    }
    for (size_t i = 0; i < grid->n_same; i++) {
        write_same(file, &grid->same[i]);
    }
    fprintf(file, "end\t%zu\n", grid->n);
    if (grid->spec) {
        fprintf(file, "spec\t%s\n", grid->spec);
    }
    const bool bad = ferror(file) != 0;
    if (fclose(file) != 0 || bad) {
        free(*out);
        *out = NULL;
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the list of points");
    }
    return SLD_OK;
}

/* ---- reading, in place ---- */

enum { WORDS_MAX = 64 };

typedef struct parser {
    sld_ctx    *ctx;
    sld_grid   *grid;
    const char *path;
    char       *at;
    size_t      line; /* from 1 */
    char       *word[WORDS_MAX];
    size_t      n_words;
} parser;

/* IDs follow from the spec alone, so the list can be made again. */
#define CURE                                                                                       \
    "move this file away, and give the spec again: sld sweep SPEC --dir DIR; trials keep their "   \
    "IDs "                                                                                         \
    "and their results"

static sld_status damaged(const parser *p, const char *wanted)
{
    return SLD_FAIL(p->ctx, SLD_ERR_DATA, "%s:%zu: damaged: expected %s; " CURE, p->path, p->line,
                    wanted);
}

/* The next line as words; false at the end. */
static bool next_line(parser *p)
{
    char *line = p->at, *end = strchr(p->at, '\n');

    if (!end) {
        return false;
    }
    *end  = '\0';
    p->at = end + 1;
    p->line++;
    p->n_words = 0;
    for (char *word = line; p->n_words < WORDS_MAX; word++) {
        p->word[p->n_words++] = word;
        word                  = strchr(word, '\t');
        if (!word) {
            break;
        }
        *word = '\0';
    }
    return true;
}

static sld_status read_axes(parser *p)
{
    void        *memory = NULL;
    const char **axis;

    SLD_TRY(sld_arena_alloc(p->ctx, p->grid->arena, p->n_words * sizeof *axis, &memory));
    axis = memory;
    for (size_t a = 1; a < p->n_words; a++) {
        axis[a - 1] = p->word[a];
    }
    p->grid->axis   = axis;
    p->grid->n_axes = p->n_words - 1;
    return SLD_OK;
}

/* The lines after a space become one text, in place. */
static char *read_experiment(parser *p)
{
    char *to = p->at, *text = to;

    while (*p->at == ' ') {
        char *end = strchr(p->at, '\n');
        if (!end) {
            break;
        }
        const size_t n = (size_t)(end - p->at); /* without the space, with the newline */
        memmove(to, p->at + 1, n);
        to += n;
        p->at = end + 1;
        p->line++;
    }
    if (to == p->at) {
        return NULL; /* no room for the 0: no experiment */
    }
    *to = '\0';
    return text;
}

/* Whether the word begins with an ID. One that somebody else wrote becomes a path: it may not lead out of
 * trials. */
static bool begins_with_id(const char *word)
{
    return strcspn(word, "/.") >= SLD_ID_LENGTH;
}

/* trials/ID/NAME */
static bool is_teacher_file(const char *word)
{
    const char *id = strncmp(word, "trials/", 7) == 0 ? word + 7 : "";

    return begins_with_id(id) && id[SLD_ID_LENGTH] == '/' && id[SLD_ID_LENGTH + 1] != '\0' &&
           id[SLD_ID_LENGTH + 1] != '.' && !strchr(id + SLD_ID_LENGTH + 1, '/');
}

/* ID and kind, and from word `at` on seed, arm and values. */
static sld_status read_labels(parser *p, size_t at, sld_point *out)
{
    const size_t n_axes = p->n_words - at - 2;
    void        *memory = NULL;
    const char **value;

    if (p->n_words < at + 2 || strlen(p->word[1]) != SLD_ID_LENGTH || !begins_with_id(p->word[1]) ||
        (n_axes != 0 && n_axes != p->grid->n_axes)) {
        return damaged(p, "a point with its id and labels");
    }
    SLD_TRY(sld_arena_alloc(p->ctx, p->grid->arena, (n_axes + 1) * sizeof *value, &memory));
    value = memory;
    memcpy(value, p->word + at + 2, n_axes * sizeof *value);
    *out = (sld_point){.id         = p->word[1],
                       .is_teacher = strcmp(p->word[2], "teacher") == 0,
                       .seed       = atoll(p->word[at]),
                       .arm        = p->word[at + 1],
                       .teacher    = -1,
                       .n_axes     = n_axes,
                       .axis       = n_axes ? p->grid->axis : NULL,
                       .value      = value};
    return SLD_OK;
}

static sld_status read_point(parser *p, sld_point *out, const char **teacher)
{
    SLD_TRY(read_labels(p, 4, out));
    *teacher        = strcmp(p->word[3], "-") == 0 ? NULL : p->word[3];
    out->experiment = read_experiment(p);
    return out->experiment ? SLD_OK : damaged(p, "the point's experiment");
}

/* Each label's trial is there. */
static sld_status settle_same(const parser *p)
{
    sld_grid *grid = p->grid;

    for (size_t i = 0; i < grid->n_same; i++) {
        const int point = sld_grid_find(grid, grid->same[i].id);
        if (point < 0) {
            return damaged(p, "the point of a line \"same\"");
        }
        grid->same[i].experiment = grid->points[point].experiment;
    }
    return SLD_OK;
}

/* Of the point above. */
static sld_status read_needs(parser *p, sld_point *out)
{
    const long long ranks = strtoll(p->word[1], NULL, 10);

    if (ranks < 1 || ranks > INT_MAX) {
        return damaged(p, "a number of ranks from 1");
    }
    if (strcmp(p->word[2], "-") != 0 && !is_teacher_file(p->word[2])) {
        return damaged(p, "a teacher's weights in trials/ID/");
    }
    out->max_ranks     = (int)ranks;
    out->teacher_file  = strcmp(p->word[2], "-") == 0 ? NULL : p->word[2];
    out->shares_logits = strcmp(p->word[3], "shared") == 0;
    return SLD_OK;
}

/* Teachers stand before their students. */
static sld_status find_teacher(parser *p, const char *id, sld_point *point)
{
    for (size_t i = 0; i < p->grid->n; i++) {
        if (strcmp(p->grid->points[i].id, id) == 0) {
            point->teacher = (int)i;
            return SLD_OK;
        }
    }
    return damaged(p, "a teacher that stands further up");
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *c = text; (c = strstr(c, word)); c++) {
        n++;
    }
    return n;
}

static sld_status read_line(parser *p, bool *end)
{
    sld_grid   *s    = p->grid;
    const char *word = p->word[0], *teacher = NULL;

    if (strcmp(word, "point") == 0) {
        SLD_TRY(read_point(p, &s->points[s->n], &teacher));
        if (teacher) {
            SLD_TRY(find_teacher(p, teacher, &s->points[s->n]));
        }
        s->n++;
    } else if (strcmp(word, "same") == 0) {
        SLD_TRY(read_labels(p, 3, &s->same[s->n_same]));
        s->n_same++;
    } else if (strcmp(word, "needs") == 0 && p->n_words == 4 && s->n > 0) {
        return read_needs(p, &s->points[s->n - 1]);
    } else if (strcmp(word, "name") == 0 && p->n_words == 2) {
        s->name = p->word[1];
    } else if (strcmp(word, "baseline") == 0 && p->n_words == 2) {
        s->baseline = p->word[1];
    } else if (strcmp(word, "axis") == 0) {
        return read_axes(p);
    } else if (strcmp(word, "launch") == 0 && p->n_words == 3) {
        return sld_launch_recorded(p->ctx, s->arena, p->path, p->word[1], p->word[2], &s->launch);
    } else if (strcmp(word, "end") == 0 && p->n_words == 2 &&
               strtoull(p->word[1], NULL, 10) == s->n) {
        *end = true;
    } else {
        return damaged(p, "name, baseline, axis, launch, point, needs, same or end");
    }
    return SLD_OK;
}

static int version_of(const char *line)
{
    return strcmp(line, "sld-sweep 1") == 0 ? 1 : strcmp(line, "sld-sweep 2") == 0 ? 2 : 0;
}

int sld_grid_id_version(const char *dir)
{
    char  path[PATH_MAX], line[32] = "";
    FILE *file;

    snprintf(path, sizeof path, "%s/points", dir);
    file = sld_file_stream(path);
    if (file) {
        if (!fgets(line, sizeof line, file)) {
            line[0] = '\0';
        }
        fclose(file);
    }
    line[strcspn(line, "\n")] = '\0';
    return version_of(line);
}

sld_status sld_grid_points_parse(sld_ctx *ctx, sld_grid *grid, const char *path, char *text,
                                 size_t n)
{
    parser p      = {.ctx = ctx, .grid = grid, .path = path, .at = text};
    void  *memory = NULL;
    bool   end    = false;

    if (strlen(text) != n || !next_line(&p) || (grid->id_version = version_of(p.word[0])) == 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected the points of a sweep (sld-sweep 1 or 2), got %s; " CURE,
                        path, n == 0 ? "an empty file" : "something else");
    }
    SLD_TRY(sld_arena_alloc(ctx, grid->arena, (count(p.at, "\npoint\t") + 2) * sizeof *grid->points,
                            &memory));
    grid->points = memory;
    SLD_TRY(sld_arena_alloc(ctx, grid->arena, (count(p.at, "\nsame\t") + 1) * sizeof *grid->same,
                            &memory));
    grid->same     = memory;
    grid->name     = "";
    grid->baseline = "";
    while (!end && next_line(&p)) {
        SLD_TRY(read_line(&p, &end));
    }
    if (!end) {
        return damaged(&p, "the line end COUNT: truncated");
    }
    if (next_line(&p) && p.n_words == 2 && strcmp(p.word[0], "spec") == 0) {
        grid->spec = p.word[1];
    }
    SLD_TRY(sld_grid_index(ctx, grid));
    return settle_same(&p);
}

static sld_status open_in(sld_ctx *ctx, const char *dir, sld_grid *grid)
{
    char   path[PATH_MAX];
    size_t n = 0;

    SLD_TRY(sld_launch_default(ctx, grid->arena, &grid->launch));
    grid->dir = sld_arena_strdup(grid->arena, dir);
    if (!grid->dir) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%.200s: out of memory: its path", dir);
    }
    if (snprintf(path, sizeof path, "%s/points", dir) >= (int)sizeof path) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: expected a shorter path", dir);
    }
    SLD_TRY(sld_file_read(ctx, path, MAX_BYTES, &grid->text, &n));
    return sld_grid_points_parse(ctx, grid, path, grid->text, n);
}

sld_status sld_grid_open(sld_ctx *ctx, const char *dir, sld_grid **out)
{
    sld_arena *arena  = NULL;
    void      *memory = NULL;
    sld_grid  *grid   = NULL;

    *out = NULL;
    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_arena_alloc(ctx, arena, sizeof *grid, &memory);
    if (st == SLD_OK) {
        grid        = memory;
        grid->arena = arena;
        st          = open_in(ctx, dir, grid);
    }
    if (st == SLD_OK) {
        *out = grid;
        return SLD_OK;
    }
    if (grid) {
        free(grid->text);
    }
    sld_arena_destroy(arena);
    return st;
}
