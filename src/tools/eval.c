/* eval.c: a weights file on a split of a data set. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/tools.h"

sld_status sld_weights_config(sld_ctx *ctx, const char *path, char **text)
{
    sld_weights_info info;
    sld_doc         *doc  = NULL;
    const char      *held = NULL;
    sld_status       st;

    *text = NULL;
    SLD_TRY(sld_doc_open(ctx, path, &doc));
    st = sld_weights_info_get(ctx, doc, &info);
    if (st == SLD_OK && sld_doc_has_attr(doc, "/", "config")) {
        st = sld_doc_get_attr_text(ctx, doc, "/", "config", &held);
    }
    if (st == SLD_OK && held && !(*text = strdup(held))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the configuration in %s", path);
    }
    sld_doc_close(doc);
    return st;
}

typedef struct evaluation {
    sld_arena        *arena;
    sld_dataset      *set;
    sld_subset       *subset;
    sld_model_file    file;
    sld_infer        *infer;
    const sld_images *images;
    const uint32_t   *index; /* NULL: all images */
    size_t            n;
    float            *chunk, *logits; /* (SLD_EVAL_CHUNK,H,W,C), (n,K) */
    float            *features;       /* (n,F); NULL: not wanted */
    bool              other_classes;  /* the data set has: there are features, but no logits */
    int32_t          *labels;         /* (n) */
} evaluation;

static sld_status choose_split(sld_ctx *ctx, const sld_eval_params *params, evaluation *e)
{
    const sld_subset_params subset = sld_subset_of(sld_config_options(params->config));

    SLD_TRY(sld_subset_create(ctx, e->set, &subset, &e->subset));
    e->images = &e->set->train;
    if (strcmp(params->split, "val") == 0) {
        sld_subset_warn_val(ctx, e->set, &subset, e->subset);
    }
    if (strcmp(params->split, "test") == 0) {
        e->images = &e->set->test;
        e->n      = e->images->n;
    } else if (strcmp(params->split, "train") == 0) {
        e->index = e->subset->train;
        e->n     = e->subset->n_train;
    } else if (strcmp(params->split, "val") == 0) {
        e->index = e->subset->val;
        e->n     = e->subset->n_val;
    } else {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "--split: expected test, train or val, got '%s'",
                        params->split);
    }
    return e->n > 0 ? SLD_OK
                    : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                               "--split: expected a split with samples, got %s, which has none",
                               params->split);
}

/* other: how many of the samples the run did not treat as the split's name says. */
static void tell_other(sld_ctx *ctx, const sld_eval_params *params, const evaluation *e, bool val,
                       bool held_out, size_t other)
{
    const char *why = !val       ? "the run chose others"
                      : held_out ? "the run held out others"
                                 : "the run held out none";

    sld_log(ctx, SLD_LOG_WARN, "%s: %zu of the %zu samples of %s were %strained on: %s%s",
            params->weights, other, e->n, params->split, val ? "" : "not ", why,
            val && !held_out ? ""
                             : "; for the run's own leave out data.train_fraction, "
                               "data.val_fraction, data.per_class and data.split_seed");
}

/* The command line can cut train in another way than the run did. */
static sld_status warn_trained(sld_ctx *ctx, const sld_eval_params *params, const evaluation *e)
{
    const bool     val = e->index == e->subset->val;
    sld_trained_on run;

    if (!e->index) {
        return SLD_OK;
    }
    SLD_TRY(sld_weights_trained_on(ctx, params->weights, &e->file, e->set, e->index, e->n, &run));
    const size_t other = val ? run.n : e->n - run.n;
    if (run.told && other > 0) {
        tell_other(ctx, params, e, val, run.held_out, other);
    }
    return SLD_OK;
}

/* The images are normalised as the weights were trained, not as the data set would. */
static sld_status check_data(sld_ctx *ctx, const sld_eval_params *params, evaluation *e)
{
    const sld_weights_info *info = &e->file.info;
    sld_dataset            *set  = e->set;
    char                    of[96];

    snprintf(of, sizeof of, "the data set %.80s", set->name);
    e->other_classes = params->features && params->any_data && (size_t)info->classes != set->K;
    const sld_weights_use use = {
        .of = of, .classes = e->other_classes ? 0 : set->K, .channels = set->C};
    SLD_TRY(sld_weights_fit(ctx, params->weights, info, &use));
    if (info->data_hash[0] && strcmp(info->data_hash, set->hash) != 0 && !params->any_data) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected weights trained on the data set %s (%.12s...), got some "
                        "trained on %s (%.12s...); --any-data accepts them",
                        params->weights, set->name, set->hash, info->data_name, info->data_hash);
    }
    memcpy(set->mean, info->mean, set->C * sizeof *set->mean);
    memcpy(set->std, info->std, set->C * sizeof *set->std);
    return SLD_OK;
}

