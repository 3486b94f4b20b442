/* cmd_run.c: sld run: trains one trial, or resumes it. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "sld/kernels.h"
#include "sld/learn.h"
#include "sld/trial.h"

enum { SHOW_CONFIG };
static const sld_option_spec options[] = {{"--show-config", false}, {NULL, false}};

/* stem: the file's name without folder and ending, for the folder runs/STEM. */
static void stem_of(const char *path, char stem[128])
{
    const char *slash = strrchr(path, '/');
    snprintf(stem, 128, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem) {
        *dot = '\0';
    }
    if (stem[0] == '.') { /* it would be a hidden folder, or runs/ itself */
        snprintf(stem, 128, "experiment");
    }
}

static bool shows_config(const sld_arguments *args)
{
    return args->option[SHOW_CONFIG] != NULL;
}

static sld_status show_config(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    sld_config *config = NULL;

    SLD_TRY(sld_experiment_read(ctx, NULL, args, &config));
    fputs(sld_config_text(config), stdout);
    sld_config_destroy(config);
    *exit_code = SLD_EXIT_OK;
    return SLD_OK;
}

/* Local. What the experiment asks for in vain. The batch is that of a user: of a trial --plan tells. */
static void tell_vain(sld_ctx *ctx, const sld_config *config)
{
    const sld_options    *opt    = sld_config_options(config);
    const sld_data_params params = sld_data_params_of(opt);
    char                  text[SLD_VAIN_BYTES];
    sld_data_sizes        sizes;
    sld_ctx               quiet;

    if (sld_vain_bf16(opt, text)) {
        sld_log(ctx, SLD_LOG_WARN, "%s; f32 costs the same and rounds nothing", text);
    }
    if (*opt->run.claim || sld_config_origin(config, "train.batch") < SLD_FROM_FILE) {
        return;
    }
    sld_ctx_init(&quiet); /* data that cannot be read is the trial's to tell */
    quiet.log_level = SLD_LOG_ERROR;
    if (sld_data_sizes_of(&quiet, &params, &sizes) == SLD_OK && sld_vain_batch(opt, &sizes, text)) {
        sld_log(ctx, SLD_LOG_WARN, "%s, under another ID", text);
    }
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    sld_config *config = NULL;
    char        stem[128];
    sld_outcome outcome = SLD_TRIAL_DONE;

    SLD_TRY(sld_experiment_read(ctx, comm, args, &config));
    stem_of(args->positional, stem);
    sld_signals_catch();
    const sld_trial_params params = {
        .config = config, .name = stem, .stop = sld_signals_stop(), .version = sld_version_text()};
    const sld_options *opt = sld_config_options(config);
    sld_status         st  = sld_experiment_whole_paths(ctx, comm, config);
    if (st == SLD_OK) {
        st = sld_kernels_pin_isa(ctx, sld_config_word(opt, "parallel.isa"));
    }
    if (st == SLD_OK) {
        st = sld_comm_set_affinity(ctx, comm, opt->parallel.cpus);
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        st = sld_start_watchdog(ctx, comm, opt->run.stall_minutes, "run.stall_minutes",
                                "What is saved is intact: the same command goes on from it");
    }
    if (st == SLD_OK && sld_comm_rank(comm) == 0) {
        tell_vain(ctx, config);
    }
    if (st == SLD_OK) {
        st = sld_trial_run(ctx, comm, &params, &outcome);
    }
    *exit_code = outcome == SLD_TRIAL_DONE      ? SLD_EXIT_OK
                 : outcome == SLD_TRIAL_STOPPED ? SLD_EXIT_STOPPED
                                                : SLD_EXIT_FAILED;
    sld_config_destroy(config);
    return st;
}

const sld_verb sld_verb_run = {
    .name    = "run",
    .usage   = "[mpirun -n RANKS] sld run EXPERIMENT.yaml [key=value ...] [--show-config]",
    .summary = "train one trial; the same command resumes it",
    .help =
        "Trains the experiment, or goes on where it stopped, in the folder run.dir (default "
        "runs/NAME).\n"
        "key=value sets an option over the file's value.\n\n"
        "  --show-config   print the resolved document and leave\n\n"
        "To stop with everything saved: SIGUSR1 to mpirun (it forwards it; on SIGTERM it kills "
        "its ranks\n"
        "after a second), or SIGTERM, SIGINT, SIGHUP or SIGUSR1 to sld itself. The exit code is "
        "then 75.\n\n"
        "Exit codes: 0 done, 1 failed or diverged, 2 usage or configuration, 3 another run works "
        "in the\n"
        "folder, 70 internal or a stall, 74 storage, 75 stopped by a signal with everything "
        "saved.\n",
    .options     = options,
    .work        = show_config,
    .works_alone = shows_config,
    .run         = run,
};
