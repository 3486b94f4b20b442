/* results.c: best.h5, last.h5 and results.h5: what a trial gives to its reader. All follow from the
 * state that the checkpoint holds. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

static void describe_weights(const sld_trial *t, sld_weights_info *info)
{
    const sld_dataset *set = t->setup.set;

    *info = (sld_weights_info){
        .classes = (int)set->K, .channels = (int)set->C, .input_size = (int)set->H};
    snprintf(info->network, sizeof info->network, "%s", t->setup.opt->student.network);
    snprintf(info->data_hash, sizeof info->data_hash, "%s", set->hash);
    snprintf(info->data_name, sizeof info->data_name, "%s", set->name);
    memcpy(info->mean, set->mean, sizeof info->mean);
    memcpy(info->std, set->std, sizeof info->std);
}

void sld_trial_content(const sld_trial *t, const sld_named *tensors, size_t n, char content[65])
{
    sld_weights_info info;
    char             sha[65];

    describe_weights(t, &info);
    sld_tensors_sha256(tensors, n, sha);
    sld_weights_content(&info, sha, content);
}

sld_status sld_trial_put_weights(sld_ctx *ctx, const sld_trial *t, sld_arena *arena, sld_doc *doc,
                                 float *values)
{
    sld_weights_info info;
    char             content[65];
    sld_named       *named;
    size_t           n;

    describe_weights(t, &info);
    SLD_TRY(sld_model_named(ctx, arena, t->state.student, values, false, &named, &n));
    sld_trial_content(t, named, n, content);
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "config", sld_config_text(t->setup.params->config)));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "content_sha256", content));
    return sld_weights_put(ctx, doc, &info, named, n);
}

/* Rank 0. made_as: the name that these weights have for good, whatever they are trained on; NULL:
 * they are not final, or the trial's ID does not say all. */
static sld_status publish_weights(sld_ctx *ctx, const sld_trial *t, sld_arena *arena,
                                  const char *path, const char *made_as, float *values,
                                  int64_t epoch)
{
    sld_doc *doc = NULL;

    SLD_TRY(sld_doc_create(ctx, &doc));
    sld_status st = sld_trial_put_weights(ctx, t, arena, doc, values);
    if (st == SLD_OK) {
        st = sld_doc_attr(ctx, doc, "/", "epoch", SLD_I64, 0, &epoch);
    }
    if (st == SLD_OK) {
        st = sld_doc_attr_text(ctx, doc, "/", "id", t->setup.identity.id);
    }
    if (st == SLD_OK && made_as && !sld_trial_is_old(&t->setup.identity)) {
        st = sld_doc_attr_text(ctx, doc, "/", "made_as", made_as);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, path, true);
    }
    sld_doc_close(doc);
    return st;
}

/* Where the teacher's logits came from: how this run went, no part of its result. */
static sld_status put_teacher_use(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const sld_teacher_use *use = &t->state.teacher_use;

    if (t->setup.teacher_files.sha[0]) {
        SLD_TRY(
            sld_doc_attr_text(ctx, doc, "/", "teacher_logits_sha256", t->setup.teacher_files.sha));
    }
    if (!sld_teacher_source_serves(&t->setup.teacher_env)) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_tables_read", SLD_I64, 0, &use->read));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_tables_filled", SLD_I64, 0, &use->filled));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_tables_live", SLD_I64, 0, &use->live));
    if (use->live > 0 && *use->why) {
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "teacher_live_reason", use->why));
    }
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_fill_seconds", SLD_F64, 0, &use->fill_s));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "teacher_wait_seconds", SLD_F64, 0, &use->wait_s));
    return sld_doc_attr(ctx, doc, "/", "teacher_read_seconds", SLD_F64, 0, &use->read_s);
}

static sld_status put_attributes(sld_ctx *ctx, const sld_trial *t, sld_arena *arena, sld_doc *doc,
                                 const char *status)
{
    const double  spent_s = sld_trial_spent(t);
    const int64_t ranks = sld_comm_size(t->setup.comm), epochs = (int64_t)t->state.history.n_epochs;
    int64_t       active = 0;
    char          now[32], sha[65];
    sld_named    *named;
    size_t        n;

    for (size_t e = 1; e <= t->state.history.n_epochs; e++) {
        active += sld_history_get(&t->state.history, "lss_active", e) > 0.0;
    }
    sld_clock_utc(now);
    SLD_TRY(sld_model_named(ctx, arena, t->state.student, NULL, false, &named, &n));
    sld_tensors_sha256(named, n, sha);
    SLD_TRY(sld_doc_put_format(ctx, doc, "sld-results"));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "status", status));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "id", t->setup.identity.id));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "identity", t->setup.identity.text));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "contents", t->setup.identity.contents));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "config", sld_config_text(t->setup.params->config)));
    SLD_TRY(sld_trial_put_fingerprints(ctx, t, doc));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "data", t->setup.set->name));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "data_sha256", t->setup.set->hash));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "weights_sha256", sha));
    if (t->setup.teacher.model) {
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "teacher_sha256", t->setup.teacher.sha));
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "teacher_network",
                                  sld_model_network(t->setup.teacher.model)->name));
    }
    SLD_TRY(put_teacher_use(ctx, t, doc));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "started", t->state.started));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/",
                              strcmp(status, "running") == 0 ? "written" : "finished", now));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "seed", SLD_I64, 0, &t->setup.opt->top.seed));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "run_seconds", SLD_F64, 0, &spent_s));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "ranks", SLD_I64, 0, &ranks));
    SLD_TRY(sld_trial_put_surroundings(ctx, t, doc));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "epochs_done", SLD_I64, 0, &epochs));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "lss_active_epochs", SLD_I64, 0, &active));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "best_epoch", SLD_I64, 0, &t->state.best_epoch));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "best_on", t->setup.best_on_val ? "val" : "test"));
    if (strcmp(status, "diverged") == 0) {
        SLD_TRY(sld_doc_attr(ctx, doc, "/", "diverged_epoch", SLD_I64, 0, &t->state.at.epoch));
        SLD_TRY(sld_doc_attr(ctx, doc, "/", "diverged_step", SLD_I64, 0, &t->state.at.step));
        SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "diverged_in", t->attempt.diverged));
    }
    return SLD_OK;
}

