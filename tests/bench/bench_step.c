/* bench_step.c: samples per second of the SLD training step, and where its time goes.
 *
 *   mpirun -n RANKS bench_step TEACHER STUDENT [--batch 64] [--seconds 10] [--steps N]
 *                              [--warmup 2] [--cpus auto]
 *
 * One step as in a run after the first drop of the rate: teacher and student forward on both views
 * of a global batch, cross-entropy 0.1, teacher swap and student swap 0.9 at temperatures 1 to 6,
 * backward, SGD, and the agreement at the top. Pictures are random and in memory: no loader. Takes
 * `warmup` steps, then measures steps for `seconds`, at most N. Rank 0 prints one line of JSON:
 *
 *   samples_per_s              batch times steps over the time of all measured steps
 *   ms_per_step                median and minimum over the steps
 *   nominal_gflop_per_s        2 views x (teacher + 3 x student) x 2 x multiply-accumulates, over
 *                              the same time. The first layer's data gradient counts, as in the
 *                              usual cost of a backward, though it is never computed.
 *   share                      of the time, by part, mean over the ranks; they add up to 1
 *   share_nn                   the same of the student's finer parts: with the objective's waiting
 *                              they are what share calls student_forward, backward, wait and sgd
 *   peak_memory_mib            resident, of each rank
 *   loss, finite               of the last step: a proof that it was a step, not a result
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sld/train.h"

enum { HEIGHT = 32, WIDTH = 32, CHANNELS = 3, CLASSES = 100, SHARDS = 8, EPOCH = 151 };
enum { MAX_STEPS = 100000 }; /* measured */
#define LEARNING_RATE 0.025

typedef struct options {
    const char *teacher, *student, *cpus;
    double      batch, seconds, steps, warmup;
} options;

typedef struct bench {
    sld_arena   *arena;
    sld_model   *teacher, *student;
    sld_learner *learner;
    float       *images[SLD_VIEWS]; /* (N,H,W,C) of this rank */
    int32_t     *labels;            /* (N) */
    uint32_t    *sample;            /* (N) */
    double      *step_s;            /* (steps) seconds, of the measured steps */
    size_t       steps;
    double       loss;   /* of the last step */
    bool         finite; /* of all steps */
} bench;

/* ---- the command line ---- */

static sld_status read_number(sld_ctx *ctx, const char *name, const char *text, double lowest,
                              double highest, double *out)
{
    char *end;

    errno = 0;
    *out  = strtod(text, &end);
    if (errno || *end || end == text || !(*out >= lowest && *out <= highest)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: '%s', wanted a number from %g to %g", name, text,
                        lowest, highest);
    }
    return SLD_OK;
}

static sld_status read_options(sld_ctx *ctx, int argc, char **argv, options *o)
{
    const struct {
        const char *name;
        double      lowest, highest, *out;
    } numbers[] = {{"--batch", 1, 65536, &o->batch},
                   {"--seconds", 0, 1e6, &o->seconds},
                   {"--steps", 1, MAX_STEPS, &o->steps},
                   {"--warmup", 0, 1e6, &o->warmup}};

    *o = (options){.cpus = "auto", .batch = 64, .seconds = 10, .steps = MAX_STEPS, .warmup = 2};
    if (argc < 3) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "usage: bench_step TEACHER STUDENT [--batch 64] [--seconds 10] [--steps N] "
                        "[--warmup 2] [--cpus auto]");
    }
    o->teacher = argv[1];
    o->student = argv[2];
    for (int i = 3; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool        known = strcmp(argv[i], "--cpus") == 0;
        if (known) {
            o->cpus = value;
        }
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
            if (strcmp(argv[i], numbers[k].name) == 0) {
                known = true;
                SLD_TRY(read_number(ctx, argv[i], value, numbers[k].lowest, numbers[k].highest,
                                    numbers[k].out));
            }
        }
        if (!known) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: unknown option", argv[i]);
        }
    }
    return SLD_OK;
}

/* ---- what a step works on ---- */

