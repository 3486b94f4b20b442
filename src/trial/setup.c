/* setup.c: from a configuration to everything that a trial needs in memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

/* Those of a role, teacher or student, which must fit the data set; no path, no model. */
static sld_status load_weights(sld_ctx *ctx, sld_trial *t, const char *role, const char *path,
                               const char *network, sld_model_file *out)
{
    const sld_dataset *set = t->set;
    char               key[32], network_key[32], of[96];

    if (!path[0]) {
        return SLD_OK;
    }
    snprintf(key, sizeof key, "%s.weights", role);
    snprintf(network_key, sizeof network_key, "%s.network", role);
    snprintf(of, sizeof of, "the data set %.80s", set->name);
    if (access(path, R_OK) != 0) {
        return sld_config_reject(
            ctx, t->params->config, key,
            "%s: cannot open: %s (a relative path starts at the current folder)", path,
            strerror(errno));
    }
    SLD_TRY(sld_model_load(ctx, t->arena, path, (int)set->H, (int)set->W, out));
    const sld_weights_use use = {.of          = of,
                                 .classes     = set->K,
                                 .channels    = set->C,
                                 .mean        = out == &t->teacher ? NULL : set->mean,
                                 .std         = set->std,
                                 .network     = network,
                                 .network_key = network_key};
    return sld_weights_fit(ctx, path, &out->info, &use);
}

static sld_status make_models(sld_ctx *ctx, sld_trial *t)
{
    const sld_options *opt = t->opt;
    const sld_dataset *set = t->set;

    SLD_TRY(
        load_weights(ctx, t, "teacher", opt->teacher.weights, opt->teacher.network, &t->teacher));
    if (t->teacher.model) {
        sld_weights_seen_as(t->teacher.sha, &t->teacher.info, set, t->teacher_key);
    }
    SLD_TRY(load_weights(ctx, t, "student", opt->student.weights, opt->student.network, &t->start));
    SLD_TRY(sld_model_create(ctx, opt->student.network, (int)set->H, (int)set->W, (int)set->C,
                             (int)set->K, &t->student));
    sld_model_init(t->student, (uint64_t)opt->seeds.init);
    if (t->start.model) {
        float *values;
        SLD_TRY(sld_arena_alloc(ctx, t->arena, sld_model_floats(t->student) * sizeof(float),
                                (void **)&values));
        sld_model_copy_out(t->start.model, values);
        sld_model_copy_in(t->student, values);
    }
    return SLD_OK;
}

static sld_status make_subset(sld_ctx *ctx, sld_trial *t)
{
    const sld_subset_params params = sld_subset_of(t->opt);

    SLD_TRY(sld_subset_create(ctx, t->set, &params, &t->subset));
    const size_t n = t->subset->n_train, batch = (size_t)t->opt->train.batch;
    if (n == 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "data.train_fraction, data.val_fraction: no training sample is left");
    }
    if (t->opt->train.best_on == SLD_BEST_ON_VAL && t->subset->n_val == 0) {
        return sld_config_reject(ctx, t->params->config, "train.best_on",
                                 "val needs data.val_fraction above 0");
    }
    if (t->opt->data.val_fraction > 0 && t->subset->n_val == 0) {
        return sld_config_reject(
            ctx, t->params->config, "data.val_fraction",
            "%g of each class comes to no sample; a larger share is wanted, or 0",
            t->opt->data.val_fraction);
    }
    t->best_on_val   = t->subset->n_val > 0 && t->opt->train.best_on != SLD_BEST_ON_TEST;
    t->batch_rows[0] = batch < n ? batch : n;
    t->batch_rows[1] = batch < n ? n % batch : 0;
    return SLD_OK;
}

/* Label noise; without it t->labels stays NULL. */
static sld_status make_labels(sld_ctx *ctx, sld_trial *t)
{
    const sld_options     *opt    = t->opt;
    const sld_label_params params = {.rate     = opt->data.label_noise,
                                     .siblings = opt->data.label_noise_kind == SLD_NOISE_SIBLINGS,
                                     .seed     = (uint64_t)opt->data.split_seed};

    return params.rate > 0 ? sld_labels_create(ctx, t->set, &params, &t->labels) : SLD_OK;
}

static sld_status make_local(sld_ctx *ctx, sld_trial *t)
{
    SLD_TRY(make_subset(ctx, t));
    SLD_TRY(make_labels(ctx, t));
    return make_models(ctx, t);
}

static int ask(void *user)
{
    return sld_trial_ask(user);
}

static void report(void *user, const char *doing, int64_t epoch, double share)
{
    sld_trial_show_teacher(user, doing, epoch, share);
}

static sld_status make_teacher_env(sld_ctx *ctx, sld_trial *t)
{
    const size_t         epochs    = (size_t)t->opt->train.epochs;
    const sld_objective *objective = sld_learner_objective(t->learner);

    t->teacher_env = (sld_teacher_env){.comm     = t->comm,
                                       .opt      = t->opt,
                                       .set      = t->set,
                                       .subset   = t->subset,
                                       .loader   = t->loader,
                                       .forward  = sld_learner_teacher(t->learner),
                                       .sha      = t->teacher_key,
                                       .images   = t->images,
                                       .max_rows = sld_learner_max_rows(t->learner),
                                       .arena    = t->arena,
                                       .use      = &t->teacher_use,
                                       .ask      = ask,
                                       .report   = report,
                                       .user     = t};
    for (int v = 0; v < SLD_VIEWS; v++) {
        bool *wanted;
        SLD_TRY(sld_arena_alloc(ctx, t->arena, (epochs + 1) * sizeof *wanted, (void **)&wanted));
        for (size_t e = 1; e <= epochs; e++) {
            wanted[e] = sld_objective_needs_teacher(objective, v, (int64_t)e);
        }
        t->teacher_env.wanted[v] = wanted;
    }
    return SLD_OK;
}