static sld_status put_features(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    static const char *const axes[] = {SLD_AXIS_SAMPLE, "/feature"};

    if (!t->attempt.features) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_axis(ctx, doc, axes[0], 0, t->setup.set->test.n));
    SLD_TRY(sld_doc_axis(ctx, doc, axes[1], 0, sld_infer_feature_count(t->setup.eval)));
    return sld_doc_put_on_axes(ctx, doc, "/features/test_last", SLD_F32, 2, axes,
                               t->attempt.features);
}

static sld_status put_validation(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    static const char *const axes[] = {"/val_sample", SLD_AXIS_CLASS};

    if (t->setup.subset->n_val == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_axis(ctx, doc, axes[0], 0, t->setup.subset->n_val));
    SLD_TRY(sld_doc_put_on_axes(ctx, doc, "/labels/val", SLD_I32, 1, axes, t->setup.labels_val));
    return sld_doc_put_on_axes(ctx, doc, "/logits/val_last", SLD_F32, 2, axes, t->setup.logits_val);
}

static sld_status put_tables(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const sld_dataset *set = t->setup.set;

    SLD_TRY(sld_history_put_table(ctx, &t->state.history, doc, "/epoch"));
    if (set->class_names) {
        SLD_TRY(sld_doc_put_class_names(ctx, doc, set->class_names, set->K));
    }
    SLD_TRY(sld_doc_put_labels(ctx, doc, "/labels/test", set->test.labels, set->test.n));
    if (set->test.coarse) {
        SLD_TRY(sld_doc_put_labels(ctx, doc, "/labels/test_coarse", set->test.coarse, set->test.n));
    }
    SLD_TRY(put_features(ctx, t, doc));
    SLD_TRY(sld_trial_put_label_p(ctx, t, doc));
    if (!t->setup.opt->run.logits || t->state.history.n_epochs == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_put_logits(ctx, doc, "/logits/test_last", t->attempt.logits_last, set->test.n,
                               set->K));
    SLD_TRY(sld_doc_put_logits(ctx, doc, "/logits/test_best", t->attempt.logits_best, set->test.n,
                               set->K));
    SLD_TRY(put_validation(ctx, t, doc));
    if (!t->attempt.logits_teacher) {
        return SLD_OK;
    }
    return sld_doc_put_logits(ctx, doc, "/logits/test_teacher", t->attempt.logits_teacher,
                              set->test.n, set->K);
}

/* Rank 0. */
static sld_status publish_results(sld_ctx *ctx, const sld_trial *t, sld_arena *arena,
                                  const char *status)
{
    char     path[PATH_MAX];
    sld_doc *doc = NULL;

    sld_trial_path(&t->io, SLD_RUN_RESULTS, path);
    SLD_TRY(sld_doc_create(ctx, &doc));
    sld_status st = put_attributes(ctx, t, arena, doc, status);
    if (st == SLD_OK) {
        st = put_tables(ctx, t, doc);
    }
    if (st == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, path, true);
    }
    sld_doc_close(doc);
    return st == SLD_OK ? sld_trial_recheck(ctx, &t->io, path) : st;
}

/* Rank 0. Those of a running attempt follow from its checkpoint: only their end is worth a file. */
static sld_status publish_both_weights(sld_ctx *ctx, const sld_trial *t, sld_arena *arena,
                                       bool running)
{
    const int64_t epochs = (int64_t)t->state.history.n_epochs;
    char          last[PATH_MAX], best[PATH_MAX];

    sld_trial_path(&t->io, SLD_RUN_LAST, last);
    sld_trial_path(&t->io, SLD_RUN_BEST, best);
    if (epochs == 0 || t->state.at.step != 0 || (running && sld_trial_is_attempt(&t->io))) {
        return SLD_OK;
    }
    SLD_TRY(publish_weights(ctx, t, arena, last, running ? NULL : "last.h5", NULL, epochs));
    SLD_TRY(sld_trial_settle(ctx, &t->io, SLD_RUN_LAST));
    SLD_TRY(publish_weights(ctx, t, arena, best, running ? NULL : "best.h5", t->state.best,
                            t->state.best_epoch));
    return sld_trial_settle(ctx, &t->io, SLD_RUN_BEST);
}