/* Local. */
static sld_status prepare(sld_ctx *ctx, const sld_eval_params *params, evaluation *e)
{
    sld_dataset *set = e->set;

    SLD_TRY(sld_model_load(ctx, e->arena, params->weights, (int)set->H, (int)set->W, &e->file));
    SLD_TRY(check_data(ctx, params, e));
    SLD_TRY(choose_split(ctx, params, e));
    SLD_TRY(warn_trained(ctx, params, e));
    sld_precision precision;
    if (!sld_precision_named(params->precision, &precision)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "--precision: expected f32 or bf16, got '%s'",
                        params->precision);
    }
    SLD_TRY(sld_infer_create_in(ctx, e->file.model, precision, &e->infer));
    SLD_TRY(sld_infer_refresh(ctx, e->infer));
    SLD_TRY(sld_arena_alloc(ctx, e->arena, e->n * set->K * sizeof(float), (void **)&e->logits));
    SLD_TRY(sld_arena_alloc(ctx, e->arena, e->n * sizeof(int32_t), (void **)&e->labels));
    if (params->features) {
        SLD_TRY(sld_arena_alloc(ctx, e->arena,
                                e->n * sld_infer_feature_count(e->infer) * sizeof(float),
                                (void **)&e->features));
    }
    for (size_t i = 0; i < e->n; i++) {
        e->labels[i] = e->images->labels[e->index ? e->index[i] : i];
    }
    return sld_arena_alloc(ctx, e->arena, SLD_EVAL_CHUNK * set->H * set->W * set->C * sizeof(float),
                           (void **)&e->chunk);
}

/* Rank 0. */
static sld_status write_logits(sld_ctx *ctx, const sld_eval_params *params, const evaluation *e)
{
    sld_doc *doc = NULL;

    SLD_TRY(sld_doc_create(ctx, &doc));
    const size_t dims[2] = {e->n, e->set->K}, wide[2] = {e->n, sld_infer_feature_count(e->infer)};
    sld_status   st = SLD_OK;
    if (!e->other_classes) {
        st = sld_doc_put(ctx, doc, "/logits", SLD_F32, 2, dims, e->logits);
    }
    if (st == SLD_OK) {
        st = sld_doc_put(ctx, doc, "/labels", SLD_I32, 1, dims, e->labels);
    }
    if (st == SLD_OK && e->features) {
        st = sld_doc_put(ctx, doc, "/features", SLD_F32, 2, wide, e->features);
    }
    if (st == SLD_OK) {
        st = sld_doc_attr_text(ctx, doc, "/", "weights_sha256", e->file.sha);
    }
    if (st == SLD_OK) {
        st = sld_doc_attr_text(ctx, doc, "/", "data_sha256", e->set->hash);
    }
    if (st == SLD_OK) {
        st = sld_doc_attr_text(ctx, doc, "/", "split", params->split);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, params->logits, params->replace);
    }
    sld_doc_close(doc);
    return st;
}

/* Collective. */
static sld_status run(sld_ctx *ctx, const sld_comm *comm, const sld_eval_params *params,
                      evaluation *e, sld_metrics *out)
{
    *out = (sld_metrics){.n = (int64_t)e->n, .top1 = NAN, .top5 = NAN, .loss = NAN};
    const sld_eval_set in = {e->set, e->images, e->index, e->n, e->chunk};
    if (params->features) {
        SLD_TRY(sld_evaluate_features(ctx, comm, e->infer, &in, e->features));
    }
    if (e->other_classes) {
        return SLD_OK;
    }
    SLD_TRY(sld_evaluate(ctx, comm, e->infer, &in, e->logits));
    *out = sld_metrics_of(e->logits, e->labels, e->n, e->set->K);
    if (!isfinite(out->loss)) { /* the logits are on every rank: all come to this */
        return sld_agree(ctx, comm,
                         SLD_FAIL(ctx, SLD_ERR_DATA,
                                  "%s: expected finite logits on %s, got a loss of %g; its "
                                  "weights, mean or std are out of bounds",
                                  params->weights, params->split, out->loss));
    }
    return SLD_OK;
}

/* Collective. */
static sld_status evaluate(sld_ctx *ctx, const sld_comm *comm, const sld_eval_params *params,
                           evaluation *e, sld_metrics *out)
{
    SLD_TRY(sld_agree(ctx, comm, sld_arena_create(ctx, &e->arena)));
    SLD_TRY(sld_open_data(ctx, comm, sld_config_options(params->config), &e->set));
    SLD_TRY(sld_agree(ctx, comm, prepare(ctx, params, e)));
    SLD_TRY(run(ctx, comm, params, e, out));
    const bool writes = params->logits && sld_comm_rank(comm) == 0;
    sld_enter(ctx, SLD_PHASE_RESULTS);
    return sld_agree(ctx, comm, writes ? write_logits(ctx, params, e) : SLD_OK);
}

sld_status sld_eval_run(sld_ctx *ctx, const sld_comm *comm, const sld_eval_params *params,
                        sld_metrics *out)
{
    evaluation       e  = {0};
    const sld_status st = evaluate(ctx, comm, params, &e, out);

    if (st != SLD_OK && !ctx->err.agreed) {
        return st;
    }
    sld_infer_destroy(e.infer);
    sld_model_destroy(e.file.model);
    sld_subset_destroy(e.subset);
    sld_dataset_close(e.set);
    sld_arena_destroy(e.arena);
    return st;
}
