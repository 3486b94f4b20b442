/* golden_trajectory.c: optimiser steps of SLD held against those of the public code.
 *
 *   golden_trajectory FILE [GROUP ...]
 *
 * Runs every group of FILE (or those named) whose networks this build knows, on any number of
 * ranks; prints the worst error per group; fails past a tolerance and when nothing ran.
 *
 * A pre-activation that is 0 but for rounding makes a ReLU flip in float32, and one flip can move
 * the final logits by more than the tolerance. Which of them flip hangs on the last bits of sums,
 * so on the instruction set too. So a group is run up to ATTEMPTS times, from the second on with
 * the samples of each batch rotated by one more and half of the pixels moved by one in their last
 * bit: the exact answer is the same for every order, and moves by some 1e-7 with the pixels (an
 * attempt without a flip ends within 3e-7), while flips are others. One attempt within every
 * tolerance is wanted: a mistake of the program is in all of them, a flip is not. Every attempt is
 * printed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/fill.h"
#include "golden/images.h"
#include "sld/comm.h"
#include "sld/learn.h"
#include "sld/store.h"

/* docs/golden.md, "Trajectories": or 5 times what PyTorch's own float32 run is off
 * by, where that is more. */
#define TOLERANCE_LOSS   1e-5
#define TOLERANCE_LOGITS 1e-4
/* Not in docs/golden.md: the norm of a bias of some 0.2 moves by 1e-4 of itself with one flip; a
 * wrong rate or momentum moves norms by 1e-2 and more. The update itself is held by test_learn_sgd. */
#define TOLERANCE_NORM 1e-3

#define ATTEMPTS 8

typedef struct group {
    char     name[64];
    size_t   K, N, C, H, W, classes, n_params;
    double   lr, momentum, decay, ce, kd, error_loss, error_logits;
    int64_t  epoch;
    float   *images[SLD_VIEWS]; /* (K,N,C,H,W) */
    int32_t *labels;            /* (K,N) */
    double  *loss;              /* (K,3): ce, kd, total */
    double  *logits_weak;       /* (K,N,classes) */
    double  *norm;              /* (K,n_params) */
    double  *final_eval;        /* (N,classes) */
    char     teacher[64], student[64], teacher_fill[128], student_fill[128];
} group;

static const char *at(const group *g, const char *object)
{
    static char path[160];
    snprintf(path, sizeof path, "/%s/%s", g->name, object);
    return path;
}

static sld_status attr_text(sld_ctx *ctx, sld_doc *doc, const group *g, const char *name, char *out,
                            size_t n)
{
    const char *text;
    char        object[80];

    snprintf(object, sizeof object, "/%s", g->name);
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, object, name, &text));
    snprintf(out, n, "%s", text);
    return SLD_OK;
}

static sld_status attr_f64(sld_ctx *ctx, sld_doc *doc, const group *g, const char *name,
                           double *out)
{
    char object[80];

    snprintf(object, sizeof object, "/%s", g->name);
    return sld_doc_get_attr(ctx, doc, object, name, SLD_F64, 1, out);
}

static sld_status read_attributes(sld_ctx *ctx, sld_doc *doc, group *g)
{
    double epoch;

    SLD_TRY(attr_text(ctx, doc, g, "teacher", g->teacher, sizeof g->teacher));
    SLD_TRY(attr_text(ctx, doc, g, "student", g->student, sizeof g->student));
    SLD_TRY(attr_text(ctx, doc, g, "teacher_fill_prefix", g->teacher_fill, sizeof g->teacher_fill));
    SLD_TRY(attr_text(ctx, doc, g, "student_fill_prefix", g->student_fill, sizeof g->student_fill));
    SLD_TRY(attr_f64(ctx, doc, g, "lr", &g->lr));
    SLD_TRY(attr_f64(ctx, doc, g, "momentum", &g->momentum));
    SLD_TRY(attr_f64(ctx, doc, g, "weight_decay", &g->decay));
    SLD_TRY(attr_f64(ctx, doc, g, "ce_weight", &g->ce));
    SLD_TRY(attr_f64(ctx, doc, g, "kd_weight", &g->kd));
    SLD_TRY(attr_f64(ctx, doc, g, "epoch", &epoch));
    SLD_TRY(attr_f64(ctx, doc, g, "torch_float32_error_loss", &g->error_loss));
    g->epoch = (int64_t)epoch;
    return attr_f64(ctx, doc, g, "torch_float32_error_final_logits", &g->error_logits);
}