/* Rank 0. results.h5 last: when it says done, the weights are there. */
static sld_status publish(sld_ctx *ctx, sld_trial *t, const char *status)
{
    const bool running = strcmp(status, "running") == 0;
    sld_arena *arena   = NULL;
    sld_status st      = sld_trial_check_claim(ctx, &t->io);

    if (st == SLD_OK) {
        st = sld_arena_create(ctx, &arena);
    }
    if (st == SLD_OK) {
        st = publish_both_weights(ctx, t, arena, running);
    }
    if (st == SLD_OK) {
        st = publish_results(ctx, t, arena, status);
    }
    if (st == SLD_OK && !running && sld_trial_is_attempt(&t->io)) {
        st = sld_trial_settle(ctx, &t->io, SLD_RUN_RESULTS);
        if (st == SLD_OK) {
            st = sld_trial_clean(ctx, &t->io);
        }
    }
    sld_arena_destroy(arena);
    return st;
}

sld_status sld_trial_publish(sld_ctx *ctx, sld_trial *t, const char *status)
{
    sld_enter(ctx, SLD_PHASE_RESULTS);
    const sld_status st = sld_agree(
        ctx, t->setup.comm, sld_comm_rank(t->setup.comm) == 0 ? publish(ctx, t, status) : SLD_OK);

    return st;
}

/* Whether run.keep_epochs asks for this epoch. */
static bool is_kept(const sld_options *opt, int64_t epoch)
{
    const sld_list *kept = &opt->run.keep_epochs;
    size_t          i    = 0;

    while (i < kept->n && (int64_t)kept->v[i] != epoch) {
        i++;
    }
    return i < kept->n;
}

sld_status sld_trial_keep(sld_ctx *ctx, sld_trial *t)
{
    const int64_t epoch = t->state.at.epoch - 1;
    sld_arena    *arena = NULL;
    char          path[PATH_MAX], made_as[32];
    sld_status    st = SLD_OK;

    if (!is_kept(t->setup.opt, epoch)) {
        return SLD_OK;
    }
    if (sld_comm_rank(t->setup.comm) == 0) {
        sld_run_epoch_path(t->io.dir, epoch, t->io.attempt, path);
        snprintf(made_as, sizeof made_as, "epoch-%lld.h5", (long long)epoch);
        st = sld_trial_check_claim(ctx, &t->io);
        if (st == SLD_OK) {
            st = sld_arena_create(ctx, &arena);
        }
        if (st == SLD_OK) {
            st = publish_weights(ctx, t, arena, path, made_as, NULL, epoch);
        }
        if (st == SLD_OK) {
            st = sld_trial_settle_epoch(ctx, &t->io, epoch);
        }
        sld_arena_destroy(arena);
    }
    return sld_agree(ctx, t->setup.comm, st);
}

void sld_trial_miss_kept(sld_ctx *ctx, const sld_setup *s, const sld_io *io, int64_t before)
{
    char path[PATH_MAX];

    for (int64_t epoch = 1; epoch < before && sld_comm_rank(s->comm) == 0; epoch++) {
        sld_run_epoch_path(io->dir, epoch, 0, path);
        if (is_kept(s->opt, epoch) && access(path, F_OK) != 0) {
            sld_log(ctx, SLD_LOG_WARN,
                    "run.keep_epochs: epoch %lld was finished before run.keep_epochs listed it; %s "
                    "will not exist",
                    (long long)epoch, path);
        }
    }
}

sld_status sld_trial_stored(sld_ctx *ctx, const sld_io *io, sld_arena *arena, const char *attribute,
                            char **out)
{
    char        path[PATH_MAX];
    sld_doc    *doc  = NULL;
    const char *text = NULL;

    *out = NULL;
    sld_run_path(io->dir, SLD_RUN_RESULTS, 0, path);
    if (access(path, F_OK) != 0) {
        return SLD_OK;
    }
    sld_status st = sld_doc_open(ctx, path, &doc);
    if (st == SLD_ERR_DATA) { /* damaged: it follows from the checkpoint; ended.c tells it once */
        sld_err_clear(ctx);
        return SLD_OK;
    }
    SLD_TRY(st);
    if (!sld_doc_has_attr(doc, "/", attribute)) { /* a file of an earlier version */
        sld_doc_close(doc);
        return SLD_OK;
    }
    st = sld_doc_get_attr_text(ctx, doc, "/", attribute, &text);
    if (st == SLD_OK && !(*out = sld_arena_strdup(arena, text))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s of %s", attribute, path);
    }
    sld_doc_close(doc);
    return st;
}
