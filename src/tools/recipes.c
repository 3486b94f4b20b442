/* recipes.c: the objectives of a golden file's methods, by the prefix of their names. */
#include "recipes.h"

#include <math.h>
#include <string.h>

/* The group that is being read. */
typedef struct source {
    sld_ctx    *ctx;
    sld_doc    *doc;
    const char *group;
} source;

sld_status golden_number(sld_ctx *ctx, sld_doc *doc, const char *group, const char *name,
                         double *out)
{
    return sld_doc_get_attr(ctx, doc, group, name, SLD_F64, 1, out);
}

static sld_status number(const source *s, const char *name, double *out)
{
    return golden_number(s->ctx, s->doc, s->group, name, out);
}

/* Leaves *out as it is where the group does not say. */
static sld_status optional(const source *s, const char *name, double *out)
{
    return sld_doc_has_attr(s->doc, s->group, name) ? number(s, name, out) : SLD_OK;
}

static sld_status flag(const source *s, const char *name, bool *out)
{
    int32_t value = 0;
    SLD_TRY(sld_doc_get_attr(s->ctx, s->doc, s->group, name, SLD_I32, 1, &value));
    *out = value != 0;
    return SLD_OK;
}

static sld_status epoch_of(const source *s, golden_recipe *out)
{
    double epoch = 0.0;
    SLD_TRY(number(s, "epoch", &epoch));
    out->epoch = (int64_t)epoch;
    return SLD_OK;
}

static void set_weights(sld_objective_params *p, double ce, double kd, double lss)
{
    for (int view = 0; view < SLD_VIEWS; view++) {
        p->ce.weight[view]  = ce;
        p->kd.weight[view]  = kd;
        p->lss.weight[view] = lss;
    }
}

/* One temperature of the teacher term, attribute `name`. */
static sld_status temperature(const source *s, const char *name, golden_recipe *out)
{
    out->params.kd.temperatures.n = 1;
    return number(s, name, &out->params.kd.temperatures.t[0]);
}

/* ---- losses.h5 ---- */

/* The public code, both swaps, the student's after epoch 150. */
static sld_status read_sld(const source *s, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    if (strstr(s->group, "/sld_imagenet_weights") != NULL) {
        set_weights(p, 0.5, 0.5, 0.5);
    } else {
        set_weights(p, 0.1, 0.9, 0.9);
    }
    p->correction   = SLD_CORRECT_SWAP;
    p->lss.schedule = sld_schedule_from(150);
    return epoch_of(s, out);
}

/* A cell of the ablation, described by attributes. */
static sld_status read_cell(const source *s, golden_recipe *out)
{
    sld_objective_params *p       = &out->params;
    bool                  teacher = false, teacher_swap = false, student_swap = false;
    SLD_TRY(flag(s, "teacher", &teacher));
    SLD_TRY(flag(s, "teacher_swap", &teacher_swap));
    SLD_TRY(flag(s, "student_swap", &student_swap));
    SLD_TRY(flag(s, "detach", &p->lss_detach));
    set_weights(p, 0.1, teacher ? 0.9 : 0.0, student_swap ? 0.9 : 0.0);
    p->correction = teacher_swap ? SLD_CORRECT_SWAP : SLD_CORRECT_NONE;
    return SLD_OK;
}

/* Plain distillation at one temperature. */
static sld_status read_kd(const source *s, golden_recipe *out)
{
    double ce = 0.0, kd = 0.0;
    SLD_TRY(number(s, "ce_weight", &ce));
    SLD_TRY(number(s, "kd_weight", &kd));
    set_weights(&out->params, ce, kd, 0.0);
    return temperature(s, "temperature", out);
}

/* kd on standardised logits. */
static sld_status read_lskd(const source *s, golden_recipe *out)
{
    out->params.zscore = true;
    return read_kd(s, out);
}

/* The public code: alpha 1, beta 8, temperature 4, 20 warm-up epochs. */
static sld_status read_dkd(const source *s, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    p->loss                 = SLD_TEACHER_LOSS_DKD;
    p->dkd_alpha            = 1.0;
    p->dkd_beta             = 8.0;
    p->kd.temperatures      = (sld_temperatures){.n = 1, .t = {4.0}};
    p->kd.schedule.ramp     = 20;
    set_weights(p, 1.0, 1.0, 0.0);
    return epoch_of(s, out);
}

/* The public code. */
static sld_status read_mlkd(const source *s, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    p->loss                 = SLD_TEACHER_LOSS_MLKD;
    p->mlkd_cc = p->mlkd_bc = 1.0;
    p->kd.temperatures      = (sld_temperatures){.n = 5, .t = {4.0, 3.0, 5.0, 2.0, 6.0}};
    set_weights(p, 0.1, 0.9, 0.0);
    return epoch_of(s, out);
}

/* ---- rivals.h5 ---- */

static sld_status read_swap(const source *s, golden_recipe *out)
{
    out->params.correction = SLD_CORRECT_SWAP;
    set_weights(&out->params, 0.0, 1.0, 0.0);
    return temperature(s, "T", out);
}

