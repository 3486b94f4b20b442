/* bench_epoch.c: a short trial on the synthetic set in a folder of its own: what a run spends on
 * its data, on evaluation and on its files. It writes what an epoch leaves (a checkpoint, weights,
 * results) and results.h5 once more at its start. Of few samples these are short: their logits at
 * full size are written besides, so that files cost rather too much here than too little. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "sld/config.h"
#include "sld/store.h"
#include "sld/trial.h"

enum { CLASSES = 20, SIDE = 32, CHANNELS = 3, N_TEST = 512, FOLDER = 1024 };

/* Rank 0. Random weights of the teacher as a file. */
static sld_status write_teacher(sld_ctx *ctx, const char *network, const char *path)
{
    sld_weights_info info  = {.classes    = CLASSES,
                              .channels   = CHANNELS,
                              .input_size = SIDE,
                              .mean       = {0.5f, 0.5f, 0.5f}, /* the synthetic set's */
                              .std        = {0.18f, 0.18f, 0.18f}};
    sld_model       *model = NULL;
    sld_arena       *arena = NULL;
    sld_doc         *doc   = NULL;
    sld_named       *named = NULL;
    size_t           n     = 0;

    snprintf(info.network, sizeof info.network, "%s", network);
    sld_status st = sld_model_create(ctx, network, SIDE, SIDE, CHANNELS, CLASSES, &model);
    if (st == SLD_OK && (st = sld_arena_create(ctx, &arena)) == SLD_OK) {
        sld_model_init(model, 1);
        st = sld_model_named(ctx, arena, model, NULL, false, &named, &n);
    }
    if (st == SLD_OK && (st = sld_doc_create(ctx, &doc)) == SLD_OK &&
        (st = sld_weights_put(ctx, doc, &info, named, n)) == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, path, true);
    }
    sld_doc_close(doc);
    sld_arena_destroy(arena);
    sld_model_destroy(model);
    return st;
}

/* The path folder/name as a text of YAML. */
static void put_path(FILE *to, const char *folder, const char *name)
{
    char path[2 * FOLDER];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    sld_text_quote_yaml(to, path);
}

/* Local. One epoch of n_train samples in folder/run. */
static sld_status make_config(sld_ctx *ctx, const sld_bench_params *params, size_t n_train,
                              const char *folder, sld_config **out)
{
    char  *text = NULL;
    size_t n;
    FILE  *to = open_memstream(&text, &n);

    if (!to) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the experiment of the trial");
    }
    if (params->teacher) {
        fputs("method: sld\nstudent_swap_after: 0\nteacher: {weights: ", to);
        put_path(to, folder, "teacher.h5");
        fprintf(to, ", precision: %s}\n", params->teacher_precision);
    } else {
        fputs("method: none\nce: {strong: 1}\n", to);
    }
    fprintf(to,
            "student: {network: %s, precision: %s}\nsynthetic: {train: %zu, test: %d}\n"
            "train: {epochs: 1, batch: %zu, lr_stages: []}\n"
            "parallel: {shards: %d}\nrun: {logits: false, dir: ",
            params->student, params->student_precision, n_train, N_TEST, params->batch,
            params->shards);
    put_path(to, folder, "run");
    fputs("}\n", to);
    sld_status st = fclose(to) == 0 ? SLD_OK
                                    : SLD_FAIL(ctx, SLD_ERR_NOMEM,
                                               "out of memory: the experiment of the trial");
    if (st == SLD_OK) {
        st = sld_config_parse(ctx, "bench", text, n, NULL, 0, sld_method_defaults, out);
    }
    free(text);
    return st;
}

/* Collective. */
static sld_status run_trial(sld_ctx *ctx, const sld_comm *comm, const sld_bench_params *params,
                            size_t n_train, const char *folder)
{
    sld_config *config = NULL;
    sld_outcome outcome;
    char        path[2 * FOLDER];

    snprintf(path, sizeof path, "%s/teacher.h5", folder);
    sld_status st = params->teacher && sld_comm_rank(comm) == 0
                        ? write_teacher(ctx, params->teacher, path)
                        : SLD_OK;
    if (st == SLD_OK) {
        st = make_config(ctx, params, n_train, folder, &config);
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        const sld_trial_params trial = {.config = config, .name = "bench"};
        const sld_log_level    level = ctx->log_level;
        ctx->log_level               = SLD_LOG_ERROR; /* the trial has nothing to tell */
        st                           = sld_trial_run(ctx, comm, &trial, &outcome);
        ctx->log_level               = level;
    }
    sld_config_destroy(config);
    return st;
}

