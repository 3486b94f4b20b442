/* setup.c: from a configuration to everything that a trial needs in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

/* Those of a role, teacher or student, which must fit the data set; no path, no model. */
static sld_status load_weights(sld_ctx *ctx, sld_setup *s, const char *role, const char *path,
                               const char *network, sld_model_file *out)
{
    const sld_dataset *set = s->set;
    char               key[32], network_key[32], of[96];

    if (!path[0]) {
        return SLD_OK;
    }
    snprintf(key, sizeof key, "%s.weights", role);
    snprintf(network_key, sizeof network_key, "%s.network", role);
    snprintf(of, sizeof of, "the data set %.80s", set->name);
    SLD_TRY(sld_weights_check_path(ctx, s->params->config, key, path));
    SLD_TRY(sld_model_load(ctx, s->arena, path, (int)set->H, (int)set->W, out));
    const sld_weights_use use = {.of          = of,
                                 .classes     = set->K,
                                 .channels    = set->C,
                                 .mean        = out == &s->teacher ? NULL : set->mean,
                                 .std         = set->std,
                                 .network     = network,
                                 .network_key = network_key};
    return sld_weights_fit(ctx, path, &out->info, &use);
}

static sld_status make_models(sld_ctx *ctx, sld_trial *t)
{
    sld_setup         *s   = &t->setup;
    const sld_options *opt = s->opt;
    const sld_dataset *set = s->set;

    SLD_TRY(sld_data_check_square(ctx, opt, set));
    if (sld_config_wants_teacher(opt)) {
        SLD_TRY(load_weights(ctx, s, "teacher", opt->teacher.weights, opt->teacher.network,
                             &s->teacher));
    }
    if (s->teacher.model) {
        sld_weights_seen_as(s->teacher.sha, &s->teacher.info, set, s->teacher_key);
    }
    SLD_TRY(load_weights(ctx, s, "student", opt->student.weights, opt->student.network, &s->start));
    SLD_TRY(sld_model_create(ctx, opt->student.network, (int)set->H, (int)set->W, (int)set->C,
                             (int)set->K, &t->state.student));
    sld_model_init(t->state.student, (uint64_t)opt->seeds.init);
    if (s->start.model) {
        float *values;
        SLD_TRY(sld_arena_alloc(ctx, s->arena, sld_model_floats(t->state.student) * sizeof(float),
                                (void **)&values));
        sld_model_copy_out(s->start.model, values);
        sld_model_copy_in(t->state.student, values);
    }
    return SLD_OK;
}

static sld_status make_subset(sld_ctx *ctx, sld_setup *s)
{
    const sld_subset_params params = sld_subset_of(s->opt);

    SLD_TRY(sld_subset_create(ctx, s->set, &params, &s->subset));
    sld_subset_warn(ctx, s->set, &params, s->subset);
    const size_t n = s->subset->n_train, batch = (size_t)s->opt->train.batch;
    if (n == 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "data.train_fraction, data.val_fraction: expected at least one training "
                        "sample, got none; raise the one or lower the other");
    }
    if (s->opt->train.best_on == SLD_BEST_ON_VAL && s->subset->n_val == 0) {
        return sld_config_reject(
            ctx, s->params->config, "train.best_on",
            "expected test without data.val_fraction, got val; set data.val_fraction above 0");
    }
    if (s->opt->data.val_fraction > 0 && s->subset->n_val == 0) {
        return sld_config_reject(ctx, s->params->config, "data.val_fraction",
                                 "expected at least one sample of a class, or 0, got %g of each "
                                 "class; choose a larger share",
                                 s->opt->data.val_fraction);
    }
    s->best_on_val   = s->subset->n_val > 0 && s->opt->train.best_on != SLD_BEST_ON_TEST;
    s->batch_rows[0] = batch < n ? batch : n;
    s->batch_rows[1] = batch < n ? n % batch : 0;
    return SLD_OK;
}

