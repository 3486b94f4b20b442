/* cmd_bench.c: sld bench: measures how fast the training step is on this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "sld/kernels.h"

#define PEAK_S 0.25 /* spent on measuring each peak */
#define STALL  "10" /* minutes: the default of --stall-minutes */
#define SHARDS 8    /* parallel.shards, as a run has them by default; so many ranks at most */

enum {
    RANKS,
    BATCH,
    SECONDS,
    STEPS,
    CPUS,
    TEACHER_PRECISION,
    STUDENT_PRECISION,
    STALL_MINUTES,
    NO_EPOCH,
    JSON
};
static const sld_option_spec options[] = {{"--ranks", true},
                                          {"--batch", true},
                                          {"--seconds", true},
                                          {"--steps", true},
                                          {"--cpus", true},
                                          {"--teacher-precision", true},
                                          {"--student-precision", true},
                                          {"--stall-minutes", true},
                                          {"--no-epoch", false},
                                          {"--json", false},
                                          {NULL, false}};

/* The value of an option, or `otherwise` if it is not given. */
static const char *word_of(const sld_arguments *args, int option, const char *otherwise)
{
    return args->option[option] ? args->option[option] : otherwise;
}

static sld_status read_number(sld_ctx *ctx, const sld_arguments *args, int option, double lowest,
                              double highest, double *out)
{
    return sld_arguments_number(ctx, "bench", options[option].name, args->option[option], lowest,
                                highest, option == BATCH || option == STEPS, out);
}

static sld_status read_params(sld_ctx *ctx, const sld_arguments *args, sld_bench_params *out)
{
    double batch = 64, seconds = 5, steps = 0;

    SLD_TRY(read_number(ctx, args, BATCH, 1, 65536, &batch));
    SLD_TRY(read_number(ctx, args, SECONDS, 0, 1e6, &seconds));
    SLD_TRY(read_number(ctx, args, STEPS, 0, 1e5, &steps));
    if (strcmp(args->positional, "none") == 0 &&
        strcmp(word_of(args, TEACHER_PRECISION, "f32"), "bf16") == 0) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "sld bench: --teacher-precision: expected a teacher with it, got none; "
                        "without one it changes nothing: leave it out");
    }
    *out = (sld_bench_params){.teacher =
                                  strcmp(args->positional, "none") == 0 ? NULL : args->positional,
                              .student           = args->second,
                              .teacher_precision = word_of(args, TEACHER_PRECISION, "f32"),
                              .student_precision = word_of(args, STUDENT_PRECISION, "f32"),
                              .batch             = (size_t)batch,
                              .seconds           = seconds,
                              .warmup            = 2,
                              .n_steps           = (size_t)steps,
                              .epoch             = !args->option[NO_EPOCH],
                              .shards            = SHARDS};
    return SLD_OK;
}

/* Collective. */
static sld_status start_watchdog(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args)
{
    double minutes = strtod(STALL, NULL);

    SLD_TRY(sld_agree(ctx, comm, read_number(ctx, args, STALL_MINUTES, 0, 1e5, &minutes)));
    return sld_start_watchdog(ctx, comm, minutes, options[STALL_MINUTES].name, NULL);
}

/* With --ranks this process starts mpirun and is no rank itself. */
static bool starts_others(const sld_arguments *args)
{
    return args->option[RANKS] != NULL;
}

static sld_status start_others(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    sld_bench_params params;

    SLD_TRY(read_params(ctx, args, &params));
    *exit_code = sld_bench_launch(ctx, &params, args->option[RANKS], word_of(args, CPUS, "auto"),
                                  word_of(args, STALL_MINUTES, STALL), args->option[JSON]);
    return SLD_OK;
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    sld_bench_params params;
    sld_bench_row    row = {.ranks = sld_comm_size(comm)};

    *exit_code = SLD_EXIT_OK;
    SLD_TRY(start_watchdog(ctx, comm, args));
    sld_status st = read_params(ctx, args, &params);
    if (st == SLD_OK && row.ranks > SHARDS) {
        st = SLD_FAIL(ctx, SLD_ERR_CONFIG,
                      "sld bench: expected at most %d ranks, one for each shard of the batch, got "
                      "%d; start fewer",
                      SHARDS, row.ranks);
    }
    if (st == SLD_OK) {
        st = sld_comm_set_affinity(ctx, comm, word_of(args, CPUS, "auto"));
    }
    SLD_TRY(sld_agree(ctx, comm, st)); /* so that all ranks measure the peaks at the same time */
    const sld_peaks peaks = sld_kernels_peaks(PEAK_S);
    params.peak_f32       = peaks.f32;
    params.peak_bf16      = peaks.bf16;
    SLD_TRY(sld_bench_run(ctx, comm, &params, &row.result));
    if (sld_comm_rank(comm) == 0 && args->option[JSON]) {
        sld_bench_print_json(&params, &row);
    } else if (sld_comm_rank(comm) == 0) {
        sld_bench_print_table(&params, &row, 1);
    }
    return SLD_OK;
}

const sld_verb sld_verb_bench = {
    .name    = "bench",
    .usage   = "[mpirun -n RANKS] sld bench TEACHER STUDENT [--ranks 1,2,...] [--batch N]\n"
               "       [--seconds S] [--steps N] [--cpus LIST] [--teacher-precision f32|bf16]\n"
               "       [--student-precision f32|bf16] [--stall-minutes M] [--no-epoch] [--json]",
    .summary = "speed of the training step, and where its time goes",
    .help =
        "Times the SLD step (both views, batch 64, random images) of two networks of sld "
        "models,\n"
        "and a short trial that feeds on the synthetic set and writes its files, in TMPDIR (/tmp). "
        "TEACHER\n"
        "none: the step of cross-entropy alone. Wants an otherwise idle machine.\n\n"
        "  --ranks 1,2     starts mpirun itself, once for each number of ranks, at most 8, and\n"
        "                  prints them side by side with the efficiency; not under mpirun\n"
        "  --batch N       global batch (64)\n"
        "  --seconds S     of measured steps, and about as long for the trial (5)\n"
        "  --steps N       so many measured steps; 0: as many as fit (0)\n"
        "  --cpus LIST     CPUs for the ranks, as parallel.cpus (auto)\n"
        "  --teacher-precision P  f32 or bf16, as teacher.precision (f32)\n"
        "  --student-precision P  f32 or bf16, as student.precision (f32)\n"
        "  --stall-minutes M  leave with 70 and name the rank behind when nothing moves for so "
        "long\n"
        "                  (10; 0: never)\n"
        "  --no-epoch      leave the trial out\n"
        "  --json          one document per number of ranks\n\n"
        "Nominal GFLOP count 2 views x (teacher + 3 x student) x 2 x multiply-accumulates per "
        "sample; the\n"
        "first layer's data gradient counts though it is never computed. The peaks are measured "
        "in\n"
        "registers on all ranks at once.\n",
    .options     = options,
    .takes       = "two networks, as sld models lists them",
    .two_words   = true,
    .no_settings = true,
    .work        = start_others,
    .works_alone = starts_others,
    .run         = run,
};
