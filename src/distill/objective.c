/* objective.c: makes the table of terms, with memory and schedules, from parameters, and answers
 * questions about it. */

#include "objective.h"

#include <math.h>
#include <string.h>

sld_schedule sld_schedule_from(int64_t after)
{
    return (sld_schedule){
        .after = after, .until = INT64_MAX, .boost_after = INT64_MAX, .boost = 1.0};
}

double sld_schedule_factor(const sld_schedule *s, int64_t epoch)
{
    if (epoch <= s->after || epoch > s->until) return 0.0;

    const int64_t since  = epoch - s->after;
    const double  growth = since < s->ramp ? (double)since / (double)s->ramp : 1.0;
    return epoch > s->boost_after ? growth * s->boost : growth;
}

static bool is_present(const sld_term_params *p)
{
    return p->weight[SLD_WEAK] != 0.0 || p->weight[SLD_STRONG] != 0.0;
}

/* section: of the options from which the parameters come. */
static sld_status check_term(sld_ctx *ctx, const char *section, const sld_term_params *p)
{
    static const char *const view_name[SLD_VIEWS] = {"weak", "strong"};
    for (int view = 0; view < SLD_VIEWS; view++) {
        const double w = p->weight[view];
        if (!(w >= 0.0) || isinf(w)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s.%s: expected a weight of 0 or more, got %g",
                            section, view_name[view], w);
        }
    }
    if (!is_present(p)) return SLD_OK;
    if (p->temperatures.n < 1 || p->temperatures.n > SLD_MAX_TEMPERATURES) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s.temperatures: expected 1 to %d, got %zu", section,
                        SLD_MAX_TEMPERATURES, p->temperatures.n);
    }
    for (size_t j = 0; j < p->temperatures.n; j++) {
        const double tau = p->temperatures.t[j];
        if (!(tau > 0.0) || isinf(tau)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s.temperatures: expected numbers above 0, got %g", section, tau);
        }
    }
    return SLD_OK;
}

/* p has a temperature for every term. */
static sld_status check_params(sld_ctx *ctx, const sld_objective_params *p)
{
    if (p->classes < 2 || p->classes > INT32_MAX) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "classes: expected at least 2, got %zu", p->classes);
    }
    if (!(p->label_smoothing >= 0.0 && p->label_smoothing < 1.0)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "ce.label_smoothing: expected 0 to below 1, got %g",
                        p->label_smoothing);
    }
    if (p->correction == SLD_CORRECT_MIX && !(p->mix_share >= 0.0 && p->mix_share < 1.0)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "mix.share: expected 0 to below 1, got %g",
                        p->mix_share);
    }
    SLD_TRY(check_term(ctx, "ce", &p->ce));
    SLD_TRY(check_term(ctx, "kd", &p->kd));
    SLD_TRY(check_term(ctx, "lss", &p->lss));
    if (!is_present(&p->ce) && !is_present(&p->kd) && !is_present(&p->lss)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "ce, kd, lss: expected a weight above 0 in at least one view; set ce.weak, "
                        "kd.weak or lss.weak");
    }
    return SLD_OK;
}

/* Returns the index of tau among the objective's temperatures, and adds it if it is new. There is
 * room, because each term has at most SLD_MAX_TEMPERATURES. */
static size_t temperature_index(sld_objective *o, double tau)
{
    for (size_t i = 0; i < o->n_taus; i++) {
        if (o->tau[i] == tau) return i;
    }
    o->tau[o->n_taus] = tau;
    return o->n_taus++;
}

static sld_status alloc_doubles(sld_ctx *ctx, sld_objective *o, size_t n, double **out)
{
    void *bytes = NULL;
    SLD_TRY(sld_arena_alloc(ctx, o->arena, n * sizeof **out, &bytes));
    *out = bytes;
    return SLD_OK;
}

sld_status sld_objective_gathers(sld_ctx *ctx, sld_objective *o)
{
    return o->batch.rows == NULL ? sld_batch_reserve(ctx, o->arena, o->max_batch, o->K, &o->batch)
                                 : SLD_OK;
}

