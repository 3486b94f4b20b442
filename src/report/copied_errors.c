/* copied_errors.c: test predictions of the teachers and of the students that saw none. */
#include "copied_errors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibration.h"

/* labels: NULL for a student. */
typedef struct record {
    char     sha[65], data_sha[65];
    size_t   trial, n;
    int32_t *predicted, *labels; /* (n) */
} record;

typedef struct records {
    record *at;
    size_t  n, room;
} records;

struct copies {
    records teachers, unseen;
};

sld_status copies_create(sld_ctx *ctx, copies **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for predictions");
}

static void release(records *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->at[i].predicted);
        free(r->at[i].labels);
    }
    free(r->at);
}

void copies_destroy(copies *c)
{
    if (c) {
        release(&c->teachers);
        release(&c->unseen);
        free(c);
    }
}

static int32_t *copy_of(const int32_t *values, size_t n)
{
    int32_t *copy = malloc(n * sizeof *copy + 1);

    if (copy) {
        memcpy(copy, values, n * sizeof *copy);
    }
    return copy;
}

static sld_status add(sld_ctx *ctx, records *r, record new, const int32_t *labels,
                      const int32_t *predicted)
{
    if (r->n == r->room) {
        const size_t room   = r->room ? 2 * r->room : 16;
        record      *larger = realloc(r->at, room * sizeof *larger);
        if (!larger) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu predictions", room);
        }
        r->at   = larger;
        r->room = room;
    }
    new.predicted = copy_of(predicted, new.n);
    new.labels    = labels ? copy_of(labels, new.n) : NULL;
    r->at[r->n++] = new; /* released with what it has */
    return new.predicted && (new.labels || !labels)
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu predictions", new.n);
}

static const record *find(const copies *c, const char *sha, const char *data_sha)
{
    for (size_t i = 0; i < c->teachers.n; i++) {
        const record *t = &c->teachers.at[i];
        if (strcmp(t->sha, sha) == 0 && strcmp(t->data_sha, data_sha) == 0) {
            return t;
        }
    }
    return NULL;
}

bool copies_has_teacher(const copies *c, const char *sha, const char *data_sha)
{
    return find(c, sha, data_sha) != NULL;
}

sld_status copies_add_teacher(sld_ctx *ctx, copies *c, const char *sha, const char *data_sha,
                              const int32_t *labels, const int32_t *predicted, size_t n)
{
    record new = {.n = n};

    snprintf(new.sha, sizeof new.sha, "%s", sha);
    snprintf(new.data_sha, sizeof new.data_sha, "%s", data_sha);
    return add(ctx, &c->teachers, new, labels, predicted);
}

sld_status copies_add_unseen(sld_ctx *ctx, copies *c, size_t trial, const char *data_sha,
                             const int32_t *predicted, size_t n)
{
    record new = {.n = n, .trial = trial};

    snprintf(new.data_sha, sizeof new.data_sha, "%s", data_sha);
    return add(ctx, &c->unseen, new, NULL, predicted);
}

double copies_rate(const copies *c, const char *sha, const char *data_sha, const int32_t *predicted,
                   size_t n)
{
    const record *t = find(c, sha, data_sha);
    return t && t->n == n ? quality_copy_rate(predicted, t->predicted, t->labels, n) : NAN;
}

double copies_unseen_mean(const copies *c, const char *sha)
{
    double sum = 0.0;
    size_t n   = 0;

    for (size_t i = 0; i < c->unseen.n; i++) {
        const record *s    = &c->unseen.at[i];
        const double  rate = copies_rate(c, sha, s->data_sha, s->predicted, s->n);
        if (!isnan(rate)) {
            sum += rate;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : NAN;
}

bool copies_unseen_at(const copies *c, size_t i, size_t *trial, double *rate)
{
    if (i >= c->unseen.n) {
        return false;
    }
    const record *s = &c->unseen.at[i];
    *trial          = s->trial;
    *rate           = c->teachers.n == 1
                          ? copies_rate(c, c->teachers.at[0].sha, s->data_sha, s->predicted, s->n)
                          : NAN;
    return true;
}