/* Rank 0. What results.h5 of CIFAR-100 holds and the trial's, of few samples, does not. */
static sld_status write_logits(sld_ctx *ctx, const char *path)
{
    const size_t n = SLD_BENCH_EPOCH_TEST, K = SLD_BENCH_EPOCH_CLASSES;
    sld_doc     *doc    = NULL;
    float       *logits = calloc(n * K, sizeof *logits);
    int32_t     *labels = calloc(n, sizeof *labels);
    sld_status   st     = logits && labels
                              ? SLD_OK
                              : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu x %zu logits", n, K);

    if (st == SLD_OK && (st = sld_doc_create(ctx, &doc)) == SLD_OK &&
        (st = sld_doc_put_labels(ctx, doc, "/labels/test", labels, n)) == SLD_OK &&
        (st = sld_doc_put_logits(ctx, doc, "/logits/test_last", logits, n, K)) == SLD_OK &&
        (st = sld_doc_put_logits(ctx, doc, "/logits/test_best", logits, n, K)) == SLD_OK) {
        st = sld_doc_publish(ctx, &doc, path, true);
    }
    sld_doc_close(doc);
    free(logits);
    free(labels);
    return st;
}

/* Collective. Seconds that all ranks wait for it. */
static sld_status time_logits(sld_ctx *ctx, const sld_comm *comm, const char *folder,
                              double *seconds)
{
    const double start_s = sld_clock_s();
    char         path[2 * FOLDER];

    snprintf(path, sizeof path, "%s/logits.h5", folder);
    SLD_TRY(sld_agree(ctx, comm, sld_comm_rank(comm) == 0 ? write_logits(ctx, path) : SLD_OK));
    *seconds = sld_clock_s() - start_s;
    return SLD_OK;
}

static double with_waits(const sld_times *t, int phase)
{
    return t->spent_s[phase] + t->waited_s[phase];
}

/* The ranks meet once a batch is loaded: that wait is the step's. */
static double steps_of(const sld_times *t)
{
    double sum = t->waited_s[SLD_PHASE_BATCH];

    for (int phase = SLD_PHASE_TEACHER; phase <= SLD_PHASE_UPDATE; phase++) {
        sum += with_waits(t, phase);
    }
    return sum;
}

sld_status sld_bench_epoch(sld_ctx *ctx, const sld_comm *comm, const sld_bench_params *params,
                           size_t n_train, sld_bench_result *out)
{
    const char *tmp = getenv("TMPDIR");
    char        folder[FOLDER];
    sld_times   t;
    double      logits_s = 0;
    sld_status  st       = SLD_OK;

    snprintf(folder, sizeof folder, "%.900s/sld-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (sld_comm_rank(comm) == 0 && !mkdtemp(folder)) {
        st = SLD_FAIL(ctx, SLD_ERR_IO,
                      "%s: cannot make a folder there: %s; set TMPDIR to another place", folder,
                      strerror(errno));
    }
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_comm_bcast(ctx, comm, folder, sizeof folder, 0));
    st = run_trial(ctx, comm, params, n_train, folder);
    t  = *sld_times_now(ctx);
    if (st == SLD_OK) {
        st = time_logits(ctx, comm, folder, &logits_s);
    }
    if (sld_comm_rank(comm) == 0) {
        sld_file_remove_tree(folder);
    }
    SLD_TRY(st);

    const double longer = (double)SLD_BENCH_EPOCH_TRAIN / (double)n_train;
    const double load = t.spent_s[SLD_PHASE_BATCH] * longer, steps = steps_of(&t) * longer,
                 evaluate = with_waits(&t, SLD_PHASE_EVALUATE) * SLD_BENCH_EPOCH_TEST / N_TEST,
                 files = with_waits(&t, SLD_PHASE_CHECKPOINT) + with_waits(&t, SLD_PHASE_RESULTS) +
                         logits_s;
    const double all                      = load + steps + evaluate + files;
    out->v[SLD_BENCH_epoch_samples_per_s] = SLD_BENCH_EPOCH_TRAIN / (load + steps);
    out->v[SLD_BENCH_input_of_step]       = load / (load + steps);
    out->v[SLD_BENCH_epoch_augmentation]  = load / all;
    out->v[SLD_BENCH_epoch_steps]         = steps / all;
    out->v[SLD_BENCH_epoch_evaluation]    = evaluate / all;
    out->v[SLD_BENCH_epoch_files]         = files / all;
    out->epoch_samples                    = n_train;
    return SLD_OK;
}