static sld_status reserve_batch(sld_ctx *ctx, sld_objective *o, sld_term *term)
{
    const sld_term_kind *kind = term->kind;
    const size_t own = kind->scratch_doubles ? kind->scratch_doubles(o->max_batch, o->K) : 0;

    SLD_TRY(sld_objective_gathers(ctx, o));
    SLD_TRY(alloc_doubles(ctx, o, own, &term->scratch));
    SLD_TRY(alloc_doubles(ctx, o, o->max_rows, &term->loss));
    return alloc_doubles(ctx, o, o->max_rows * o->K, &term->g);
}

sld_status sld_objective_add(sld_ctx *ctx, sld_objective *o, const sld_term_kind *kind,
                             const char *name, const sld_term_params *params, sld_term **out)
{
    *out = NULL;
    if (!is_present(params)) return SLD_OK;
    if (o->n_terms == SLD_MAX_TERMS) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "objective: expected at most %d terms, got one more: %s", SLD_MAX_TERMS,
                        name);
    }

    sld_term *term = &o->term[o->n_terms];
    memset(term, 0, sizeof *term);
    term->kind     = kind;
    term->params   = &o->params;
    term->name     = name;
    term->schedule = params->schedule;
    memcpy(term->weight, params->weight, sizeof term->weight);
    for (size_t j = 0; j < params->temperatures.n; j++) {
        term->tau[j] = params->temperatures.t[j];
        term->at[j]  = temperature_index(o, term->tau[j]);
    }
    term->n_taus[SLD_WEAK] = term->n_taus[SLD_STRONG] = params->temperatures.n;
    if (kind->batch != NULL) SLD_TRY(reserve_batch(ctx, o, term));
    o->n_terms++;
    *out = term;
    return SLD_OK;
}

/* NAN equals no other term's temperature, so that this term gets one of its own. */
sld_status sld_objective_add_trained(sld_ctx *ctx, sld_objective *o, const sld_term_kind *kind,
                                     const char *name, const sld_term_params *params)
{
    sld_term *term = NULL;
    SLD_TRY(sld_objective_add(ctx, o, kind, name, params, &term));
    if (term == NULL) return SLD_OK;
    term->at[0]            = o->n_taus;
    term->n_taus[SLD_WEAK] = term->n_taus[SLD_STRONG] = 1;
    o->tau[o->n_taus++]                               = NAN;
    o->trained                                        = term;
    return SLD_OK;
}

bool sld_objective_trains(const sld_objective *o)
{
    return o->trained != NULL;
}

void sld_objective_set_parameter(sld_objective *o, double parameter)
{
    if (o->trained == NULL) return;
    o->parameter       = parameter;
    o->trained->tau[0] = o->tau[o->trained->at[0]] = sld_ctkd_temperature(&o->params, parameter);
}

double sld_objective_temperature(const sld_objective *o)
{
    return o->trained != NULL ? o->trained->tau[0] : 0.0;
}

double sld_objective_parameter_gradient(const sld_objective *o)
{
    return o->parameter_gradient;
}

/* Adds the terms in the order in which their gradients are summed. */
static sld_status add_terms(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    sld_term *term = NULL;
    SLD_TRY(sld_objective_add(ctx, o, &sld_term_cross_entropy, "ce", &p->ce, &term));
    if (term != NULL) term->smoothing = p->label_smoothing;
    const size_t n_plain = o->n_terms; /* cross-entropy is never standardised */

    SLD_TRY(sld_teacher_loss_add(ctx, o, p));
    SLD_TRY(sld_objective_add(ctx, o, &sld_term_student_swap, "lss", &p->lss, &term));
    if (term != NULL) term->detach = p->lss_detach;

    for (size_t i = n_plain; i < o->n_terms; i++) {
        o->term[i].zscore = p->zscore && o->term[i].kind->row != NULL;
    }
    return SLD_OK;
}