/* Label noise; without it s->labels stays NULL. */
static sld_status make_labels(sld_ctx *ctx, sld_setup *s)
{
    const sld_options     *opt    = s->opt;
    const sld_label_params params = {.rate     = opt->data.label_noise,
                                     .siblings = opt->data.label_noise_kind == SLD_NOISE_SIBLINGS,
                                     .seed     = (uint64_t)opt->data.split_seed};

    return params.rate > 0 ? sld_labels_create(ctx, s->set, &params, &s->labels) : SLD_OK;
}

static sld_status make_local(sld_ctx *ctx, sld_trial *t)
{
    SLD_TRY(make_subset(ctx, &t->setup));
    SLD_TRY(make_labels(ctx, &t->setup));
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
    sld_setup           *s         = &t->setup;
    const size_t         epochs    = (size_t)s->opt->train.epochs;
    const sld_objective *objective = sld_learner_objective(s->learner);

    s->teacher_env = (sld_teacher_env){.comm     = s->comm,
                                       .opt      = s->opt,
                                       .set      = s->set,
                                       .subset   = s->subset,
                                       .loader   = s->loader,
                                       .forward  = sld_learner_teacher(s->learner),
                                       .sha      = s->teacher_key,
                                       .images   = s->images,
                                       .max_rows = sld_learner_max_rows(s->learner),
                                       .arena    = s->arena,
                                       .use      = &t->state.teacher_use,
                                       .ask      = ask,
                                       .report   = report,
                                       .user     = t};
    for (int v = 0; v < SLD_VIEWS; v++) {
        bool *wanted;
        SLD_TRY(sld_arena_alloc(ctx, s->arena, (epochs + 1) * sizeof *wanted, (void **)&wanted));
        for (size_t e = 1; e <= epochs; e++) {
            wanted[e] = sld_objective_needs_teacher(objective, v, (int64_t)e);
        }
        s->teacher_env.wanted[v] = wanted;
    }
    return SLD_OK;
}

/* Local. After the learner exists: loader, evaluation, history, buffers. */
static sld_status make_rest(sld_ctx *ctx, sld_trial *t)
{
    sld_setup         *s   = &t->setup;
    const sld_options *opt = s->opt;
    const sld_dataset *set = s->set;

    const sld_loader_params loader = {
        .index        = s->subset->train,
        .labels       = s->labels,
        .n            = s->subset->n_train,
        .global_batch = s->batch_rows[0],
        .views        = {s->views[SLD_WEAK], s->views[SLD_STRONG]},
        .order_seed   = (uint64_t)opt->seeds.order,
        .augment      = sld_augment_of(opt),
        .max_rows     = sld_learner_max_rows(s->learner),
    };
    SLD_TRY(sld_loader_create(ctx, set, &loader, &s->loader));
    SLD_TRY(sld_infer_create(ctx, t->state.student, &s->eval));
    sld_trial_columns(t);
    SLD_TRY(sld_history_reserve(ctx, &t->state.history, s->arena, (size_t)opt->train.epochs));

    const size_t row = set->K * sizeof(float), image = set->H * set->W * set->C * sizeof(float);
    SLD_TRY(sld_arena_alloc(ctx, s->arena, set->test.n * row, (void **)&t->attempt.logits_last));
    SLD_TRY(sld_arena_alloc(ctx, s->arena, set->test.n * row, (void **)&t->attempt.logits_best));
    SLD_TRY(sld_arena_alloc(ctx, s->arena, s->subset->n_val * row, (void **)&s->logits_val));
    SLD_TRY(sld_arena_alloc(ctx, s->arena, s->subset->n_val * sizeof(int32_t),
                            (void **)&s->labels_val));
    SLD_TRY(sld_arena_alloc(ctx, s->arena, SLD_EVAL_CHUNK * image, (void **)&s->images));
    SLD_TRY(sld_arena_alloc(ctx, s->arena, sld_model_floats(t->state.student) * sizeof(float),
                            (void **)&t->state.best));
    SLD_TRY(sld_trial_make_label_p(ctx, t));
    t->state.momentum  = sld_learner_momentum(s->learner);
    t->state.parameter = sld_learner_parameter(s->learner);
    sld_learner_fingerprint(s->learner, s->identity.fingerprint, sizeof s->identity.fingerprint);
    return make_teacher_env(ctx, t);
}

