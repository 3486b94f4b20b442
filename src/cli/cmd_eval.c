/* cmd_eval.c: sld eval: top-1, top-5 and loss of a weights file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sld/tools.h"

enum { SPLIT, LOGITS, PRECISION, ANY_DATA };
static const sld_option_spec options[] = {{"--split", true},
                                          {"--logits", true},
                                          {"--precision", true},
                                          {"--any-data", false},
                                          {NULL, false}};

static bool names_data(const sld_arguments *args)
{
    for (size_t i = 0; i < args->n_overrides; i++) {
        if (strncmp(args->overrides[i], "data.format=", 12) == 0 ||
            strncmp(args->overrides[i], "data.path=", 10) == 0) {
            return true;
        }
    }
    return false;
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    char       *text   = NULL;
    sld_config *config = NULL;
    sld_metrics m;

    *exit_code = SLD_EXIT_OK;
    SLD_TRY(sld_agree(ctx, comm, sld_weights_config(ctx, args->positional, &text)));
    if (!text && !names_data(args)) {
        return sld_agree(
            ctx, comm,
            SLD_FAIL(
                ctx, SLD_ERR_CONFIG,
                "%s does not say what it was trained on: give data.format=... and data.path=...",
                args->positional));
    }
    sld_status st = sld_agree(
        ctx, comm,
        sld_experiment_parse(ctx, args->positional, text ? text : "method: none\n", args, &config));
    free(text);
    SLD_TRY(st);
    st = sld_agree(ctx, comm, sld_experiment_settle_format(ctx, comm, true, config));
    if (st != SLD_OK) {
        sld_config_destroy(config);
        return st;
    }
    const sld_eval_params params = {.weights = args->positional,
                                    .config  = config,
                                    .split   = args->option[SPLIT] ? args->option[SPLIT] : "test",
                                    .logits  = args->option[LOGITS],
                                    .precision =
                                        args->option[PRECISION] ? args->option[PRECISION] : "f32",
                                    .any_data = args->option[ANY_DATA] != NULL};
    st = sld_stall_watch(ctx, comm, sld_config_options(config)->run.stall_minutes,
                         "run.stall_minutes", NULL);
    if (st == SLD_OK) {
        st = sld_eval_run(ctx, comm, &params, &m);
    }
    if (st == SLD_OK && sld_comm_rank(comm) == 0) {
        printf("%s: %s, %lld samples: top-1 %.2f %% (%lld), top-5 %.2f %% (%lld), loss %.6f\n",
               args->positional, params.split, (long long)m.n, m.top1, (long long)m.hits1, m.top5,
               (long long)m.hits5, m.loss);
    }
    sld_config_destroy(config);
    return st;
}

const sld_verb sld_verb_eval = {
    .name    = "eval",
    .usage   = "[mpirun -n RANKS] sld eval WEIGHTS.h5 [key=value ...] [--split test|train|val] "
               "[--logits OUT.h5] [--precision f32|bf16]",
    .summary = "top-1, top-5 and loss of a weights file",
    .help =
        "WEIGHTS.h5 is best.h5 or last.h5 of a run, which know their data set, or a converted "
        "file, which\n"
        "wants data.format=... data.path=... on the command line.\n\n"
        "  --split NAME     test (default), train or val, as the run cut them\n"
        "  --logits OUT.h5  write /logits (sample, class) and /labels\n"
        "  --precision P    f32 (default) or bf16, as teacher.precision\n"
        "  --any-data       accept another data set than the one the weights were trained on\n\n"
        "Where nothing moves for run.stall_minutes it leaves with 70 and names the rank behind, as "
        "sld run.\n",
    .options = options,
    .run     = run,
};
