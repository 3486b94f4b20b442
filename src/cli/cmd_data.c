/* cmd_data.c: sld data: describes an experiment's data set, or writes the images it would train
 * on. */
#include <string.h>

#include "cli.h"
#include "sld/rundir.h"
#include "sld/tools.h"
#include "unread_settings.h"

enum { EPOCH, OUT, FORCE };
static const sld_option_spec options[] = {
    {"--epoch", true}, {"--out", true}, {"--force", false}, {NULL, false}};
static const char *const parts[] = {"info", "views", NULL};

static bool is_own(sld_ctx *ctx, const char *path)
{
    return sld_output_has_format(ctx, path, "sld-views");
}

static sld_status read_params(sld_ctx *ctx, const sld_arguments *args, sld_views_params *out)
{
    const char *text  = args->option[EPOCH];
    double      epoch = 1;

    if (!text || !args->option[OUT]) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "sld data views: expected --epoch E and --out FILE.h5, got %s",
                        text                ? "no --out"
                        : args->option[OUT] ? "no --epoch"
                                            : "neither");
    }
    SLD_TRY(sld_arguments_number(ctx, "data views", "--epoch", text, 1, 1e6, true, &epoch));
    out->epoch = (int64_t)epoch;
    out->out   = args->option[OUT];
    return SLD_OK;
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    const bool       views  = strcmp(args->part, "views") == 0;
    sld_views_params params = {0};
    sld_config      *config = NULL;

    *exit_code = SLD_EXIT_OK;
    SLD_TRY(sld_agree(ctx, comm, views ? read_params(ctx, args, &params) : SLD_OK));
    SLD_TRY(sld_experiment_read(ctx, comm, args, &config));
    params.config           = config;
    const sld_output output = {.option   = "--out",
                               .path     = params.out,
                               .inputs   = &args->positional,
                               .n_inputs = 1,
                               .force    = args->option[FORCE] != NULL,
                               .is_own   = is_own,
                               .is_kept  = sld_run_keeps};
    sld_status       st     = sld_agree(
                  ctx, comm, sld_unread_check(ctx, config, views ? SLD_MAKES_VIEWS : SLD_MAKES_INFO, false));
    if (st == SLD_OK) {
        st = sld_verb_output(ctx, comm, config, &output, &params.replace);
    }
    if (st == SLD_OK) {
        st = views ? sld_views_export(ctx, comm, &params) : sld_data_describe(ctx, comm, config);
    }
    sld_config_destroy(config);
    return st;
}

static const sld_option_rule rules[] = {{"--epoch", "views", NULL},
                                        {"--out", "views", NULL},
                                        {"--force", "views", NULL},
                                        {NULL, NULL, NULL}};

const sld_verb sld_verb_data = {
    .name = "data",
    .usage =
        "sld data info EXPERIMENT.yaml [key=value ...]\n"
        "       sld data views EXPERIMENT.yaml [key=value ...] --epoch E --out FILE.h5 [--force]",
    .summary = "an experiment's data set; its images of an epoch as a file",
    .help =
        "info: name, SHA-256, sizes, counts and normalisation. Settings that change nothing of "
        "what a part\n"
        "shows are refused.\n\n"
        "views: the exact images of epoch E, for a teacher of another program: image_weak and\n"
        "image_strong (sample,C,H,W) uint8, as far as the experiment uses them; normalised "
        "(C,256), the\n"
        "network's input for each byte; sample, labels. Its logits of them (logits_weak, "
        "logits_strong\n"
        "(sample,class), sample, and all attributes of FILE.h5) in DIR/epoch-EEEEE.h5, a file for "
        "each\n"
        "epoch, are a teacher: teacher.logits_files=DIR. Where the attribute epoch is 0 the "
        "images are\n"
        "the same in every epoch, and DIR/epoch-00000.h5 is the only file. --force writes over\n"
        "FILE.h5 even where another program wrote it; never over a file of a run or a sweep.\n",
    .options = options,
    .rules   = rules,
    .parts   = parts,
    .run     = run,
};
