/* probe.c: optimiser steps on given batches, to be held against another implementation. It reads
 * image_weak and image_strong (K,N,C,H,W), float32 and normalised, and labels (K,N), and writes, for
 * steps k = 0 .. K-1:
 *
 *   /loss/TERM_VIEW (K)                                unweighted mean over the batch
 *   /loss/total (K)                                    weighted sum over terms and views
 *   /logits/student_VIEW, teacher_VIEW (K,N,classes)
 *   /gradient/NAME (K,...)                             of the total, without weight decay; on request
 *   /param_norm/NAME (K)                               2-norm after the step
 *   /model/NAME                                        the student after the last step, as weights */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "sld/tools.h"

/* ---- reading ---- */

/* The sizes are those of the first view used; labels and the other view must have them too. */
static sld_status read_shape(sld_ctx *ctx, probe *p)
{
    size_t dims[SLD_DOC_DIMS];
    int    n_dims, first = p->views[SLD_WEAK] ? SLD_WEAK : SLD_STRONG;

    SLD_TRY(sld_doc_dims(ctx, p->in, probe_image_path[first], &n_dims, dims));
    if (n_dims == 5 && (dims[0] == 0 || dims[1] == 0)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected at least one sample, got %zu batches of %zu",
                        sld_doc_path(p->in), probe_image_path[first], dims[0], dims[1]);
    }
    if (n_dims != 5) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: %s: expected 5 axes (batches, samples, channels, height, width), got %d",
            sld_doc_path(p->in), probe_image_path[first], n_dims);
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!p->views[v]) {
            continue;
        }
        SLD_TRY(sld_doc_check_shape(ctx, p->in, probe_image_path[v], 5, dims));
        if (!sld_doc_is_floating(p->in, probe_image_path[v])) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: %s: expected floating-point numbers, got another type; normalise "
                            "the pixels: (images / 255 - mean) / std",
                            sld_doc_path(p->in), probe_image_path[v]);
        }
    }
    p->steps = dims[0];
    p->N     = dims[1];
    p->C     = dims[2];
    p->H     = dims[3];
    p->W     = dims[4];
    return sld_doc_check_shape(ctx, p->in, "/labels", 2, dims);
}

static sld_status read_batches(sld_ctx *ctx, probe *p)
{
    const size_t rows = p->steps * p->N, image = p->C * p->H * p->W;

    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!p->views[v]) {
            continue;
        }
        SLD_TRY(
            sld_arena_alloc(ctx, p->arena, rows * image * sizeof(float), (void **)&p->images[v]));
        SLD_TRY(
            sld_arena_alloc(ctx, p->arena, p->N * image * sizeof(float), (void **)&p->input[v]));
        SLD_TRY(sld_doc_get(ctx, p->in, probe_image_path[v], SLD_F32, rows * image, p->images[v]));
    }
    SLD_TRY(probe_check_pixels(ctx, p));
    SLD_TRY(sld_arena_alloc(ctx, p->arena, rows * sizeof(int32_t), (void **)&p->labels));
    SLD_TRY(sld_arena_alloc(ctx, p->arena, p->N * sizeof(uint32_t), (void **)&p->sample));
    SLD_TRY(sld_doc_get(ctx, p->in, "/labels", SLD_I32, rows, p->labels));
    for (size_t i = 0; i < p->N; i++) {
        p->sample[i] = (uint32_t)i;
    }
    for (size_t s = 0; s < p->steps; s++) {
        for (size_t i = 0; i < p->N; i++) {
            const int32_t label = p->labels[s * p->N + i];
            if (label < 0 || (size_t)label >= p->classes) {
                return SLD_FAIL(ctx, SLD_ERR_DATA,
                                "%s: /labels: (%zu,%zu): expected 0 to %zu, got %d",
                                sld_doc_path(p->in), s, i, p->classes - 1, (int)label);
            }
        }
    }
    return SLD_OK;
}

/* Weights of a role, which must fit the batches, and what is known of the classes by now. */
static sld_status load_weights(sld_ctx *ctx, probe *p, const char *path, const char *network,
                               const char *network_key, sld_model_file *out)
{
    SLD_TRY(sld_model_load(ctx, p->arena, path, (int)p->H, (int)p->W, out));
    const sld_weights_use use = {.of          = "teacher.weights",
                                 .classes     = p->classes,
                                 .network     = network,
                                 .network_key = network_key};
    const sld_weights_use in  = {.of = sld_doc_path(p->in), .channels = p->C};

    SLD_TRY(sld_weights_fit(ctx, path, &out->info, &in));
    SLD_TRY(sld_weights_fit(ctx, path, &out->info, &use));
    p->classes = (size_t)out->info.classes;
    return SLD_OK;
}