static sld_objective_params objective(void)
{
    const sld_temperatures taus = {.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    sld_objective_params   o    = {.classes = CLASSES, .correction = SLD_CORRECT_SWAP};

    o.ce = (sld_term_params){.weight = {0.1, 0.1}, .schedule = sld_schedule_from(0)};
    o.kd = (sld_term_params){
        .weight = {0.9, 0.9}, .temperatures = taus, .schedule = sld_schedule_from(0)};
    o.lss = (sld_term_params){
        .weight = {0.9, 0.9}, .temperatures = taus, .schedule = sld_schedule_from(EPOCH - 1)};
    return o;
}

/* Local. */
static sld_status make_models(sld_ctx *ctx, const options *o, bench *b)
{
    SLD_TRY(sld_model_create(ctx, o->teacher, HEIGHT, WIDTH, CHANNELS, CLASSES, &b->teacher));
    SLD_TRY(sld_model_create(ctx, o->student, HEIGHT, WIDTH, CHANNELS, CLASSES, &b->student));
    sld_model_init(b->teacher, 1);
    sld_model_init(b->student, 2);
    return SLD_OK;
}

/* Local. This rank's rows of one global batch, the same for any number of ranks. */
static sld_status make_batch(sld_ctx *ctx, bench *b)
{
    const sld_range mine    = sld_learner_rows(b->learner, 0);
    const size_t    rows    = mine.end - mine.begin;
    const size_t    picture = (size_t)HEIGHT * WIDTH * CHANNELS;

    for (int v = 0; v < SLD_VIEWS; v++) {
        SLD_TRY(
            sld_arena_alloc(ctx, b->arena, rows * picture * sizeof(float), (void **)&b->images[v]));
    }
    SLD_TRY(sld_arena_alloc(ctx, b->arena, rows * sizeof *b->labels, (void **)&b->labels));
    SLD_TRY(sld_arena_alloc(ctx, b->arena, rows * sizeof *b->sample, (void **)&b->sample));
    SLD_TRY(sld_arena_alloc(ctx, b->arena, MAX_STEPS * sizeof *b->step_s, (void **)&b->step_s));
    for (size_t n = 0; n < rows; n++) {
        sld_rng rng  = sld_rng_make(3, SLD_RNG_SYNTH, 0, mine.begin + n);
        b->sample[n] = (uint32_t)(mine.begin + n);
        b->labels[n] = (int32_t)sld_rng_below(&rng, CLASSES);
        for (size_t i = 0; i < SLD_VIEWS * picture; i++) {
            b->images[i / picture][n * picture + i % picture] = (float)sld_rng_normal(&rng);
        }
    }
    return SLD_OK;
}

/* Collective. */
static sld_status prepare(sld_ctx *ctx, const sld_dist *dist, const options *o, bench *b)
{
    sld_status st = sld_dist_place(ctx, dist, o->cpus);

    if (st == SLD_OK && (st = sld_arena_create(ctx, &b->arena)) == SLD_OK) {
        st = make_models(ctx, o, b);
    }
    SLD_TRY(sld_agree(ctx, dist, st));
    const sld_learner_params params = {.student    = b->student,
                                       .teacher    = b->teacher,
                                       .objective  = objective(),
                                       .sgd        = {.momentum = 0.9, .weight_decay = 5e-4},
                                       .n_shards   = SHARDS,
                                       .batch_rows = {(size_t)o->batch, 0}};
    SLD_TRY(sld_learner_create(ctx, dist, &params, &b->learner));
    return sld_agree(ctx, dist, make_batch(ctx, b));
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
static sld_status take_step(sld_ctx *ctx, const sld_dist *dist, const options *o, bench *b,
                            int *stop)
{
    const sld_step_input in = {.view   = {b->images[SLD_WEAK], b->images[SLD_STRONG]},
                               .labels = b->labels,
                               .sample = b->sample,
                               .epoch  = EPOCH,
                               .lr     = LEARNING_RATE};
    sld_step_output      out;

    SLD_TRY(sld_agree_request(ctx, dist, SLD_OK, stop));
    if (*stop) {
        return SLD_OK;
    }
    SLD_TRY(sld_learner_step(ctx, b->learner, &in, &out));
    b->finite = b->finite && out.finite;
    b->loss   = (out.sums[SLD_WEAK].total + out.sums[SLD_STRONG].total) / o->batch;
    return SLD_OK;
}

/* Collective. Fills step_s. */
static sld_status measure(sld_ctx *ctx, const sld_dist *dist, const options *o, bench *b)
{
    const double start = sld_clock_s();
    double       last  = start;

    for (b->steps = 0; b->steps < (size_t)o->steps; b->steps++) {
        int stop = b->steps > 0 && last - start >= o->seconds;
        SLD_TRY(take_step(ctx, dist, o, b, &stop));
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

enum { N_STEP_PARTS = 6, N_NN_PARTS = 8, N_PARTS = N_STEP_PARTS + N_NN_PARTS };
static const char *const part_names[N_PARTS] = {"teacher",
                                                "student_forward",
                                                "objective",
                                                "backward",
                                                "wait",
                                                "sgd",
                                                "conv_forward",
                                                "conv_backward_data",
                                                "conv_backward_weights",
                                                "batch_norm",
                                                "other",
                                                "refresh",
                                                "merge",
                                                "reduce"};

/* Of one rank, in the order of part_names. */
typedef struct account {
    double part_s[N_PARTS], memory_mib;
} account;

static account account_now(const bench *b)
{
    const sld_step_times       t = sld_learner_times(b->learner);
    const sld_backprop_seconds p = sld_learner_parts(b->learner);
    struct rusage              usage;

    getrusage(RUSAGE_SELF, &usage);
    return (account){.part_s     = {t.teacher, t.forward, t.objective, t.backward, t.wait, t.sgd,
                                    p.conv_forward, p.conv_backward_data, p.conv_backward_weights,
                                    p.batch_norm, p.other, p.refresh, p.merge, p.reduce},
                     .memory_mib = (double)usage.ru_maxrss / 1024}; /* KiB on Linux */
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_shares(const char *name, int first, int end, const double *share, double rest)
{
    printf(", \"%s\": {", name);
    for (int i = first; i < end; i++) {
        printf("%s\"%s\": %.4f", i > first ? ", " : "", part_names[i], share[i]);
    }
    if (rest >= 0) {
        printf(", \"rest\": %.4f", rest);
    }
    printf("}");
}

static void print_report(const sld_dist *dist, const options *o, bench *b, const double *share,
                         const double *memory_mib)
{
    const double macs    = sld_model_macs(b->teacher) + 3 * sld_model_macs(b->student);
    const double gflop   = SLD_VIEWS * macs * 2 * 1e-9; /* per sample */
    double       total_s = 0, rest = 1;

    for (size_t i = 0; i < b->steps; i++) {
        total_s += b->step_s[i];
    }
    for (int i = 0; i < N_STEP_PARTS; i++) {
        rest -= share[i];
    }
    qsort(b->step_s, b->steps, sizeof *b->step_s, compare_doubles);
    const double median_s   = (b->step_s[(b->steps - 1) / 2] + b->step_s[b->steps / 2]) / 2;
    const double per_second = (double)b->steps * o->batch / total_s;

    printf("{\"pair\": \"%s-%s\", \"ranks\": %d, \"batch\": %.0f, \"steps\": %zu, ", o->teacher,
           o->student, sld_dist_size(dist), o->batch, b->steps);
    printf("\"samples_per_s\": %.2f, \"ms_per_step\": {\"median\": %.3f, \"min\": %.3f}, ",
           per_second, 1e3 * median_s, 1e3 * b->step_s[0]);
    printf("\"nominal_gflop_per_sample\": %.5f, \"nominal_gflop_per_s\": %.2f", gflop,
           gflop * per_second);
    print_shares("share", 0, N_STEP_PARTS, share, fmax(rest, 0.0));
    print_shares("share_nn", N_STEP_PARTS, N_PARTS, share, -1);
    printf(", \"peak_memory_mib\": [");
    for (int r = 0; r < sld_dist_size(dist); r++) {
        printf("%s%.1f", r > 0 ? ", " : "", memory_mib[r]);
    }
    printf("], \"loss\": ");
    printf(isfinite(b->loss) ? "%.6g" : "null", b->loss);
    printf(", \"finite\": %s}\n", b->finite ? "true" : "false");
}

/* Collective. before: this rank's account when the measured steps began. */
static sld_status report(sld_ctx *ctx, const sld_dist *dist, const options *o, bench *b,
                         const account *before)
{
    const account after   = account_now(b);
    double        total_s = 0, share[N_PARTS] = {0}, *memory_mib;

    SLD_TRY(sld_arena_alloc(ctx, b->arena, (size_t)sld_dist_size(dist) * sizeof *memory_mib,
                            (void **)&memory_mib));
    for (size_t i = 0; i < b->steps; i++) {
        total_s += b->step_s[i];
    }
    for (int r = 0; r < sld_dist_size(dist); r++) {
        account spent = after;
        for (int i = 0; i < N_PARTS; i++) {
            spent.part_s[i] = (after.part_s[i] - before->part_s[i]) / total_s;
        }
        SLD_TRY(sld_dist_bcast(ctx, dist, &spent, sizeof spent, r));
        memory_mib[r] = spent.memory_mib;
        for (int i = 0; i < N_PARTS; i++) {
            share[i] += spent.part_s[i] / sld_dist_size(dist);
        }
    }
    if (sld_dist_rank(dist) == 0) {
        print_report(dist, o, b, share, memory_mib);
    }
    return SLD_OK;
}

/* Collective. */
static sld_status run(sld_ctx *ctx, const sld_dist *dist, const options *o, bench *b)
{
    SLD_TRY(prepare(ctx, dist, o, b));
    for (int i = 0; i < (int)o->warmup; i++) {
        int stop = 0;
        SLD_TRY(take_step(ctx, dist, o, b, &stop));
    }
    const account before = account_now(b);
    SLD_TRY(measure(ctx, dist, o, b));
    return report(ctx, dist, o, b, &before);
}

int main(int argc, char **argv)
{
    sld_ctx    ctx;
    sld_dist  *dist = NULL;
    options    o;
    bench      b  = {.finite = true};
    sld_status st = SLD_OK;

    sld_ctx_init(&ctx);
    if ((st = sld_dist_create(&ctx, &dist)) == SLD_OK &&
        (st = sld_agree(&ctx, dist, read_options(&ctx, argc, argv, &o))) == SLD_OK) {
        st = run(&ctx, dist, &o, &b);
    }
    if (st != SLD_OK && (!ctx.err.agreed || ctx.rank == 0)) {
        fprintf(stderr, "bench_step: rank %d: %s\n", ctx.err.rank, ctx.err.msg);
    }
    if (st != SLD_OK && dist && !ctx.err.agreed) { /* the others do not know of it */
        sld_dist_abort(dist, 1);
    }
    release(&b);
    sld_dist_destroy(dist);
    return st == SLD_OK && b.finite ? 0 : 1;
}