static sld_status read_arrays(sld_ctx *ctx, sld_doc *doc, sld_arena *arena, group *g)
{
    size_t dims[SLD_DOC_DIMS];
    int    n_dims;

    SLD_TRY(sld_doc_dims(ctx, doc, at(g, "image_weak"), &n_dims, dims));
    if (n_dims != 5) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %d axes, wanted 5", at(g, "image_weak"), n_dims);
    }
    g->K = dims[0], g->N = dims[1], g->C = dims[2], g->H = dims[3], g->W = dims[4];
    const size_t pixels = g->K * g->N * g->C * g->H * g->W;
    SLD_TRY(sld_doc_dims(ctx, doc, at(g, "final_logits_eval"), &n_dims, dims));
    g->classes = dims[1];
    SLD_TRY(sld_doc_dims(ctx, doc, at(g, "param_norm"), &n_dims, dims));
    g->n_params = dims[1];
    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(sld_arena_alloc(ctx, arena, pixels * sizeof(float), (void **)&g->images[v]));
        SLD_TRY(golden_images(ctx, doc, at(g, v == SLD_WEAK ? "image_weak" : "image_strong"),
                              pixels, g->images[v]));
    }
    SLD_TRY(sld_arena_alloc(ctx, arena, g->K * g->N * sizeof(int32_t), (void **)&g->labels));
    SLD_TRY(sld_doc_get(ctx, doc, at(g, "labels"), SLD_I32, g->K * g->N, g->labels));
    SLD_TRY(sld_arena_alloc(ctx, arena, g->K * 3 * sizeof(double), (void **)&g->loss));
    SLD_TRY(sld_doc_get(ctx, doc, at(g, "loss"), SLD_F64, g->K * 3, g->loss));
    const size_t logits = g->K * g->N * g->classes;
    SLD_TRY(sld_arena_alloc(ctx, arena, logits * sizeof(double), (void **)&g->logits_weak));
    SLD_TRY(sld_doc_get(ctx, doc, at(g, "student_logits_weak"), SLD_F64, logits, g->logits_weak));
    SLD_TRY(sld_arena_alloc(ctx, arena, g->K * g->n_params * sizeof(double), (void **)&g->norm));
    SLD_TRY(sld_doc_get(ctx, doc, at(g, "param_norm"), SLD_F64, g->K * g->n_params, g->norm));
    SLD_TRY(
        sld_arena_alloc(ctx, arena, g->N * g->classes * sizeof(double), (void **)&g->final_eval));
    return sld_doc_get(ctx, doc, at(g, "final_logits_eval"), SLD_F64, g->N * g->classes,
                       g->final_eval);
}

