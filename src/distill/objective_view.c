/* objective_view.c: evaluates the objective on the rows of one view: first the correction, then the
 * terms over the global batch, then row by row all that is local to a row, then the sums over
 * shards and ranks. A row's gradient is summed in double and rounded to float32 once. */
#include "correction.h"
#include "objective.h"

#include <string.h>

#define SUMS_DOUBLES (sizeof(sld_slot_sums) / sizeof(double))
_Static_assert(sizeof(sld_slot_sums) % sizeof(double) == 0, "reduced as an array of doubles");

/* What this view needs in this epoch, the same for all rows. */
typedef struct sld_wanted {
    bool any, student[SLD_MAX_TAUS], teacher[SLD_MAX_TAUS]; /* softmaxes by temperature */
} sld_wanted;

typedef struct sld_view_plan {
    double     weight[SLD_MAX_TERMS]; /* 0: inactive */
    sld_wanted plain, zscore;         /* for rows as they are, and for standardised ones */
    bool       teacher;               /* an active term uses it */
    bool       gather;                /* an active term needs the global batch */
    double     global_batch;          /* rows of all ranks */
    double     chain; /* d temperature / d parameter, with the factor of the epoch */
} sld_view_plan;

static void want(sld_wanted *w, const sld_term *term, int view)
{
    w->any = true;
    for (size_t j = 0; j < term->n_taus[view]; j++) {
        w->student[term->at[j]] = true;
        w->teacher[term->at[j]] |= term->kind->uses_teacher;
    }
}

static void make_plan(const sld_objective *o, const sld_tree *tree, const sld_rows *rows,
                      sld_view_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->global_batch = (double)sld_tree_rows(tree);
    plan->chain =
        sld_objective_trains(o) ? sld_ctkd_chain(&o->params, o->parameter, rows->epoch) : 0.0;
    for (size_t i = 0; i < o->n_terms; i++) {
        const sld_term *term = &o->term[i];
        plan->weight[i]      = sld_objective_weight(o, i, rows->view, rows->epoch);
        if (plan->weight[i] == 0.0) continue;

        plan->teacher |= term->kind->uses_teacher;
        plan->gather |= term->kind->batch != NULL || term->masked[rows->view];
        if (term->kind->row != NULL) {
            want(term->zscore ? &plan->zscore : &plan->plain, term, rows->view);
        }
    }
}

static sld_status check_rows(sld_ctx *ctx, const sld_objective *o, const sld_view_plan *plan,
                             const sld_rows *rows, size_t N)
{
    if (N > o->max_rows) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "objective: expected at most %zu rows, got %zu",
                        o->max_rows, N);
    }
    if (plan->gather && plan->global_batch > (double)o->max_batch) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "objective: expected a batch of at most %zu rows, got %.0f", o->max_batch,
                        plan->global_batch);
    }
    if (N > 0 && plan->teacher && rows->z_t == NULL) {
        return SLD_FAIL(
            ctx, SLD_ERR_ARG,
            "epoch %lld, view %d: expected the teacher's logits, which a term uses, got none",
            (long long)rows->epoch, rows->view);
    }
    for (size_t i = 0; i < N; i++) {
        if (rows->labels[i] < 0 || (size_t)rows->labels[i] >= o->K) {
            return SLD_FAIL(ctx, SLD_ERR_ARG, "sample %u: expected a label of 0 to %zu, got %d",
                            rows->sample[i], o->K - 1, (int)rows->labels[i]);
        }
    }
    return SLD_OK;
}

static void correct_teacher(sld_objective *o, const sld_rows *rows, size_t N)
{
    for (size_t i = 0; i < N; i++) {
        const sld_row_key key = {rows->epoch, rows->sample[i], rows->view};
        o->keep[i] = sld_correct_row(&o->correction, &key, rows->z_t + i * o->K, rows->labels[i],
                                     o->K, o->z_t + i * o->K);
    }
}

/* Collective. Gathers the global batch and keeps, for the loop over rows, loss and gradient of the
 * terms that need it. */
static sld_status run_batch_terms(sld_ctx *ctx, sld_objective *o, const sld_view_plan *plan,
                                  sld_tree *tree, const sld_rows *rows, size_t N)
{
    if (!plan->gather) return SLD_OK;
    SLD_TRY(sld_batch_gather(ctx, &o->batch, tree, rows, o->keep));
    for (size_t i = 0; i < o->n_terms; i++) {
        sld_term *term = &o->term[i];
        if (term->kind->batch == NULL || plan->weight[i] == 0.0) continue;
        memset(term->loss, 0, N * sizeof *term->loss);
        memset(term->g, 0, N * o->K * sizeof *term->g);
        term->kind->batch(term, &o->batch, rows->view, term->loss, term->g);
    }
    return SLD_OK;
}

/* Adds weight / global batch times a term's gradient to dz and returns the squared norm of that. */
static double add_gradient(const double *g, double factor, size_t K, double *dz)
{
    double sum_sq = 0.0;
    for (size_t k = 0; k < K; k++) {
        const double d = factor * g[k];
        dz[k] += d;
        sum_sq += d * d;
    }
    return sum_sq;
}

/* How many logits come before the label's; of equal ones the lower index comes first. */
static size_t place_of_label(const float *z, size_t label, size_t K)
{
    size_t place = 0;
    for (size_t k = 0; k < K; k++) {
        place += z[k] > z[label] || (z[k] == z[label] && k < label);
    }
    return place;
}

