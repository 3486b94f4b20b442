/* sld/tools_bench.h: how fast the training step of a pair of networks is here, and where its time
 * goes. */
#ifndef SLD_TOOLS_BENCH_H
#define SLD_TOOLS_BENCH_H

#include "sld/base.h"
#include "sld/comm.h"

typedef struct sld_bench_params {
    const char *teacher; /* a network of the zoo; NULL: none, the step is cross-entropy alone */
    const char *student;
    const char *teacher_precision, *student_precision; /* as the options named so */
    size_t      batch;                                 /* global */
    double      seconds; /* of measured steps, and of the run that feeds on data; 0: no such run */
    size_t      warmup;  /* steps before */
    size_t      n_steps; /* measured; 0: as many as fit into seconds, at least one */
    bool        epoch;   /* feed on data too */
    int         shards;
    double      peak_f32, peak_bf16; /* GFLOP/s of this rank's thread, measured by the caller */
} sld_bench_params;

/* X(name, how the ranks' values combine, text). Shares are of 1; a share of the step is a mean over
 * the ranks, and those of the step add up to 1, those of the epoch likewise. */
// clang-format off
#define SLD_BENCH_FIGURES(X)                                                                       \
    X(samples_per_s,         MAX, "samples/s, step")                                              \
    X(ms_median,             MAX, "ms per step, median")                                          \
    X(ms_least,              MAX, "ms per step, least")                                           \
    X(gflop_per_sample,      MAX, "nominal GFLOP per sample")                                     \
    X(gflop_per_s,           MAX, "nominal GFLOP/s")                                              \
    X(peak_f32,              SUM,  "peak GFLOP/s, f32 multiply-add")                               \
    X(peak_bf16,             SUM,  "peak GFLOP/s, bf16 (AMX, else f32)")                           \
    X(share_of_peak,         MAX, "nominal GFLOP/s over the f32 peak")                            \
    X(memory_mib,            MAX, "peak memory of a rank, MiB")                                   \
    X(teacher,               MEAN, "teacher")                                                      \
    X(conv_forward,          MEAN, "convolution, forward")                                         \
    X(conv_backward_data,    MEAN, "convolution, backward data")                                   \
    X(conv_backward_weights, MEAN, "convolution, backward weights")                                \
    X(batch_norm,            MEAN, "batch norm")                                                   \
    X(other_layers,          MEAN, "other layers")                                                 \
    X(losses,                MEAN, "losses")                                                       \
    X(reduction,             MEAN, "reductions: additions")                                        \
    X(waiting,               MEAN, "reductions: moving and waiting")                               \
    X(sgd,                   MEAN, "SGD and layouts of weights")                                   \
    X(rest,                  MEAN, "rest")                                                         \
    X(epoch_samples_per_s,   MAX, "samples/s, fed from data")                                     \
    X(input_of_step,         MAX, "input pipeline, of the step")                                  \
    X(epoch_augmentation,    MEAN, "loading and augmentation")                                     \
    X(epoch_steps,           MEAN, "steps")                                                        \
    X(epoch_evaluation,      MEAN, "evaluation on test")                                           \
    X(epoch_files,           MEAN, "results and checkpoints")
// clang-format on

#define SLD_BENCH_ENUM_(name, combine, text) SLD_BENCH_##name,
typedef enum { SLD_BENCH_FIGURES(SLD_BENCH_ENUM_) SLD_BENCH_N } sld_bench_figure;

/* gflop_per_sample: 2 views x (teacher + 3 x student) x 2 x multiply-accumulates; the first layer's
 * data gradient counts, as in the usual cost of a backward, though it is never computed.
 * input_of_step: what the slowest rank's loading and augmentation, for which its step waits, take
 * of a step with them. epoch_*: of an epoch of 50,000 training and 10,000 test samples of 100
 * classes, from a trial on fewer. Both NaN where no trial was asked for. */
typedef struct sld_bench_result {
    double v[SLD_BENCH_N];
    size_t steps, epoch_samples; /* measured */
    double loss;                 /* of the last step: a proof that it was a step, not a result */
} sld_bench_result;

/* Collective. Random images of the student's usual size for the step; the synthetic set through
 * the loader, and a run folder under the system's folder for temporary files, for the epoch. The
 * step is the SLD step after the first drop of the rate: cross-entropy 0.1, teacher swap and
 * student swap 0.9 at temperatures 1 to 6, on both views. */
sld_status sld_bench_run(sld_ctx *ctx, const sld_comm *comm, const sld_bench_params *params,
                         sld_bench_result *out);

#endif
