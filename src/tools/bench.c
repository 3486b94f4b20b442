/* bench.c: the training step on random images in memory: warm-up, measured steps, the account. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sld/learn.h"

#define LEARNING_RATE 0.025

enum { CHANNELS = 3, EPOCH = 151, MAX_STEPS = 100000 };

typedef struct bench {
    const sld_comm         *comm;
    const sld_bench_params *params;
    sld_arena              *arena;
    sld_model              *teacher, *student;
    sld_learner            *learner;
    float                  *images[SLD_VIEWS]; /* (N,H,W,C) of this rank */
    int32_t                *labels;            /* (N) */
    uint32_t               *sample;            /* (N) */
    double                 *step_s;            /* (steps) seconds, of the measured steps */
    size_t                  steps;
    double                  loss; /* of the last step */
    int                     size, classes;
    sld_precision           teacher_precision, student_precision;
} bench;

/* ---- what a step works on ---- */

static sld_objective_params objective(const bench *b)
{
    const sld_temperatures taus = {.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    sld_objective_params   o    = {.classes = (size_t)b->classes, .correction = SLD_CORRECT_SWAP};

    o.ce = (sld_term_params){.weight = {0.1, 0.1}, .schedule = sld_schedule_from(0)};
    if (b->teacher) {
        o.kd = (sld_term_params){
            .weight = {0.9, 0.9}, .temperatures = taus, .schedule = sld_schedule_from(0)};
        o.lss = (sld_term_params){
            .weight = {0.9, 0.9}, .temperatures = taus, .schedule = sld_schedule_from(EPOCH - 1)};
    }
    return o;
}

/* Local. */
static sld_status make_models(sld_ctx *ctx, bench *b)
{
    const sld_network *student = sld_network_find(b->params->student);

    b->size    = student ? student->input_size : 32;
    b->classes = b->size > 64 ? 1000 : 100;
    if (b->params->teacher) {
        SLD_TRY(sld_model_create(ctx, b->params->teacher, b->size, b->size, CHANNELS, b->classes,
                                 &b->teacher));
        sld_model_init(b->teacher, 1);
    }
    SLD_TRY(sld_model_create(ctx, b->params->student, b->size, b->size, CHANNELS, b->classes,
                             &b->student));
    sld_model_init(b->student, 2);
    return SLD_OK;
}

/* Local. This rank's rows of one global batch, the same for any number of ranks. */
static sld_status make_batch(sld_ctx *ctx, bench *b)
{
    const sld_range mine  = sld_learner_rows(b->learner, 0);
    const size_t    rows  = mine.end - mine.begin;
    const size_t    image = (size_t)b->size * (size_t)b->size * CHANNELS;

    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(
            sld_arena_alloc(ctx, b->arena, rows * image * sizeof(float), (void **)&b->images[v]));
    }
    SLD_TRY(sld_arena_alloc(ctx, b->arena, rows * sizeof *b->labels, (void **)&b->labels));
    SLD_TRY(sld_arena_alloc(ctx, b->arena, rows * sizeof *b->sample, (void **)&b->sample));
    SLD_TRY(sld_arena_alloc(ctx, b->arena, MAX_STEPS * sizeof *b->step_s, (void **)&b->step_s));
    for (size_t n = 0; n < rows; n++) {
        sld_rng rng  = sld_rng_make(3, SLD_RNG_SYNTH, 0, mine.begin + n);
        b->sample[n] = (uint32_t)(mine.begin + n);
        b->labels[n] = (int32_t)sld_rng_below(&rng, (uint32_t)b->classes);
        for (size_t i = 0; i < SLD_VIEWS * image; i++) {
            b->images[i / image][n * image + i % image] = (float)sld_rng_normal(&rng);
        }
    }
    return SLD_OK;
}

static sld_status read_precision(sld_ctx *ctx, const char *whose, const char *word,
                                 sld_precision *out)
{
    return sld_precision_named(word, out)
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "sld bench: --%s-precision: expected f32 or bf16, got '%s'", whose, word);
}

/* Local. What can be made before the learner. */
static sld_status begin(sld_ctx *ctx, bench *b)
{
    const sld_bench_params *p = b->params;

    SLD_TRY(read_precision(ctx, "teacher", p->teacher_precision, &b->teacher_precision));
    SLD_TRY(read_precision(ctx, "student", p->student_precision, &b->student_precision));
    SLD_TRY(sld_arena_create(ctx, &b->arena));
    return make_models(ctx, b);
}

