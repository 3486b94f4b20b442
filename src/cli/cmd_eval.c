/* cmd_eval.c: sld eval: computes top-1, top-5 and loss of a weights file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sld/distill.h"
#include "sld/kernels.h"
#include "sld/rundir.h"
#include "sld/store.h"
#include "sld/tools.h"
#include "unread_settings.h"

enum { SPLIT, LOGITS, FEATURES, PRECISION, ANY_DATA, FORCE };
static const sld_option_spec options[] = {
    {"--split", true},     {"--logits", true}, {"--features", false}, {"--precision", true},
    {"--any-data", false}, {"--force", false}, {NULL, false}};

/* Whether sld eval wrote the file. Its files have no attribute "format", but no other file of sld
 * has all of these three attributes. */
static bool is_own(sld_ctx *ctx, const char *path)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    sld_ctx_init(&quiet);
    if (sld_doc_open_file(&quiet, path, &doc) != SLD_OK) {
        return false;
    }
    const bool answer = (sld_doc_has(doc, "/logits") || sld_doc_has(doc, "/features")) &&
                        sld_doc_has_attr(doc, "/", "split") &&
                        sld_doc_has_attr(doc, "/", "weights_sha256") &&
                        sld_doc_has_attr(doc, "/", "data_sha256");
    sld_doc_close(doc);
    return answer;
}

static bool sets(const sld_arguments *args, const char *option)
{
    for (size_t i = 0; i < args->n_overrides; i++) {
        if (strncmp(args->overrides[i], option, strlen(option)) == 0) {
            return true;
        }
    }
    return false;
}

/* Finds the data set of a weights file where it is no longer at the stored path. It has often moved
 * along with the run's folder, and then the end of its path is found in a folder above the file: the
 * nearest counts, and the longest end; later its SHA-256 is compared with the one in the file. */
static bool find_from_weights(const char *weights, const char *stored, char found[PATH_MAX])
{
    char above[PATH_MAX], *slash;

    if (!realpath(weights, above)) {
        return false;
    }
    while ((slash = strrchr(above, '/')) && slash != above) {
        *slash = '\0';
        for (const char *end = stored; *end; end += strcspn(end, "/")) {
            end += strspn(end, "/");
            if (*end && snprintf(found, PATH_MAX, "%s/%s", above, end) < PATH_MAX &&
                access(found, F_OK) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Parses the configuration, and finds the data set that it names if it comes from the weights file
 * (stored) and the command line names none. */
static sld_status parse(sld_ctx *ctx, const sld_arguments *args, const char *text, bool stored,
                        sld_config **out)
{
    char         found[PATH_MAX], setting[PATH_MAX + 16];
    const char **overrides;

    SLD_TRY(sld_config_parse_stored(ctx, args->positional, text, args->overrides, args->n_overrides,
                                    sld_method_defaults, out));
    SLD_TRY(sld_config_check_paths(ctx, *out, SLD_FROM_OVERRIDE));
    const char *path = sld_config_options(*out)->data.path;
    if (!stored || sets(args, "data.path=") || !path[0]) {
        return SLD_OK;
    }
    if (access(path, F_OK) == 0) {
        sld_log(ctx, SLD_LOG_INFO, "data set: %s, as %s says", path, args->positional);
        return SLD_OK;
    }
    if (!find_from_weights(args->positional, path, found)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: data.path: expected %s, or the end of this path in a folder above the "
                        "file, got nothing there; name the data set: data.path=...",
                        args->positional, path);
    }
    sld_log(ctx, SLD_LOG_INFO, "data set: %s, as %s says", found, args->positional);
    if (!(overrides = malloc((args->n_overrides + 1) * sizeof *overrides))) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory");
    }
    snprintf(setting, sizeof setting, "data.path=%s", found);
    memcpy(overrides, args->overrides, args->n_overrides * sizeof *overrides);
    overrides[args->n_overrides] = setting;
    sld_config_destroy(*out);
    *out                = NULL;
    const sld_status st = sld_config_parse_stored(ctx, args->positional, text, overrides,
                                                  args->n_overrides + 1, sld_method_defaults, out);
    free(overrides);
    return st;
}

/* *text: the experiment behind the weights; NULL: the file has none. If the path is no HDF5 file, the
 * error says what it is instead. */
static sld_status read_weights(sld_ctx *ctx, const char *path, char **text)
{
    const sld_status st = sld_weights_config(ctx, path, text);

    if (st == SLD_OK) {
        return st;
    }
    const sld_given given = sld_given_at(ctx, path);
    if (given == SLD_GIVEN_TEXT || given == SLD_GIVEN_CLOSED || given == SLD_GIVEN_FOLDER ||
        given == SLD_GIVEN_RUN || given == SLD_GIVEN_SWEEP) {
        sld_err_clear(ctx);
        return sld_given_refuse(ctx, path, given, "a weights file");
    }
    return st;
}

/* Local. Whether the data set is held against the SHA-256 that the weights keep. */
static bool compares_hash(const sld_arguments *args)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    sld_ctx_init(&quiet);
    const bool answer = !args->option[ANY_DATA] &&
                        sld_doc_open_file(&quiet, args->positional, &doc) == SLD_OK &&
                        sld_doc_has_attr(doc, "/", "data_hash");
    sld_doc_close(doc);
    return answer;
}

static const char *word_of(const sld_arguments *args, int option, const char *other)
{
    return args->option[option] ? args->option[option] : other;
}

/* Collective. The experiment behind the weights, with the settings of the command line, checked. On
 * failure the caller destroys *out too. */
static sld_status configure(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args,
                            sld_config **out)
{
    char *text = NULL;

    SLD_TRY(sld_agree(ctx, comm, read_weights(ctx, args->positional, &text)));
    if (!text && !sets(args, "data.format=") && !sets(args, "data.path=")) {
        return sld_agree(
            ctx, comm,
            SLD_FAIL(ctx, SLD_ERR_CONFIG,
                     "%s: expected weights that name their data set, got weights that do not; give "
                     "data.format=... and data.path=...",
                     args->positional));
    }
    sld_status st = parse(ctx, args, text ? text : "method: none\n", text != NULL, out);
    free(text);
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_agree(ctx, comm, sld_experiment_settle_format(ctx, comm, true, *out)));
    st = sld_unread_check(ctx, *out, sld_eval_makes(word_of(args, SPLIT, "test")),
                          compares_hash(args));
    if (st == SLD_OK) { /* so that the numbers are the run's */
        st = sld_kernels_pin_isa(ctx, sld_config_word(sld_config_options(*out), "parallel.isa"));
    }
    return sld_agree(ctx, comm, st);
}