/* The SLD objective as the public code has it: T 1..6, both swaps, the second after epoch 150. */
static sld_objective_params objective_of(const group *g)
{
    const sld_temperatures taus = {.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    sld_objective_params   o    = {.classes = g->classes, .correction = SLD_CORRECT_SWAP};

    o.ce = (sld_term_params){.weight = {g->ce, g->ce}, .schedule = sld_schedule_from(0)};
    o.kd = (sld_term_params){
        .weight = {g->kd, g->kd}, .temperatures = taus, .schedule = sld_schedule_from(0)};
    o.lss = (sld_term_params){
        .weight = {g->kd, g->kd}, .temperatures = taus, .schedule = sld_schedule_from(150)};
    return o;
}

static sld_status make_model(sld_ctx *ctx, const group *g, const char *network, const char *prefix,
                             sld_model **out)
{
    SLD_TRY(sld_model_create(ctx, network, (int)g->H, (int)g->W, (int)g->C, (int)g->classes, out));
    for (size_t i = 0; i < sld_model_tensor_count(*out); i++) {
        golden_fill(prefix, sld_model_tensor(*out, i));
    }
    return SLD_OK;
}

static void to_nhwc(const group *g, const float *images, sld_range mine, float *out)
{
    const size_t pixels = g->H * g->W;

    for (size_t n = mine.begin; n < mine.end; n++) {
        for (size_t i = 0; i < pixels; i++) {
            for (size_t c = 0; c < g->C; c++) {
                *out++ = images[(n * g->C + c) * pixels + i];
            }
        }
    }
}

/* rows: (n_batches,N,width) elements of `bytes`: in every batch the first sample becomes the last.
 */
static void rotate_rows(void *rows, size_t n_batches, size_t N, size_t width_bytes, void *held)
{
    char *batch = rows;

    for (size_t k = 0; k < n_batches; k++, batch += N * width_bytes) {
        memcpy(held, batch, width_bytes);
        memmove(batch, batch + width_bytes, (N - 1) * width_bytes);
        memcpy(batch + (N - 1) * width_bytes, held, width_bytes);
    }
}

static sld_status rotate(sld_ctx *ctx, sld_arena *arena, group *g)
{
    const size_t picture = g->C * g->H * g->W * sizeof(float), logits = g->classes * sizeof(double);
    void        *held;

    SLD_TRY(sld_arena_alloc(ctx, arena, picture > logits ? picture : logits, &held));
    rotate_rows(g->images[SLD_WEAK], g->K, g->N, picture, held);
    rotate_rows(g->images[SLD_STRONG], g->K, g->N, picture, held);
    rotate_rows(g->labels, g->K, g->N, sizeof *g->labels, held);
    rotate_rows(g->logits_weak, g->K, g->N, logits, held);
    rotate_rows(g->final_eval, 1, g->N, logits, held);
    return SLD_OK;
}

/* The last bit of about half of the pixels; the same on every rank. */
static void move_last_bits(group *g, int attempt)
{
    sld_rng rng = sld_rng_make(1, SLD_RNG_SYNTH, 0, (uint64_t)attempt);

    for (int v = 0; v < SLD_VIEWS; v++) {
        for (size_t i = 0; i < g->K * g->N * g->C * g->H * g->W; i++) {
            uint32_t bits;
            memcpy(&bits, &g->images[v][i], sizeof bits);
            bits ^= sld_rng_below(&rng, 2);
            memcpy(&g->images[v][i], &bits, sizeof bits);
        }
    }
}

static double relative(double value, double wanted)
{
    const double e = fabs(value - wanted) / fmax(fabs(wanted), 1e-300);
    return isnan(e) ? INFINITY : e;
}

/* ce, kd, total as the file has them: weighted, summed over the views. */
static double loss_error(const sld_objective *o, const group *g, const sld_step_output *out,
                         const double *wanted)
{
    double got[3] = {0};

    for (int v = 0; v < SLD_VIEWS; v++) {
        for (size_t i = 0; i < sld_objective_terms(o); i++) {
            const int column = strcmp(sld_objective_term_name(o, i), "ce") == 0 ? 0 : 1;
            got[column] +=
                sld_objective_weight(o, i, v, g->epoch) * out->sums[v].loss[i] / (double)g->N;
        }
        got[2] += out->sums[v].total / (double)g->N;
    }
    return fmax(fmax(relative(got[0], wanted[0]), relative(got[1], wanted[1])),
                relative(got[2], wanted[2]));
}

static double norm_error(const sld_model *model, const group *g, const double *wanted)
{
    double worst = 0.0;
    size_t p     = 0;

    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t   = sld_model_tensor(model, i);
        double            sum = 0.0;
        if (!t->trained) {
            continue;
        }
        for (size_t j = 0; j < t->n; j++) {
            sum += (double)t->values[j] * t->values[j];
        }
        worst = p < g->n_params ? fmax(worst, relative(sqrt(sum), wanted[p])) : INFINITY;
        p++;
    }
    return p == g->n_params ? worst : INFINITY;
}

/* 2-norm of the difference over the 2-norm of what is wanted. */
static double logits_error(const float *z, const double *wanted, size_t n)
{
    double diff = 0.0, norm = 0.0;

    for (size_t i = 0; i < n; i++) {
        diff += (z[i] - wanted[i]) * (z[i] - wanted[i]);
        norm += wanted[i] * wanted[i];
    }
    return isnan(diff) ? INFINITY : sqrt(diff / norm);
}

