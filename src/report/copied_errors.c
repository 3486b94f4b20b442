/* copied_errors.c: keeps the test predictions of teachers and of controls, and counts the errors
 * that students share with a teacher. */
#include "copied_errors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* Predictions of a teacher, or of a control: then without labels and sha. */
typedef struct record {
    char     sha[65], data_sha[65];
    size_t   trial, n;
    bool     left_out;
    int32_t *predicted, *labels; /* (n) */
} record;

typedef struct records {
    record *at;
    size_t  n, room;
} records;

struct copied_errors {
    records teachers, control;
};

sld_status copied_errors_create(sld_ctx *ctx, copied_errors **out)
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

void copied_errors_destroy(copied_errors *c)
{
    if (c) {
        release(&c->teachers);
        release(&c->control);
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
    r->at[r->n++] = new; /* also if a copy is NULL: destroy frees the other */
    return new.predicted && (new.labels || !labels)
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory for %zu predictions", new.n);
}

double copied_errors_share(const int32_t *student, const int32_t *teacher, const int32_t *labels,
                           size_t N)
{
    size_t wrong = 0, copied = 0;

    for (size_t i = 0; i < N; i++) {
        if (teacher[i] != labels[i]) {
            wrong++;
            copied += student[i] == teacher[i];
        }
    }
    return wrong > 0 ? 100.0 * (double)copied / (double)wrong : NAN;
}

static const record *find(const copied_errors *c, const char *sha, const char *data_sha, size_t n)
{
    for (size_t i = 0; i < c->teachers.n; i++) {
        const record *t = &c->teachers.at[i];
        if (strcmp(t->sha, sha) == 0 && strcmp(t->data_sha, data_sha) == 0 && t->n == n) {
            return t;
        }
    }
    return NULL;
}

bool copied_errors_has_teacher(const copied_errors *c, const char *sha, const char *data_sha,
                               size_t n)
{
    return find(c, sha, data_sha, n) != NULL;
}

sld_status copied_errors_add_teacher(sld_ctx *ctx, copied_errors *c, const char *sha,
                                     const char *data_sha, const int32_t *labels,
                                     const int32_t *predicted, size_t n)
{
    record new = {.n = n};

    snprintf(new.sha, sizeof new.sha, "%s", sha);
    snprintf(new.data_sha, sizeof new.data_sha, "%s", data_sha);
    return add(ctx, &c->teachers, new, labels, predicted);
}

sld_status copied_errors_add_control(sld_ctx *ctx, copied_errors *c, size_t trial,
                                     const char *data_sha, const int32_t *predicted, size_t n)
{
    record new = {.n = n, .trial = trial};

    snprintf(new.data_sha, sizeof new.data_sha, "%s", data_sha);
    return add(ctx, &c->control, new, NULL, predicted);
}

double copied_errors_rate(const copied_errors *c, const char *sha, const char *data_sha,
                          const int32_t *predicted, size_t n)
{
    const record *t = find(c, sha, data_sha, n);
    return t ? copied_errors_share(predicted, t->predicted, t->labels, n) : NAN;
}

void copied_errors_leave_out(copied_errors *c, size_t trial)
{
    for (size_t i = 0; i < c->control.n; i++) {
        c->control.at[i].left_out |= c->control.at[i].trial == trial;
    }
}

double copied_errors_control_mean(const copied_errors *c, const char *sha, const char *data_sha,
                                  size_t n)
{
    double sum   = 0.0;
    size_t rates = 0;

    for (size_t i = 0; i < c->control.n; i++) {
        const record *s    = &c->control.at[i];
        const double  rate = copied_errors_rate(c, sha, data_sha, s->predicted, s->n);
        if (!s->left_out && strcmp(s->data_sha, data_sha) == 0 && s->n == n && !isnan(rate)) {
            sum += rate;
            rates++;
        }
    }
    return rates > 0 ? sum / (double)rates : NAN;
}

/* The sha of the only teacher; NULL: there are several or none. */
static const char *only_teacher(const copied_errors *c)
{
    for (size_t i = 1; i < c->teachers.n; i++) {
        if (strcmp(c->teachers.at[i].sha, c->teachers.at[0].sha) != 0) {
            return NULL;
        }
    }
    return c->teachers.n > 0 ? c->teachers.at[0].sha : NULL;
}

bool copied_errors_control_at(const copied_errors *c, size_t i, size_t *trial, double *rate)
{
    if (i >= c->control.n) {
        return false;
    }
    const record *s   = &c->control.at[i];
    const char   *sha = only_teacher(c);
    *trial            = s->trial;
    *rate = sha && !s->left_out ? copied_errors_rate(c, sha, s->data_sha, s->predicted, s->n) : NAN;
    return true;
}

const char *report_no_copies(double copy_rate, bool taught)
{
    return taught && isnan(copy_rate)
               ? "there are no test logits of the teacher (teacher.logits_files without test.h5) "
                 "or of the trial (run.logits: false), or the teacher is never wrong"
               : "";
}

const char *report_no_copies_of(const report_trial *t)
{
    return report_no_copies(t->metric[REPORT_copy_rate], t->has_teacher && t->n_epochs > 0);
}