/* Collective. Ranks that would compute other bits must not train together. */
static sld_status compare_fingerprints(sld_ctx *ctx, const sld_comm *comm, const sld_setup *s)
{
    char first[sizeof s->identity.fingerprint];
    bool same = true;

    SLD_TRY(
        sld_comm_same(ctx, comm, s->identity.fingerprint, sizeof s->identity.fingerprint, &same));
    if (same) {
        return SLD_OK;
    }
    memcpy(first, s->identity.fingerprint, sizeof first);
    SLD_TRY(sld_comm_bcast(ctx, comm, first, sizeof first, 0));
    return sld_agree(ctx, comm,
                     strcmp(first, s->identity.fingerprint) == 0
                         ? SLD_OK
                         : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                    "ranks: expected one set of libraries and instructions on all, "
                                    "or the bits would differ; rank %d has %.200s, rank 0 has "
                                    "%.200s; start all ranks on machines of one kind",
                                    sld_comm_rank(comm), s->identity.fingerprint, first));
}

sld_status sld_trial_setup(sld_ctx *ctx, const sld_comm *comm, const sld_trial_params *params,
                           sld_trial *t)
{
    sld_setup *s = &t->setup;

    memset(t, 0, sizeof *t);
    t->ctx            = ctx;
    s->comm           = comm;
    s->params         = params;
    s->opt            = sld_config_options(params->config);
    t->io.lock        = -1;
    t->io.attempt     = s->opt->run.attempt;
    t->io.claim       = s->opt->run.claim;
    t->state.at.epoch = 1;
    SLD_TRY(sld_agree(ctx, comm, sld_arena_create(ctx, &s->arena)));
    sld_enter(ctx, SLD_PHASE_DATA);
    SLD_TRY(sld_open_data(ctx, comm, s->opt, &s->set));
    sld_enter(ctx, SLD_PHASE_PREPARE);
    SLD_TRY(sld_agree(ctx, comm, make_local(ctx, t)));

    sld_learner_params learner = {
        .student = t->state.student,
        .teacher = s->teacher.model,
        .sgd     = {.momentum = s->opt->train.momentum, .weight_decay = s->opt->train.weight_decay},
        .n_shards   = (int)s->opt->parallel.shards,
        .batch_rows = {s->batch_rows[0], s->batch_rows[1]}};
    sld_precision_named(sld_config_word(s->opt, "student.precision"), &learner.student_precision);
    sld_precision_named(sld_config_word(s->opt, "teacher.precision"), &learner.teacher_precision);
    sld_objective_of(s->opt, s->set->K, &learner.objective);
    sld_views_of(&learner.objective, s->views);
    SLD_TRY(sld_learner_create(ctx, comm, &learner, &s->learner));
    sld_trial_warn(ctx, s, t->state.student, &learner.objective);
    SLD_TRY(sld_agree(
        ctx, comm,
        sld_weights_own_input(ctx, &s->teacher.info, s->set, sld_learner_teacher(s->learner))));
    SLD_TRY(sld_agree(ctx, comm, make_rest(ctx, t)));
    if (sld_config_wants_teacher(s->opt) && s->opt->teacher.logits_files[0]) {
        SLD_TRY(sld_teacher_files_check(ctx, &s->teacher_env, &s->teacher_files));
        SLD_TRY(sld_teacher_files_test(ctx, &s->teacher_env, &s->teacher_files));
    }
    SLD_TRY(sld_agree(ctx, comm, sld_trial_identify(ctx, s)));
    return compare_fingerprints(ctx, comm, s);
}

void sld_trial_teardown(sld_trial *t)
{
    sld_setup *s = &t->setup;

    sld_teacher_source_destroy(t->attempt.source);
    sld_infer_destroy(s->eval);
    sld_learner_destroy(s->learner);
    sld_model_destroy(t->state.student);
    sld_model_destroy(s->teacher.model);
    sld_model_destroy(s->start.model);
    sld_loader_destroy(s->loader);
    sld_subset_destroy(s->subset);
    free(s->labels);
    sld_dataset_close(s->set);
    sld_arena_destroy(s->arena);
}