typedef struct errors {
    double loss, logits, norm, final;
} errors;

static sld_status steps(sld_ctx *ctx, sld_learner *learner, const sld_model *student,
                        const group *g, sld_arena *arena, errors *worst)
{
    const sld_range mine = sld_learner_rows(learner, 0);
    const size_t    rows = mine.end - mine.begin, picture = g->C * g->H * g->W;
    float          *input[SLD_VIEWS];
    uint32_t        sample[4096];
    sld_step_output out;

    for (size_t i = 0; i < g->N && i < 4096; i++) {
        sample[i] = (uint32_t)i;
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(sld_arena_alloc(ctx, arena, rows * picture * sizeof(float), (void **)&input[v]));
    }
    for (size_t k = 0; k < g->K; k++) {
        sld_step_input in = {.labels = g->labels + k * g->N + mine.begin,
                             .sample = sample + mine.begin,
                             .epoch  = g->epoch,
                             .lr     = g->lr};
        for (int v = 0; v < SLD_VIEWS; v++) {
            to_nhwc(g, g->images[v] + k * g->N * picture, mine, input[v]);
            in.view[v] = input[v];
        }
        SLD_TRY(sld_learner_step(ctx, learner, &in, &out));
        worst->loss =
            fmax(worst->loss, loss_error(sld_learner_objective(learner), g, &out, g->loss + 3 * k));
        worst->norm = fmax(worst->norm, norm_error(student, g, g->norm + k * g->n_params));
        if (rows > 0) {
            worst->logits = fmax(worst->logits,
                                 logits_error(sld_learner_student_logits(learner, SLD_WEAK),
                                              g->logits_weak + (k * g->N + mine.begin) * g->classes,
                                              rows * g->classes));
        }
    }
    return SLD_OK;
}

static sld_status final_eval(sld_ctx *ctx, const sld_model *student, const group *g,
                             sld_arena *arena, errors *worst)
{
    sld_infer *infer = NULL;
    float     *input, *logits;

    SLD_TRY(
        sld_arena_alloc(ctx, arena, g->N * g->C * g->H * g->W * sizeof(float), (void **)&input));
    SLD_TRY(sld_arena_alloc(ctx, arena, g->N * g->classes * sizeof(float), (void **)&logits));
    to_nhwc(g, g->images[SLD_WEAK], (sld_range){0, g->N}, input);
    sld_status st = sld_infer_create(ctx, student, &infer);
    if (st == SLD_OK && (st = sld_infer_refresh(ctx, infer)) == SLD_OK) {
        st = sld_infer_run(ctx, infer, input, g->N, logits);
    }
    sld_infer_destroy(infer);
    worst->final = logits_error(logits, g->final_eval, g->N * g->classes);
    return st;
}

static sld_status train_group(sld_ctx *ctx, const sld_comm *comm, const group *g, sld_arena *arena,
                              errors *worst)
{
    sld_model   *teacher = NULL, *student = NULL;
    sld_learner *learner = NULL;

    SLD_TRY(make_model(ctx, g, g->teacher, g->teacher_fill, &teacher));
    SLD_TRY(make_model(ctx, g, g->student, g->student_fill, &student));
    const sld_learner_params params = {.student    = student,
                                       .teacher    = teacher,
                                       .objective  = objective_of(g),
                                       .sgd        = {g->momentum, g->decay},
                                       .n_shards   = 8,
                                       .batch_rows = {g->N, 0}};
    sld_status               st     = sld_learner_create(ctx, comm, &params, &learner);
    if (st == SLD_OK) {
        st = steps(ctx, learner, student, g, arena, worst);
    }
    if (st == SLD_OK) {
        st = final_eval(ctx, student, g, arena, worst);
    }
    sld_learner_destroy(learner);
    sld_model_destroy(student);
    sld_model_destroy(teacher);
    return st;
}