/* Collective. */
static sld_status evaluate(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args,
                           const sld_config *config, sld_metrics *m)
{
    sld_eval_params  params = {.weights   = args->positional,
                               .config    = config,
                               .split     = word_of(args, SPLIT, "test"),
                               .logits    = args->option[LOGITS],
                               .features  = args->option[FEATURES] != NULL,
                               .precision = word_of(args, PRECISION, "f32"),
                               .any_data  = args->option[ANY_DATA] != NULL};
    const sld_output output = {.option   = "--logits",
                               .path     = params.logits,
                               .inputs   = &args->positional,
                               .n_inputs = 1,
                               .force    = args->option[FORCE] != NULL,
                               .is_own   = is_own,
                               .is_kept  = sld_run_keeps};

    SLD_TRY(sld_verb_output(ctx, comm, config, &output, &params.replace));
    SLD_TRY(sld_start_watchdog(ctx, comm, sld_config_options(config)->run.stall_minutes,
                               "run.stall_minutes", NULL));
    return sld_eval_run(ctx, comm, &params, m);
}

static void print_metrics(const sld_arguments *args, const sld_metrics *m)
{
    const char *split = word_of(args, SPLIT, "test");

    if (isnan(m->top1)) {
        printf(
            "%s: %s, features of %lld sample%s; the data set has other classes than the weights\n",
            args->positional, split, (long long)m->n, sld_text_plural(m->n));
        return;
    }
    printf("%s: %s, %lld sample%s: top-1 %.2f %% (%lld), top-5 %.2f %% (%lld), loss %.6f\n",
           args->positional, split, (long long)m->n, sld_text_plural(m->n), m->top1,
           (long long)m->hits1, m->top5, (long long)m->hits5, m->loss);
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    sld_config *config = NULL;
    sld_metrics m;

    *exit_code    = SLD_EXIT_OK;
    sld_status st = configure(ctx, comm, args, &config);
    if (st == SLD_OK) {
        st = evaluate(ctx, comm, args, config, &m);
    }
    if (st == SLD_OK && sld_comm_rank(comm) == 0) {
        print_metrics(args, &m);
    }
    sld_config_destroy(config);
    return st;
}

static const sld_option_rule rules[] = {
    {"--features", "--logits", NULL}, {"--force", "--logits", NULL}, {NULL, NULL, NULL}};

const sld_verb sld_verb_eval = {
    .name    = "eval",
    .usage   = "[mpirun -n RANKS] sld eval WEIGHTS.h5 [key=value ...] [--split test|train|val] "
               "[--logits OUT.h5 [--features] [--force]] [--precision f32|bf16] [--any-data]",
    .summary = "top-1, top-5 and loss of a weights file",
    .help =
        "WEIGHTS.h5 is best.h5 or last.h5 of a run, which know their data set, or a converted "
        "file, which\n"
        "needs data.format=... data.path=... on the command line. Settings of the training are "
        "refused.\n\n"
        "  --split NAME     test (default), train or val, as the run cut them\n"
        "  --logits OUT.h5  write /logits (sample, class) and /labels\n"
        "  --features       and /features (sample, feature), what the last layer makes them of\n"
        "  --force          write over OUT.h5 even where another program wrote it; never over a "
        "file\n"
        "                   of a run or a sweep\n"
        "  --precision P    f32 (default) or bf16, as teacher.precision; parallel.isa is the "
        "run's\n"
        "  --any-data       accept another data set than the one the weights were trained on\n\n"
        "Where nothing moves for run.stall_minutes it leaves with 70 and names the rank behind, as "
        "sld run.\n",
    .options = options,
    .rules   = rules,
    .run     = run,
};