/* Without ce_weight there is no cross-entropy, without warmup the teacher term has its full weight. */
static sld_status read_rld(const source *s, golden_recipe *out)
{
    sld_objective_params *p  = &out->params;
    double                ce = 0.0, warmup = 0.0;
    p->loss = SLD_TEACHER_LOSS_RLD;
    SLD_TRY(number(s, "alpha", &p->rld_alpha));
    SLD_TRY(number(s, "beta", &p->rld_beta));
    SLD_TRY(number(s, "alpha_T", &p->rld_confidence_tau));
    SLD_TRY(optional(s, "ce_weight", &ce));
    SLD_TRY(optional(s, "warmup", &warmup));
    if (sld_doc_has_attr(s->doc, s->group, "epoch")) SLD_TRY(epoch_of(s, out));
    if (sld_doc_has_attr(s->doc, s->group, "zscore")) SLD_TRY(flag(s, "zscore", &p->zscore));
    p->kd.schedule.ramp = (int64_t)warmup;
    set_weights(p, ce, 1.0, 0.0);
    return temperature(s, "T", out);
}

static sld_status read_rc(const source *s, golden_recipe *out)
{
    sld_objective_params *p  = &out->params;
    double                ce = 0.0, kd = 0.0, rc = 0.0;
    p->loss = SLD_TEACHER_LOSS_RC;
    SLD_TRY(number(s, "ce_weight", &ce));
    SLD_TRY(number(s, "kd_weight", &kd));
    SLD_TRY(number(s, "rc_weight", &rc));
    p->rc_weight = rc / kd; /* ours counts in the teacher term's */
    set_weights(p, ce, kd, 0.0);
    return temperature(s, "T", out);
}

static sld_status read_lr(const source *s, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    p->loss                 = SLD_TEACHER_LOSS_LR;
    set_weights(p, 0.0, 1.0, 0.0);
    SLD_TRY(number(s, "lambda1", &p->lr_logits));
    SLD_TRY(number(s, "lambda2", &p->lr_soft));
    return number(s, "eta", &p->lr_eta);
}

static sld_status read_nkd(const source *s, golden_recipe *out)
{
    out->params.loss = SLD_TEACHER_LOSS_NKD;
    set_weights(&out->params, 0.0, 1.0, 0.0);
    SLD_TRY(number(s, "gamma", &out->params.nkd_gamma));
    return temperature(s, "T", out);
}

/* The gradient's factor grows over ten epochs in the public code. */
static sld_status read_ctkd(const source *s, golden_recipe *out)
{
    sld_objective_params *p  = &out->params;
    double                ce = 0.0, kd = 0.0;
    p->loss      = SLD_TEACHER_LOSS_CTKD;
    p->ctkd_ramp = 10;
    SLD_TRY(number(s, "t_start", &p->ctkd_start));
    SLD_TRY(number(s, "t_end", &p->ctkd_range));
    SLD_TRY(number(s, "parameter", &out->parameter));
    SLD_TRY(number(s, "ce_weight", &ce));
    SLD_TRY(number(s, "kd_weight", &kd));
    set_weights(p, ce, kd, 0.0);
    return epoch_of(s, out);
}

/* Temperatures 1 to 6 unless the group names its own. */
static sld_status read_temperatures(const source *s, sld_temperatures *out)
{
    *out = (sld_temperatures){.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    if (!sld_doc_has_attr(s->doc, s->group, "temperatures")) return SLD_OK;
    SLD_TRY(sld_doc_attr_count(s->ctx, s->doc, s->group, "temperatures", &out->n));
    if (out->n > SLD_MAX_TEMPERATURES) {
        return SLD_FAIL(s->ctx, SLD_ERR_DATA, "%s: %s: expected at most %d temperatures, got %zu",
                        sld_doc_path(s->doc), s->group, SLD_MAX_TEMPERATURES, out->n);
    }
    return sld_doc_get_attr(s->ctx, s->doc, s->group, "temperatures", SLD_F64, out->n, out->t);
}

sld_status golden_recipe_read(sld_ctx *ctx, sld_doc *doc, const char *group, size_t N, size_t K,
                              golden_recipe *out)
{
    static const struct {
        const char *prefix;
        sld_status (*read)(const source *s, golden_recipe *out);
    } table[]                 = {{"sld_", read_sld},   {"cell_", read_cell}, {"kd_", read_kd},
                                 {"lskd_", read_lskd}, {"dkd_", read_dkd},   {"mlkd", read_mlkd},
                                 {"rld_", read_rld},   {"rc", read_rc},      {"lr", read_lr},
                                 {"swap_", read_swap}, {"nkd_", read_nkd},   {"ctkd_", read_ctkd}};
    const source       s      = {ctx, doc, group};
    const sld_schedule always = sld_schedule_from(0);
    const char        *method = strrchr(group, '/') + 1;

    *out = (golden_recipe){
        .epoch = 1, .parameter = NAN, .params = {.classes = K, .batch = N, .ctkd_ramp = 1}};
    out->params.ce.schedule = out->params.kd.schedule = out->params.lss.schedule = always;
    SLD_TRY(read_temperatures(&s, &out->params.kd.temperatures));
    out->params.lss.temperatures = out->params.kd.temperatures;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strncmp(method, table[i].prefix, strlen(table[i].prefix)) == 0) {
            return table[i].read(&s, out);
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s: expected a method of this build", sld_doc_path(doc),
                    group);
}