/* Local. After the learner exists: loader, evaluation, history, buffers. */
static sld_status make_rest(sld_ctx *ctx, sld_trial *t)
{
    const sld_options *opt = t->opt;
    const sld_dataset *set = t->set;

    const sld_loader_params loader = {
        .index        = t->subset->train,
        .labels       = t->labels,
        .n            = t->subset->n_train,
        .global_batch = t->batch_rows[0],
        .views        = {t->views[SLD_WEAK], t->views[SLD_STRONG]},
        .order_seed   = (uint64_t)opt->seeds.order,
        .augment      = sld_augment_of(opt),
        .max_rows     = sld_learner_max_rows(t->learner),
    };
    SLD_TRY(sld_loader_create(ctx, set, &loader, &t->loader));
    SLD_TRY(sld_infer_create(ctx, t->student, &t->eval));
    sld_trial_columns(t);
    SLD_TRY(sld_history_reserve(ctx, &t->history, t->arena, (size_t)opt->train.epochs));

    const size_t row = set->K * sizeof(float), picture = set->H * set->W * set->C * sizeof(float);
    SLD_TRY(sld_arena_alloc(ctx, t->arena, set->test.n * row, (void **)&t->logits_last));
    SLD_TRY(sld_arena_alloc(ctx, t->arena, set->test.n * row, (void **)&t->logits_best));
    SLD_TRY(sld_arena_alloc(ctx, t->arena, t->subset->n_val * row, (void **)&t->logits_val));
    SLD_TRY(sld_arena_alloc(ctx, t->arena, t->subset->n_val * sizeof(int32_t),
                            (void **)&t->labels_val));
    SLD_TRY(sld_arena_alloc(ctx, t->arena, SLD_EVAL_CHUNK * picture, (void **)&t->images));
    SLD_TRY(sld_arena_alloc(ctx, t->arena, sld_model_floats(t->student) * sizeof(float),
                            (void **)&t->best));
    sld_learner_fingerprint(t->learner, t->fingerprint, sizeof t->fingerprint);
    return make_teacher_env(ctx, t);
}

/* Collective. Ranks that would compute other bits must not train together. */
static sld_status compare_fingerprints(sld_ctx *ctx, const sld_comm *comm, const sld_trial *t)
{
    bool same = true;

    SLD_TRY(sld_comm_same(ctx, comm, t->fingerprint, sizeof t->fingerprint, &same));
    return same ? SLD_OK
                : sld_agree(ctx, comm,
                            SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                     "the ranks differ in libraries or instruction set, so their "
                                     "bits would: rank %d "
                                     "has %.300s",
                                     sld_comm_rank(comm), t->fingerprint));
}

sld_status sld_trial_setup(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                           sld_trial *t)
{
    memset(t, 0, sizeof *t);
    t->ctx      = ctx;
    t->comm     = comm;
    t->params   = params;
    t->opt      = sld_config_options(params->config);
    t->lock     = -1;
    t->at.epoch = 1;
    SLD_TRY(sld_agree(ctx, comm, sld_arena_create(ctx, &t->arena)));
    sld_enter(ctx, SLD_PHASE_DATA);
    SLD_TRY(sld_open_data(ctx, comm, t->opt, &t->set));
    sld_enter(ctx, SLD_PHASE_PREPARE);
    SLD_TRY(sld_agree(ctx, comm, make_local(ctx, t)));

    sld_learner_params learner = {
        .student = t->student,
        .teacher = t->teacher.model,
        .sgd     = {.momentum = t->opt->train.momentum, .weight_decay = t->opt->train.weight_decay},
        .n_shards   = (int)t->opt->parallel.shards,
        .batch_rows = {t->batch_rows[0], t->batch_rows[1]}};
    sld_precision_named(sld_config_word(t->opt, "student.precision"), &learner.student_precision);
    sld_precision_named(sld_config_word(t->opt, "teacher.precision"), &learner.teacher_precision);
    sld_objective_of(t->opt, t->set->K, &learner.objective);
    sld_views_of(&learner.objective, t->views);
    SLD_TRY(sld_learner_create(ctx, comm, &learner, &t->learner));
    sld_trial_warn(ctx, t, &learner.objective);
    SLD_TRY(sld_agree(
        ctx, comm,
        sld_weights_own_input(ctx, &t->teacher.info, t->set, sld_learner_teacher(t->learner))));
    SLD_TRY(sld_agree(ctx, comm, make_rest(ctx, t)));
    if (t->opt->teacher.logits_files[0]) {
        SLD_TRY(sld_teacher_files_check(ctx, &t->teacher_env, &t->teacher_files));
    }
    SLD_TRY(sld_agree(ctx, comm, sld_trial_identify(ctx, t)));
    return compare_fingerprints(ctx, comm, t);
}

void sld_trial_teardown(sld_trial *t)
{
    sld_teacher_source_destroy(t->source);
    sld_infer_destroy(t->eval);
    sld_learner_destroy(t->learner);
    sld_model_destroy(t->student);
    sld_model_destroy(t->teacher.model);
    sld_model_destroy(t->start.model);
    sld_loader_destroy(t->loader);
    sld_subset_destroy(t->subset);
    free(t->labels);
    sld_dataset_close(t->set);
    sld_arena_destroy(t->arena);
}
