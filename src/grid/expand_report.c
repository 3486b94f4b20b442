/* expand_report.c: what a spec asks of reports that no trial of its grid can give: a figure over an
 * option that does not vary, a claim on a column that stays empty. */
#include <stdio.h>
#include <string.h>

#include "expander.h"

/* ---- which columns trials can have ---- */

static bool has_validation(const sld_options *o)
{
    return o->data.val_fraction > 0;
}

static bool has_logits(const sld_options *o)
{
    return o->run.logits;
}

static bool trains_temperature(const sld_options *o)
{
    return sld_config_wants_teacher(o) && o->kd.loss == SLD_LOSS_CTKD;
}

static bool swaps_student(const sld_options *o)
{
    return o->top.student_swap && sld_config_lss_active_epochs(o) > 0;
}

static bool teaches_weak_view(const sld_options *o)
{
    return o->kd.weak > 0.0;
}

static bool teaches_strong_view(const sld_options *o)
{
    return o->kd.strong > 0.0;
}

static bool has_three_epochs(const sld_options *o)
{
    return o->train.epochs >= 3;
}

#define A_TEACHER "a teacher term (kd.weak or kd.strong above 0)"

/* part: of the column's name. Of several rows all must hold. */
static const struct {
    const char *part;
    bool (*can)(const sld_options *o);
    const char *needs;
} columns[COLUMNS_MAX] = {
    {"top1_val_", has_validation, "a validation split (data.val_fraction above 0)"},
    {"copy_rate", sld_config_wants_teacher, A_TEACHER},
    {"copy_rate", has_logits, "run.logits: true"},
    {"ece_last", has_logits, "run.logits: true"},
    {"top1_last3", has_three_epochs, "train.epochs of 3 or more"},
    {"temperature_", trains_temperature, "a teacher term with kd.loss: ctkd"},
    {"lss_start", swaps_student, "student_swap: true"},
    {"swapped_teacher_weak_", teaches_weak_view,
     "a teacher term on the weak view (kd.weak above 0)"},
    {"swapped_teacher_strong_", teaches_strong_view,
     "a teacher term on the strong view (kd.strong above 0)"},
    {"grad_norm_teacher_", sld_config_wants_teacher, A_TEACHER},
    {"grad_norm_kd_", sld_config_wants_teacher, A_TEACHER},
    {"grad_norm_lts_", sld_config_wants_teacher, A_TEACHER},
    {"grad_norm_lss_", swaps_student, "student_swap: true"},
    {"grad_norm_ce_", sld_config_wants_ce, "a cross-entropy term (ce.weak or ce.strong above 0)"},
    {"_weak_", sld_config_wants_weak_view,
     "a weight on the weak view (ce.weak, kd.weak or lss.weak)"},
    {"_strong_", sld_config_wants_strong_view,
     "a weight on the strong view (ce.strong, kd.strong or lss.strong)"},
};

/* ---- of each point ---- */

static sld_status note_x(expander *x, const sld_config *config, size_t i)
{
    const char *value = NULL;

    if (x->varies[i]) {
        return SLD_OK;
    }
    SLD_TRY(sld_config_value(x->ctx, x->arena, config, x->spec->x_key[i], &value));
    x->varies[i] = x->value[i] && strcmp(x->value[i], value) != 0;
    x->value[i]  = value;
    return SLD_OK;
}

sld_status sld_expand_note_report(expander *x, const sld_config *config, const sld_point *p)
{
    if (p->is_teacher) {
        return SLD_OK;
    }
    for (size_t i = 0; i < COLUMNS_MAX && columns[i].part; i++) {
        x->can[i] = x->can[i] || columns[i].can(sld_config_options(config));
    }
    for (size_t i = 0; i < x->spec->n_x; i++) {
        SLD_TRY(note_x(x, config, i));
    }
    return SLD_OK;
}

/* ---- after the last ---- */

/* Refuses. Where the command line may be the cause it only tells. */
static sld_status settle(const expander *x, sld_status st)
{
    if (st != SLD_ERR_CONFIG || x->params->n_overrides == 0) {
        return st;
    }
    sld_log(x->ctx, SLD_LOG_WARN, "%s", x->ctx->err.msg);
    sld_err_clear(x->ctx);
    return SLD_OK;
}

static sld_status check_metric(const expander *x, const sld_node *metric)
{
    for (size_t i = 0; i < COLUMNS_MAX && columns[i].part; i++) {
        if (!x->can[i] && strstr(metric->text, columns[i].part)) {
            return sld_node_fail(x->ctx, metric, "metric",
                                 "expected a column that some trial of this sweep has, got %.60s, "
                                 "which needs %s; name another, or leave this claim out",
                                 metric->text, columns[i].needs);
        }
    }
    return SLD_OK;
}

/* A figure shows options that change results; seeds and networks stand in arms. */
static bool is_shown(const char *key)
{
    return sld_config_is_result(key) && strcmp(key, "seed") != 0 &&
           strncmp(key, "seeds.", 6) != 0 && !strstr(key, "network");
}

static sld_status check_x(const expander *x, size_t i)
{
    const sld_node *at = x->spec->x[i];

    if (!is_shown(x->spec->x_key[i])) {
        return sld_node_fail(x->ctx, at, "x",
                             "expected an option that changes results, no seed and no network, got "
                             "%.60s; name another, or leave x out",
                             at->text);
    }
    return x->varies[i]
               ? SLD_OK
               : sld_node_fail(
                     x->ctx, at, "x",
                     "expected an option that this sweep varies, got %.60s, which is %.60s "
                     "in every trial; name another, or leave x out",
                     at->text, x->value[i]);
}

sld_status sld_expand_check_report(const expander *x)
{
    const spec *s = x->spec;

    for (size_t i = 0; s->claims && i < s->claims->n; i++) {
        const sld_node *metric = sld_node_value(s->claims->item[i], "metric");
        if (metric) {
            SLD_TRY(settle(x, check_metric(x, metric)));
        }
    }
    for (size_t i = 0; i < s->n_x; i++) {
        SLD_TRY(settle(x, check_x(x, i)));
    }
    return SLD_OK;
}