/* Loads row i of this rank, as the terms see it. */
static void load_row(sld_objective *o, const sld_view_plan *plan, const sld_rows *rows, size_t i)
{
    const size_t K   = o->K;
    sld_row     *row = &o->row, *z = &o->zrow;

    row->label = z->label = (size_t)rows->labels[i];
    row->view = z->view = rows->view;
    row->weight = z->weight = plan->gather ? o->batch.row_weight[o->batch.begin + i] : 1.0;

    sld_row_side_load(&row->s, rows->z_s + i * K, K);
    sld_row_side_softmax(&row->s, K, o->tau, plan->plain.student, o->n_taus);
    if (plan->teacher) {
        sld_row_side_load(&row->t, rows->z_t + i * K, K);
        sld_row_side_softmax(&row->t, K, o->tau, plan->plain.teacher, o->n_taus);
    }
    if (!plan->zscore.any) return;
    sld_row_side_standardise(&z->s, &row->s, K);
    sld_row_side_softmax(&z->s, K, o->tau, plan->zscore.student, o->n_taus);
    if (plan->teacher) {
        sld_row_side_standardise(&z->t, &row->t, K);
        sld_row_side_softmax(&z->t, K, o->tau, plan->zscore.teacher, o->n_taus);
    }
}

/* Returns the loss of a term on row i of this rank. *g: (K) its gradient; *slope: d loss / d
 * trained temperature. */
static double run_term(sld_objective *o, const sld_term *term, size_t i, const double **g,
                       double *slope)
{
    *slope = 0.0;
    if (term->kind->batch != NULL) {
        *g = term->g + i * o->K;
        return term->loss[i];
    }
    const sld_row *row  = term->zscore ? &o->zrow : &o->row;
    const bool     keep = !term->kind->uses_teacher || o->keep[i];
    memset(o->g, 0, o->K * sizeof *o->g);
    const double loss = keep ? term->kind->row(term, row, o->g) : 0.0;
    if (keep && term->kind->slope != NULL) *slope = term->kind->slope(term, row);
    if (term->zscore) sld_row_side_pull_back(&row->s, o->K, o->g);
    *g = o->g;
    return loss;
}

/* Runs the terms on row i of this rank. dz_s: (K), of that row, written. */
static void run_row(sld_objective *o, const sld_view_plan *plan, const sld_rows *rows, size_t i,
                    float *dz_s, sld_slot_sums *slot)
{
    const size_t   K    = o->K;
    const sld_row *row  = &o->row;
    sld_view_sums *sums = &slot->view;

    load_row(o, plan, rows, i);
    memset(o->dz, 0, K * sizeof *o->dz);
    for (size_t t = 0; t < o->n_terms; t++) {
        if (plan->weight[t] == 0.0) continue;

        double        slope;
        const double *g    = NULL;
        const double  loss = run_term(o, &o->term[t], i, &g, &slope);
        sums->loss[t] += loss;
        sums->total += plan->weight[t] * loss;
        sums->grad_sq[t] += add_gradient(g, plan->weight[t] / plan->global_batch, K, o->dz);
        slot->parameter_gradient += plan->weight[t] * plan->chain * slope;
    }
    for (size_t k = 0; k < K; k++) {
        dz_s[k] = (float)o->dz[k];
    }

    sums->rows += 1.0;
    sums->hits += row->s.top == row->label;
    sums->hits5 += place_of_label(rows->z_s + i * K, row->label, K) < 5;
    sums->hits_true += row->s.top == (size_t)(rows->truth ? rows->truth[i] : rows->labels[i]);
    sums->swapped_student += row->s.top != row->label;
}

sld_status sld_objective_view(sld_ctx *ctx, sld_objective *o, sld_tree *tree, const sld_rows *rows,
                              float *dz_s, sld_view_sums *out)
{
    const sld_range mine = sld_tree_mine(tree);
    const size_t    N = mine.end - mine.begin, K = o->K;

    sld_view_plan plan;
    make_plan(o, tree, rows, &plan);
    SLD_TRY(check_rows(ctx, o, &plan, rows, N));

    sld_rows corrected = *rows;
    if (rows->z_t != NULL) {
        correct_teacher(o, rows, N);
        corrected.z_t = o->z_t;
    }
    SLD_TRY(run_batch_terms(ctx, o, &plan, tree, &corrected, N));

    memset(&o->slots[0], 0, sizeof o->slots[0]); /* a rank without rows contributes an empty slot */
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        const sld_range shard = sld_tree_shard(tree, s);
        if (shard.begin == shard.end) continue;

        sld_slot_sums *sums = &o->slots[sld_tree_slot(tree, s)];
        memset(sums, 0, sizeof *sums);
        for (size_t i = shard.begin - mine.begin; i < shard.end - mine.begin; i++) {
            run_row(o, &plan, &corrected, i, dz_s + i * K, sums);
            if (rows->z_t != NULL) {
                const float *z_t = rows->z_t + i * K; /* before the correction */
                sums->view.swapped_teacher += sld_argmax(z_t, K) != (size_t)rows->labels[i];
            }
        }
        for (int merges = sld_tree_merges(tree, s); merges > 0; merges--, sums--) {
            sld_op_combine(SLD_SUM_F64, sums - 1, sums, SUMS_DOUBLES);
        }
    }
    SLD_TRY(sld_tree_reduce(ctx, tree, SLD_SUM_F64, o->slots, sizeof *o->slots, SUMS_DOUBLES));
    *out                  = o->slots[0].view;
    o->parameter_gradient = o->slots[0].parameter_gradient;
    return SLD_OK;
}