/* The classes are the teacher's or the starting weights'. */
static sld_status make_models(sld_ctx *ctx, probe *p)
{
    const sld_options *opt = p->opt;

    if (opt->teacher.weights[0]) {
        SLD_TRY(load_weights(ctx, p, opt->teacher.weights, opt->teacher.network, "teacher.network",
                             &p->teacher));
    }
    if (opt->student.weights[0]) {
        SLD_TRY(load_weights(ctx, p, opt->student.weights, opt->student.network, "student.network",
                             &p->start));
        p->student = p->start.model;
        return SLD_OK;
    }
    if (p->classes == 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "student.weights: expected weights here or in teacher.weights, which tell "
                        "a probe the number of classes, got none");
    }
    SLD_TRY(sld_model_create(ctx, opt->student.network, (int)p->H, (int)p->W, (int)p->C,
                             (int)p->classes, &p->student));
    sld_model_init(p->student, (uint64_t)opt->seeds.init);
    return SLD_OK;
}

/* Local. */
static sld_status prepare(sld_ctx *ctx, probe *p, sld_objective_params *objective)
{
    if (p->params->epoch > p->opt->train.epochs) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "--epoch: expected at most the experiment's %lld epochs, got %lld",
                        (long long)p->opt->train.epochs, (long long)p->params->epoch);
    }
    if (p->opt->teacher.logits_files[0]) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "teacher.logits_files: expected teacher.weights for a probe, whose batches "
                        "are of no data set, got files of logits");
    }
    sld_objective_of(p->opt, 2, objective);
    sld_views_of(objective, p->views);
    SLD_TRY(sld_arena_create(ctx, &p->arena));
    SLD_TRY(sld_doc_open(ctx, p->params->batches, &p->in));
    SLD_TRY(read_shape(ctx, p));
    SLD_TRY(make_models(ctx, p));
    objective->classes = p->classes;
    return read_batches(ctx, p);
}

/* Local. Room for the answers. */
static sld_status make_answers(sld_ctx *ctx, probe *p)
{
    const size_t terms   = sld_objective_terms(sld_learner_objective(p->learner));
    const size_t doubles = p->steps * sizeof(double), values = p->steps * p->N * p->classes,
                 logits = values * sizeof(float);

    SLD_TRY(sld_arena_alloc(ctx, p->arena, doubles, (void **)&p->total));
    SLD_TRY(sld_arena_alloc(ctx, p->arena, doubles * sld_model_tensor_count(p->student),
                            (void **)&p->norm));
    for (int v = 0; v < SLD_VIEWS; v++) {
        for (size_t i = 0; i < terms; i++) {
            SLD_TRY(sld_arena_alloc(ctx, p->arena, doubles, (void **)&p->loss[v][i]));
        }
        SLD_TRY(sld_arena_alloc(ctx, p->arena, logits, (void **)&p->z_s[v]));
        SLD_TRY(sld_arena_alloc(ctx, p->arena, logits, (void **)&p->z_t[v]));
        for (size_t i = 0; i < values; i++) {
            p->z_t[v][i] = NAN; /* of a view that no term asks the teacher about */
        }
    }
    if (!p->params->gradients) {
        return SLD_OK;
    }
    return sld_arena_alloc(ctx, p->arena,
                           p->steps * sld_model_trained_count(p->student) * sizeof(float),
                           (void **)&p->gradient);
}

/* ---- steps ---- */

/* (N,C,H,W) -> (n,H,W,C) of the rows [begin, end). */
static void to_nhwc(const probe *p, const float *images, sld_range mine, float *out)
{
    const size_t pixels = p->H * p->W;

    for (size_t n = mine.begin; n < mine.end; n++) {
        const float *in = images + n * p->C * pixels;
        for (size_t i = 0; i < pixels; i++) {
            for (size_t c = 0; c < p->C; c++) {
                *out++ = in[c * pixels + i];
            }
        }
    }
}

