/* baselines.c: finds the baseline of each arm. The spec names one arm. If axes choose the networks
 * or the data, its gap to another pair would compare networks, not methods. So each arm has the
 * baseline of its own pair: the arm with the same labels on those axes, and with the labels of the
 * named arm on the others. The spec may name these axes (docs/sweeps.md, "Several pairs"). */
#include <math.h>
#include <string.h>

#include "report.h"

/* The network and data of an arm, from one of its done trials. */
typedef struct subject {
    const sld_point *point; /* of one of its trials; NULL: an arm of teachers, which has no axes */
    bool             known; /* a done trial was found; else only point is set */
    double           params, multiply_adds; /* of the student */
    const char      *data, *teacher;        /* hashes; teacher "": it has none */
} subject;

static void find_subjects(const report *r, const size_t *arm_of, subject *of)
{
    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        const report_trial *t = &r->trials[i];
        subject            *s = &of[arm_of[i]];
        if (t->point->is_teacher || s->known) {
            continue;
        }
        s->point         = t->point;
        s->params        = t->metric[REPORT_params];
        s->multiply_adds = t->metric[REPORT_multiply_adds];
        s->data          = t->data_sha;
        s->teacher       = t->teacher_sha;
        s->known         = t->has_results;
    }
}

/* A number that the results lack is NaN: it counts as equal to any other. */
static bool same_network(const subject *a, const subject *b)
{
    return !(isless(a->params, b->params) || isgreater(a->params, b->params) ||
             isless(a->multiply_adds, b->multiply_adds) ||
             isgreater(a->multiply_adds, b->multiply_adds));
}

static bool same_data(const subject *a, const subject *b)
{
    return strcmp(a->data, b->data) == 0;
}

/* Rivals share network, data and teacher: their gap is due to the method alone. */
static bool are_rivals(const subject *a, const subject *b)
{
    return same_network(a, b) && same_data(a, b) && strcmp(a->teacher, b->teacher) == 0;
}

static bool differ_only_on(const sld_point *p, const sld_point *q, size_t axis)
{
    for (size_t x = 0; x < p->n_axes; x++) {
        if (x != axis && strcmp(p->value[x], q->value[x]) != 0) {
            return false;
        }
    }
    return true;
}

/* Whether the axis chooses what `same` compares (network or data): one label always has the same,
 * at least two labels differ, and no two labels are rivals. The last condition excludes an axis of
 * methods one of which has its own network. */
static bool decides(const report *r, const subject *of, size_t axis,
                    bool (*same)(const subject *, const subject *))
{
    bool two = false;

    for (size_t a = 0; a < r->n_arms; a++) {
        for (size_t b = 0; of[a].known && b < a; b++) {
            if (!of[b].known) {
                continue;
            }
            const bool one_label = strcmp(of[a].point->value[axis], of[b].point->value[axis]) == 0;
            if (!same(&of[a], &of[b])) {
                if (one_label) {
                    return false;
                }
                two = true;
            } else if (!one_label && are_rivals(&of[a], &of[b]) &&
                       differ_only_on(of[a].point, of[b].point, axis)) {
                return false;
            }
        }
    }
    return two;
}

/* Whether the spec says that this axis is the pair, or, where it says nothing, the axis does. */
static bool is_pair_axis(const report *r, const subject *of, const sld_point *named, size_t axis)
{
    for (size_t i = 0; i < r->n_pair; i++) {
        if (strcmp(named->axis[axis], r->pair[i]) == 0) {
            return true;
        }
    }
    return r->n_pair == 0 &&
           (strcmp(named->axis[axis], "pair") == 0 || strcmp(named->axis[axis], "teacher") == 0 ||
            decides(r, of, axis, same_network) || decides(r, of, axis, same_data));
}

/* Sets is_pair for the axes that choose networks or data, and returns their number. 0 if all axes
 * do: a sweep over networks alone wants one baseline for all arms. */
static size_t find_pair_axes(const report *r, const subject *of, const sld_point *named,
                             bool *is_pair)
{
    size_t n = 0;

    for (size_t x = 0; x < named->n_axes; x++) {
        is_pair[x] = is_pair_axis(r, of, named, x);
        n += is_pair[x];
    }
    return n < named->n_axes ? n : 0;
}

/* Whether p and q have the same labels on all axes whose is_pair equals `pair`. */
static bool agrees(const sld_point *p, const sld_point *q, const bool *is_pair, bool pair)
{
    for (size_t x = 0; x < p->n_axes; x++) {
        if (is_pair[x] == pair && strcmp(p->value[x], q->value[x]) != 0) {
            return false;
        }
    }
    return true;
}

sld_status report_find_baselines(sld_ctx *ctx, report *r, const size_t *arm_of)
{
    const size_t base = (size_t)r->baseline;
    subject     *of   = NULL;
    bool        *is_pair;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_arms + 1) * sizeof *of, (void **)&of));
    find_subjects(r, arm_of, of);
    const sld_point *named = of[base].point;
    SLD_TRY(sld_arena_alloc(ctx, r->arena, named->n_axes + 1, (void **)&is_pair));
    const size_t n_pair_axes = find_pair_axes(r, of, named, is_pair);
    for (size_t a = 0; a < r->n_arms; a++) {
        if (!r->arms[a].is_teacher) {
            r->arms[a].baseline = n_pair_axes > 0 ? -1 : r->baseline;
        }
    }
    for (size_t b = 0; n_pair_axes > 0 && b < r->n_arms; b++) {
        if (r->arms[b].is_teacher || !agrees(of[b].point, named, is_pair, false)) {
            continue;
        }
        r->n_baselines++;
        for (size_t a = 0; a < r->n_arms; a++) {
            if (!r->arms[a].is_teacher && agrees(of[a].point, of[b].point, is_pair, true)) {
                r->arms[a].baseline = (int)b;
            }
        }
    }
    for (size_t a = 0; a < r->n_arms; a++) {
        r->arms[a].is_baseline = r->arms[a].baseline == (int)a;
    }
    return SLD_OK;
}
