/* cmd_probe.c: sld probe: makes some optimiser steps on given batches and writes their numbers. */
#include "cli.h"
#include "sld/kernels.h"
#include "sld/rundir.h"
#include "sld/tools.h"
#include "unread_settings.h"

enum { BATCHES, OUT, EPOCH, GRADIENTS, FORCE };
static const sld_option_spec options[] = {{"--batches", true}, {"--out", true},
                                          {"--epoch", true},   {"--gradients", false},
                                          {"--force", false},  {NULL, false}};

static bool is_own(sld_ctx *ctx, const char *path)
{
    return sld_output_has_format(ctx, path, "sld-probe");
}

static sld_status read_epoch(sld_ctx *ctx, const char *text, int64_t *epoch)
{
    double number = 1;

    SLD_TRY(sld_arguments_number(ctx, "probe", "--epoch", text, 1, 1e6, true, &number));
    *epoch = (int64_t)number;
    return SLD_OK;
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    sld_config      *config = NULL;
    bool             finite = true;
    sld_probe_params params = {.batches   = args->option[BATCHES],
                               .out       = args->option[OUT],
                               .gradients = args->option[GRADIENTS] != NULL};
    sld_status       st     = read_epoch(ctx, args->option[EPOCH], &params.epoch);

    *exit_code = SLD_EXIT_OK;
    if (st == SLD_OK && (!params.batches || !params.out)) {
        st = sld_arguments_lack(ctx, &sld_verb_probe, args);
    }
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_experiment_read(ctx, comm, args, &config));
    params.config            = config;
    const char *const read[] = {args->positional, params.batches};
    const sld_output  output = {.option   = "--out",
                                .path     = params.out,
                                .inputs   = read,
                                .n_inputs = 2,
                                .force    = args->option[FORCE] != NULL,
                                .is_own   = is_own,
                                .is_kept  = sld_run_keeps};
    st                       = sld_unread_check(ctx, config, SLD_MAKES_STEPS, false);
    if (st == SLD_OK) {
        st = sld_kernels_pin_isa(ctx, sld_config_word(sld_config_options(config), "parallel.isa"));
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        st = sld_verb_output(ctx, comm, config, &output, &params.replace);
    }
    if (st == SLD_OK) {
        st = sld_start_watchdog(ctx, comm, sld_config_options(config)->run.stall_minutes,
                                "run.stall_minutes", NULL);
    }
    if (st == SLD_OK) {
        params.isa = sld_kernels_isa();
        st         = sld_probe_run(ctx, comm, &params, &finite);
    }
    if (st == SLD_OK && !finite) {
        *exit_code = SLD_EXIT_FAILED;
    }
    sld_config_destroy(config);
    return st;
}

const sld_verb sld_verb_probe = {
    .name = "probe",
    .usage =
        "[mpirun -n RANKS] sld probe EXPERIMENT.yaml [key=value ...] --batches IN.h5 --out OUT.h5\n"
        "       [--epoch E] [--gradients] [--force]",
    .summary = "losses, logits and gradients of optimiser steps on given batches",
    .help =
        "IN.h5 holds K batches: image_weak and image_strong (K,N,C,H,W) float32, normalised; "
        "labels (K,N).\n"
        "A view that the experiment does not use may be absent. The student starts from\n"
        "student.weights or, beside a teacher, from the seed; one of teacher.weights and\n"
        "student.weights must be there, for it says how many classes there are. A step is taken "
        "on each\n"
        "batch at epoch E (default 1), as sld run computes it (student.precision, "
        "teacher.precision,\n"
        "parallel.isa), and OUT.h5 gets losses by term and view, logits and the weights at the "
        "end.\n\n"
        "  --epoch E      schedules and learning rate of this epoch\n"
        "  --gradients    the gradient of every step by tensor name too\n"
        "  --force        write over OUT.h5 even where another program wrote it; never over a "
        "file\n"
        "                 of a run or a sweep\n\n"
        "A step that is not finite ends it with 1, and OUT.h5 is not written.\n"
        "Where nothing moves for run.stall_minutes it leaves with 70 and names the rank behind, as "
        "sld run.\n",
    .options = options,
    .run     = run,
};