/* Prints this rank's errors; true when one is past its tolerance. */
static bool judge(const sld_ctx *ctx, const group *g, int attempt, const errors *worst)
{
    const double loss   = fmax(TOLERANCE_LOSS, 5 * g->error_loss);
    const double logits = fmax(TOLERANCE_LOGITS, 5 * g->error_logits);
    const double norm   = fmax(TOLERANCE_NORM, 5 * g->error_logits);
    const bool   good = worst->loss <= loss && worst->final <= logits && worst->logits <= logits &&
                      worst->norm <= norm;

    printf("%s: attempt %d: rank %d: %s: loss %.2e (%.1e), logits %.2e (%.1e), norms %.2e (%.1e), "
           "final logits %.2e (%.1e)\n",
           g->name, attempt, ctx->rank, good ? "ok" : "past its tolerance", worst->loss, loss,
           worst->logits, logits, worst->norm, norm, worst->final, logits);
    return !good;
}

/* *bad: on every rank, whether no attempt was good on all ranks. */
static sld_status run_attempts(sld_ctx *ctx, const sld_comm *comm, sld_doc *doc, sld_arena *arena,
                               group *g, int *bad)
{
    SLD_TRY(read_arrays(ctx, doc, arena, g));
    *bad = 1;
    for (int attempt = 0; attempt < ATTEMPTS && *bad; attempt++) {
        errors worst = {0};
        if (attempt > 0) {
            SLD_TRY(rotate(ctx, arena, g));
            move_last_bits(g, attempt);
        }
        SLD_TRY(train_group(ctx, comm, g, arena, &worst));
        *bad = judge(ctx, g, attempt, &worst);
        SLD_TRY(sld_agree_request(ctx, comm, SLD_OK, bad));
    }
    return SLD_OK;
}

static sld_status run_group(sld_ctx *ctx, const sld_comm *comm, sld_doc *doc, group *g, int *ran,
                            int *failed)
{
    sld_arena *arena = NULL;
    int        bad   = 1;

    SLD_TRY(read_attributes(ctx, doc, g));
    if (!sld_network_find(g->teacher) || !sld_network_find(g->student)) {
        if (ctx->rank == 0) {
            printf("skip: %s: %s -> %s: network not in this build\n", g->name, g->teacher,
                   g->student);
        }
        return SLD_OK;
    }
    SLD_TRY(sld_arena_create(ctx, &arena));
    const sld_status st = run_attempts(ctx, comm, doc, arena, g, &bad);
    sld_arena_destroy(arena);
    if (ctx->rank == 0) {
        printf("%s: %s\n", g->name, bad ? "FAILED" : "ok");
    }
    *ran += 1;
    *failed += bad;
    return st;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc <= 2;
}

static sld_status run_file(sld_ctx *ctx, const sld_comm *comm, int argc, char **argv, int *ran,
                           int *failed)
{
    sld_doc    *doc = NULL;
    const char *name;
    sld_status  st = SLD_OK;

    SLD_TRY(sld_doc_open(ctx, argv[1], &doc));
    for (size_t i = 0; st == SLD_OK && (name = sld_doc_member(doc, "/", i)); i++) {
        group g;
        memset(&g, 0, sizeof g);
        snprintf(g.name, sizeof g.name, "%s", name);
        if (wanted(g.name, argc, argv)) {
            st = run_group(ctx, comm, doc, &g, ran, failed);
        }
    }
    sld_doc_close(doc);
    return st;
}

int main(int argc, char **argv)
{
    sld_ctx   ctx;
    sld_comm *comm = NULL;
    int       ran = 0, failed = 0;

    sld_ctx_init(&ctx);
    if (argc < 2 || sld_comm_create(&ctx, &comm) != SLD_OK) {
        fprintf(stderr, "usage: golden_trajectory FILE [GROUP ...] %s\n", ctx.err.msg);
        return 2;
    }
    sld_status st = run_file(&ctx, comm, argc, argv, &ran, &failed);
    if (st != SLD_OK) {
        fprintf(stderr, "rank %d: %s\n", ctx.rank, ctx.err.msg);
    } else if (failed || ran == 0) {
        st = SLD_FAIL(&ctx, SLD_ERR_DATA, "%d groups ran, %d failed", ran, failed);
    }
    st = sld_agree(&ctx, comm, st);
    sld_comm_destroy(comm);
    return st == SLD_OK ? 0 : 1;
}