/* Collective. */
static sld_status prepare(sld_ctx *ctx, bench *b)
{
    SLD_TRY(sld_agree(ctx, b->comm, begin(ctx, b)));
    const sld_learner_params params = {.student           = b->student,
                                       .teacher           = b->teacher,
                                       .teacher_precision = b->teacher_precision,
                                       .student_precision = b->student_precision,
                                       .objective         = objective(b),
                                       .sgd               = {.momentum = 0.9, .weight_decay = 5e-4},
                                       .n_shards          = b->params->shards,
                                       .batch_rows        = {b->params->batch, 0}};
    SLD_TRY(sld_learner_create(ctx, b->comm, &params, &b->learner));
    return sld_agree(ctx, b->comm, make_batch(ctx, b));
}

static void release(bench *b)
{
    sld_learner_destroy(b->learner);
    sld_model_destroy(b->student);
    sld_model_destroy(b->teacher);
    sld_arena_destroy(b->arena);
}

/* ---- steps ---- */

/* Collective. One step as a run takes it; *stop: 0, or not 0 on any rank to end on all. */
static sld_status take_step(sld_ctx *ctx, bench *b, int *stop)
{
    const sld_step_input in = {.view      = {b->images[SLD_WEAK], b->images[SLD_STRONG]},
                               .labels    = b->labels,
                               .sample    = b->sample,
                               .epoch     = EPOCH,
                               .lr        = LEARNING_RATE,
                               .next_view = {b->images[SLD_WEAK], b->images[SLD_STRONG]}};
    sld_step_output      out;

    SLD_TRY(sld_agree_request(ctx, b->comm, SLD_OK, stop));
    if (*stop) {
        return SLD_OK;
    }
    SLD_TRY(sld_learner_step(ctx, b->learner, &in, &out));
    b->loss = (out.sums[SLD_WEAK].total + out.sums[SLD_STRONG].total) / (double)b->params->batch;
    return SLD_OK;
}

/* Collective. Fills step_s. */
static sld_status measure(sld_ctx *ctx, bench *b)
{
    const size_t wanted = b->params->n_steps, max = wanted ? wanted : MAX_STEPS;
    const double start = sld_clock_s();
    double       last  = start;

    for (b->steps = 0; b->steps < max; b->steps++) {
        int stop = !wanted && b->steps > 0 && last - start >= b->params->seconds;
        SLD_TRY(take_step(ctx, b, &stop));
        if (stop) {
            break;
        }
        const double now    = sld_clock_s();
        b->step_s[b->steps] = now - last;
        last                = now;
    }
    return SLD_OK;
}

/* ---- the account ---- */