/* Local. This step's numbers; logits of this rank's rows at their place. */
static void keep_step(probe *p, size_t k, sld_range mine, const sld_step_output *step)
{
    const size_t         n_trained = sld_model_trained_count(p->student);
    const sld_objective *o         = sld_learner_objective(p->learner);
    const size_t         at        = (k * p->N + mine.begin) * p->classes,
                 n                 = (mine.end - mine.begin) * p->classes * sizeof(float);

    for (int v = 0; v < SLD_VIEWS; v++) {
        const float *z_s = sld_learner_student_logits(p->learner, v),
                    *z_t = sld_learner_teacher_logits(p->learner, v);
        if (z_s) {
            memcpy(p->z_s[v] + at, z_s, n);
            p->total[k] += step->sums[v].total / (double)p->N;
        }
        if (z_t) {
            memcpy(p->z_t[v] + at, z_t, n);
        }
        for (size_t i = 0; i < sld_objective_terms(o); i++) {
            const bool computed = sld_objective_weight(o, i, v, p->params->epoch) != 0.0;
            p->loss[v][i][k]    = computed ? step->sums[v].loss[i] / (double)p->N : NAN;
        }
    }
    for (size_t i = 0; i < sld_model_tensor_count(p->student); i++) {
        const sld_tensor *t   = sld_model_tensor(p->student, i);
        double            sum = 0.0;
        for (size_t j = 0; j < t->n; j++) {
            sum += (double)t->values[j] * t->values[j];
        }
        p->norm[i * p->steps + k] = sqrt(sum);
    }
    if (p->gradient) {
        memcpy(p->gradient + k * n_trained, sld_learner_gradient(p->learner),
               n_trained * sizeof(float));
    }
}

/* Collective. *finite false: a step was not, which is told, and the later ones are not taken. */
static sld_status take_steps(sld_ctx *ctx, const sld_comm *comm, probe *p, double lr, bool *finite)
{
    const sld_range mine = sld_learner_rows(p->learner, 0);

    *finite = true;
    for (size_t k = 0; k < p->steps; k++) {
        sld_step_input  in = {.labels = p->labels + k * p->N + mine.begin,
                              .sample = p->sample + mine.begin,
                              .epoch  = p->params->epoch,
                              .lr     = lr};
        sld_step_output out;

        for (int v = 0; v < SLD_VIEWS; v++) {
            if (p->views[v]) {
                to_nhwc(p, p->images[v] + k * p->N * p->C * p->H * p->W, mine, p->input[v]);
                in.view[v] = p->input[v];
            }
        }
        SLD_TRY(sld_agree(ctx, comm, SLD_OK));
        SLD_TRY(sld_learner_step(ctx, p->learner, &in, &out));
        const char *bad = out.finite ? sld_learner_not_finite(p->learner) : out.what;
        if (bad) {
            sld_log(ctx, SLD_LOG_ERROR, "diverged in batch %zu: %s not finite; %s is not written",
                    k, bad, p->params->out);
            *finite = false;
            return SLD_OK;
        }
        keep_step(p, k, mine, &out);
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        for (size_t k = 0; p->views[v] && k < p->steps; k++) {
            const size_t at = k * p->N * p->classes, bytes = p->classes * sizeof(float);
            SLD_TRY(sld_learner_gather(ctx, p->learner, 0, p->z_s[v] + at, bytes));
            SLD_TRY(sld_learner_gather(ctx, p->learner, 0, p->z_t[v] + at, bytes));
        }
    }
    return SLD_OK;
}

/* Collective. */
static sld_status run(sld_ctx *ctx, const sld_comm *comm, probe *p, bool *finite)
{
    const sld_options *opt = p->opt;
    sld_learner_params learner;
    const double       lr = sld_learning_rate(opt, p->params->epoch);

    memset(&learner, 0, sizeof learner);
    SLD_TRY(sld_agree(ctx, comm, prepare(ctx, p, &learner.objective)));
    learner.student       = p->student;
    learner.teacher       = p->teacher.model;
    learner.sgd           = (sld_sgd_params){opt->train.momentum, opt->train.weight_decay};
    learner.n_shards      = (int)opt->parallel.shards;
    learner.batch_rows[0] = p->N;
    sld_precision_named(sld_config_word(opt, "student.precision"), &learner.student_precision);
    sld_precision_named(sld_config_word(opt, "teacher.precision"), &learner.teacher_precision);
    SLD_TRY(sld_learner_create(ctx, comm, &learner, &p->learner));
    SLD_TRY(sld_agree(ctx, comm, make_answers(ctx, p)));
    SLD_TRY(take_steps(ctx, comm, p, lr, finite));
    sld_enter(ctx, SLD_PHASE_RESULTS);
    return sld_agree(ctx, comm,
                     *finite && sld_comm_rank(comm) == 0 ? probe_write(ctx, p, lr) : SLD_OK);
}

sld_status sld_probe_run(sld_ctx *ctx, const sld_comm *comm, const sld_probe_params *params,
                         bool *finite)
{
    probe            p  = {.params = params, .opt = sld_config_options(params->config)};
    const sld_status st = run(ctx, comm, &p, finite);

    sld_learner_destroy(p.learner);
    if (p.student != p.start.model) {
        sld_model_destroy(p.student);
    }
    sld_model_destroy(p.start.model);
    sld_model_destroy(p.teacher.model);
    sld_doc_close(p.in);
    sld_doc_close(p.out);
    sld_arena_destroy(p.arena);
    return st;
}