/* Allocates a softmax of K for each temperature that the objective can have. */
static sld_status make_side(sld_ctx *ctx, sld_objective *o, sld_row_side *side)
{
    void *soft = NULL;
    SLD_TRY(alloc_doubles(ctx, o, o->K, &side->z));
    SLD_TRY(sld_arena_alloc(ctx, o->arena, SLD_MAX_TAUS * sizeof *side->soft, &soft));
    side->soft = soft;
    for (size_t i = 0; i < SLD_MAX_TAUS; i++) {
        SLD_TRY(alloc_doubles(ctx, o, o->K, &side->soft[i].p));
    }
    return SLD_OK;
}

static sld_status make_row(sld_ctx *ctx, sld_objective *o, sld_row *row)
{
    row->K = o->K;
    SLD_TRY(make_side(ctx, o, &row->s));
    return make_side(ctx, o, &row->t);
}

static sld_status make(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params)
{
    void *z_t = NULL, *slots = NULL, *keep = NULL;
    SLD_TRY(make_row(ctx, o, &o->row));
    if (params->zscore) SLD_TRY(make_row(ctx, o, &o->zrow));
    SLD_TRY(alloc_doubles(ctx, o, o->K, &o->g));
    SLD_TRY(alloc_doubles(ctx, o, o->K, &o->dz));
    SLD_TRY(sld_arena_alloc(ctx, o->arena, o->max_rows * o->K * sizeof *o->z_t, &z_t));
    SLD_TRY(sld_arena_alloc(ctx, o->arena, o->max_rows * sizeof *o->keep, &keep));
    SLD_TRY(sld_arena_alloc(ctx, o->arena, SLD_MAX_SLOTS * sizeof *o->slots, &slots));
    o->z_t   = z_t;
    o->keep  = keep;
    o->slots = slots;
    SLD_TRY(add_terms(ctx, o, params));
    sld_objective_set_parameter(o, params->ctkd_initial);
    return SLD_OK;
}

sld_status sld_objective_create(sld_ctx *ctx, const sld_objective_params *params, size_t max_rows,
                                sld_objective **out)
{
    sld_arena           *arena = NULL;
    void                *self  = NULL;
    sld_objective_params p     = *params;

    *out              = NULL;
    p.ce.temperatures = (sld_temperatures){.n = 1, .t = {1.0}}; /* cross-entropy has no other */
    if (p.loss == SLD_TEACHER_LOSS_LR || p.loss == SLD_TEACHER_LOSS_CTKD) {
        p.kd.temperatures = p.ce.temperatures; /* and these have none to choose */
    }
    SLD_TRY(check_params(ctx, &p));
    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_arena_alloc(ctx, arena, sizeof(sld_objective), &self);
    if (st == SLD_OK) {
        sld_objective *o = self;
        o->arena         = arena;
        o->params        = p;
        o->K             = p.classes;
        o->max_rows      = max_rows;
        o->max_batch     = p.batch > max_rows ? p.batch : max_rows;
        o->correction    = (sld_correction_params){.kind      = p.correction,
                                                   .omega     = p.ga_omega,
                                                   .share     = p.mix_share,
                                                   .every_row = p.correct_every_row,
                                                   .seed      = p.seed};
        st               = make(ctx, o, &p);
    }
    if (st != SLD_OK) {
        sld_arena_destroy(arena);
        return st;
    }
    *out = self;
    return SLD_OK;
}

void sld_objective_destroy(sld_objective *o)
{
    if (o != NULL) sld_arena_destroy(o->arena);
}

size_t sld_objective_terms(const sld_objective *o)
{
    return o->n_terms;
}

const char *sld_objective_term_name(const sld_objective *o, size_t i)
{
    return o->term[i].name;
}

double sld_objective_weight(const sld_objective *o, size_t i, int view, int64_t epoch)
{
    const sld_term *term = &o->term[i];
    return term->weight[view] * sld_schedule_factor(&term->schedule, epoch);
}

bool sld_objective_needs_teacher(const sld_objective *o, int view, int64_t epoch)
{
    for (size_t i = 0; i < o->n_terms; i++) {
        if (o->term[i].kind->uses_teacher && sld_objective_weight(o, i, view, epoch) != 0.0) {
            return true;
        }
    }
    return false;
}

size_t sld_objective_message_bytes(const sld_objective *o)
{
    return sizeof(sld_slot_sums);
}