/* Seconds by part of the step. */
static void take_account(const sld_times *times, double v[SLD_BENCH_N])
{
    const double *s = times->spent_s;

    v[SLD_BENCH_teacher]               = s[SLD_PHASE_TEACHER];
    v[SLD_BENCH_conv_forward]          = s[SLD_PHASE_CONV_FORWARD];
    v[SLD_BENCH_conv_backward_data]    = s[SLD_PHASE_CONV_BACKWARD_DATA];
    v[SLD_BENCH_conv_backward_weights] = s[SLD_PHASE_CONV_BACKWARD_WEIGHTS];
    v[SLD_BENCH_batch_norm]            = s[SLD_PHASE_BATCH_NORM];
    v[SLD_BENCH_other_layers]          = s[SLD_PHASE_LAYERS];
    v[SLD_BENCH_losses]                = s[SLD_PHASE_LOSS];
    v[SLD_BENCH_reduction]             = s[SLD_PHASE_ADD];
    v[SLD_BENCH_waiting]               = sld_times_waited(times);
    v[SLD_BENCH_sgd]                   = s[SLD_PHASE_UPDATE];
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Local. times: of the measured steps. */
static void conclude(bench *b, const sld_times *times, sld_bench_result *out)
{
    const double macs =
        (b->teacher ? sld_model_macs(b->teacher) : 0) + 3 * sld_model_macs(b->student);
    double       *v     = out->v;
    double        total = 0, rest = 1;
    struct rusage usage;

    for (size_t i = 0; i < b->steps; i++) {
        total += b->step_s[i];
    }
    take_account(times, v);
    for (int i = SLD_BENCH_teacher; i < SLD_BENCH_rest; i++) {
        v[i] /= total;
        rest -= v[i];
    }
    v[SLD_BENCH_rest] = fmax(rest, 0);

    qsort(b->step_s, b->steps, sizeof *b->step_s, compare_doubles);
    v[SLD_BENCH_ms_median] = 1e3 * (b->step_s[(b->steps - 1) / 2] + b->step_s[b->steps / 2]) / 2;
    v[SLD_BENCH_ms_least]  = 1e3 * b->step_s[0];
    v[SLD_BENCH_samples_per_s]    = (double)b->steps * (double)b->params->batch / total;
    v[SLD_BENCH_gflop_per_sample] = SLD_VIEWS * macs * 2 * 1e-9;
    v[SLD_BENCH_gflop_per_s]      = v[SLD_BENCH_gflop_per_sample] * v[SLD_BENCH_samples_per_s];
    getrusage(RUSAGE_SELF, &usage);
    v[SLD_BENCH_memory_mib] = (double)usage.ru_maxrss / 1024; /* KiB on Linux */
    out->steps              = b->steps;
    out->loss               = b->loss;
}

/* Collective. */
static sld_status run_steps(sld_ctx *ctx, bench *b, sld_bench_result *out)
{
    SLD_TRY(prepare(ctx, b));
    for (size_t i = 0; i < b->params->warmup; i++) {
        int stop = 0;
        SLD_TRY(take_step(ctx, b, &stop));
    }
    sld_times_start(ctx);
    SLD_TRY(measure(ctx, b));
    conclude(b, sld_times_now(ctx), out);
    return SLD_OK;
}

/* ---- over the ranks ---- */

typedef enum { MEAN, MAX, SUM } combination;

#define COMBINATION(name, combine, text) combine,
static const combination combinations[] = {SLD_BENCH_FIGURES(COMBINATION)};

/* Collective. Each rank's figures become everybody's. */
static sld_status combine(sld_ctx *ctx, const sld_comm *comm, double v[SLD_BENCH_N])
{
    const int ranks            = sld_comm_size(comm);
    double    all[SLD_BENCH_N] = {0}, theirs[SLD_BENCH_N];

    for (int r = 0; r < ranks; r++) {
        for (int i = 0; i < SLD_BENCH_N; i++) {
            theirs[i] = v[i];
        }
        SLD_TRY(sld_comm_bcast(ctx, comm, theirs, sizeof theirs, r));
        for (int i = 0; i < SLD_BENCH_N; i++) {
            const double share = combinations[i] == MEAN ? theirs[i] / ranks : theirs[i];
            all[i] = r == 0 ? share : combinations[i] == MAX ? fmax(all[i], share) : all[i] + share;
        }
    }
    for (int i = 0; i < SLD_BENCH_N; i++) {
        v[i] = all[i];
    }
    return SLD_OK;
}

sld_status sld_bench_run(sld_ctx *ctx, const sld_comm *comm, const sld_bench_params *params,
                         sld_bench_result *out)
{
    bench b = {.comm = comm, .params = params};

    *out = (sld_bench_result){.steps = 0};
    for (int i = 0; i < SLD_BENCH_N; i++) {
        out->v[i] = NAN;
    }
    const sld_status st   = run_steps(ctx, &b, out);
    const bool       fits = b.size == 32; /* the synthetic set's images */
    release(&b);
    SLD_TRY(st);

    out->v[SLD_BENCH_peak_f32]  = params->peak_f32;
    out->v[SLD_BENCH_peak_bf16] = params->peak_bf16;
    const bool one_machine      = sld_comm_node_size(comm) == sld_comm_size(comm);
    if (params->epoch && fits && !one_machine && sld_comm_rank(comm) == 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "sld bench: the trial is left out: its files would lie in the TMPDIR of one machine, "
            "and the ranks run on several");
    }
    if (params->epoch && fits && one_machine) {
        const double wanted = out->v[SLD_BENCH_samples_per_s] * params->seconds;
        const size_t least = 4 * params->batch, max = SLD_BENCH_EPOCH_TRAIN;
        size_t       n = wanted < (double)max ? (size_t)wanted : max;
        n              = (n > least ? n : least) / params->batch * params->batch;
        SLD_TRY(sld_comm_bcast(ctx, comm, &n, sizeof n, 0));
        SLD_TRY(sld_bench_epoch(ctx, comm, params, n, out));
    }
    SLD_TRY(combine(ctx, comm, out->v));
    out->v[SLD_BENCH_share_of_peak] =
        out->v[SLD_BENCH_peak_f32] > 0 ? out->v[SLD_BENCH_gflop_per_s] / out->v[SLD_BENCH_peak_f32]
                                       : NAN;
    return SLD_OK;
}
