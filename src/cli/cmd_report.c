/* cmd_report.c: sld report: reports the results of a sweep or of runs, as text, CSV, JSON, a page
 * or a packed file. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "sld/report.h"
#include "sld/rundir.h"
#include "sld/store.h"

enum { MAX_RUNS = 32 };
enum { FORMAT, PACK, COMPACT, HTML, FORCE };
static const sld_option_spec options[] = {
    [FORMAT] = {"--format", true}, [PACK] = {"--pack", true},    [COMPACT] = {"--compact", false},
    [HTML] = {"--html", true},     [FORCE] = {"--force", false}, {NULL, false}};

static bool is_own(sld_ctx *ctx, const char *path)
{
    return sld_output_has_format(ctx, path, "sld-study");
}

static bool is_own_page(sld_ctx *ctx, const char *path)
{
    (void)ctx;
    return sld_report_is_page(path);
}

static sld_status read_format(sld_ctx *ctx, const char *text, sld_report_format *out)
{
    static const char *const names[] = {"text", "csv", "json"};

    *out = SLD_REPORT_TEXT;
    for (int i = 0; text && i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (sld_report_format)i;
            return SLD_OK;
        }
    }
    return text ? SLD_FAIL(ctx, SLD_ERR_CONFIG,
                           "sld report: --format: expected text, csv or json, got '%s'", text)
                : SLD_OK;
}

/* The folder of a run, given the path of its results.h5. */
static const char *folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    return folder;
}

/* Reports one run, or several side by side. */
static sld_status report_runs(sld_ctx *ctx, const sld_arguments *args, sld_report_format format)
{
    char         folders[MAX_RUNS][PATH_MAX];
    const char  *dirs[MAX_RUNS];
    const size_t n = args->n_words;

    if (args->option[PACK]) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%s: --pack: expected a sweep's folder, got one run's; its results.h5 holds "
            "everything already",
            args->positional);
    }
    if (args->option[HTML]) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: --html: expected a sweep's folder, got a run's",
                        args->positional);
    }
    if (n > MAX_RUNS) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "sld report: expected at most %d runs side by side, got %zu; a sweep takes "
                        "more",
                        MAX_RUNS, n);
    }
    for (size_t i = 0; i < n; i++) {
        const sld_given given = sld_given_at(ctx, args->words[i]);
        if (given != SLD_GIVEN_RUN && given != SLD_GIVEN_RESULTS) {
            return sld_given_refuse(ctx, args->words[i], given,
                                    n > 1 ? "the folder of a run beside those of other runs"
                                          : "the folder of a run");
        }
        dirs[i] = given == SLD_GIVEN_RUN ? args->words[i] : folder_of(args->words[i], folders[i]);
    }
    return sld_report_print_runs(ctx, dirs, n, format, stdout);
}

/* Warns if results are missing to which sweep.h5 points: readers of that file see NaN for them. */
static sld_status check_index(sld_ctx *ctx, const sld_grid *grid)
{
    size_t missing     = 0;
    char   first[1024] = "";

    const sld_status st = sld_report_index_check(ctx, grid, &missing, first, sizeof first);
    if (st == SLD_ERR_NOMEM) {
        return st;
    }
    if (st != SLD_OK) { /* the report does not need sweep.h5: it reads the trials */
        sld_log(ctx, SLD_LOG_WARN, "%s; sld sweep %s writes it again", ctx->err.msg,
                sld_grid_dir(grid));
        sld_err_clear(ctx);
        return SLD_OK;
    }
    if (missing > 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s/sweep.h5 points to results of %zu trial%s that %s not there, which read%s as NaN; "
            "the first: %s",
            sld_grid_dir(grid), missing, sld_text_plural(missing), missing == 1 ? "is" : "are",
            missing == 1 ? "s" : "", first);
    }
    return SLD_OK;
}

/* Which of the files that options name are there. */
typedef struct existing {
    bool pack, page;
} existing;

/* Checks the files that options name, before any file is written. */
static sld_status check_outputs(sld_ctx *ctx, const sld_arguments *args, const char *dir,
                                existing *there)
{
    const sld_output pack = {.option   = options[PACK].name,
                             .path     = args->option[PACK],
                             .inputs   = &dir,
                             .n_inputs = 1,
                             .force    = args->option[FORCE] != NULL,
                             .is_own   = is_own,
                             .is_kept  = sld_run_keeps};
    sld_output       page = pack;

    page.option = options[HTML].name;
    page.path   = args->option[HTML];
    page.is_own = is_own_page;
    if (pack.path) {
        SLD_TRY(sld_output_check(ctx, &pack, &there->pack));
    }
    if (page.path) {
        SLD_TRY(sld_output_check(ctx, &page, &there->page));
    }
    return pack.path && page.path ? sld_output_check_apart(ctx, &pack, &page) : SLD_OK;
}

static sld_status write_files(sld_ctx *ctx, const sld_arguments *args, const sld_grid *grid,
                              const existing *there)
{
    const char *pack = args->option[PACK], *page = args->option[HTML];

    if (page) {
        SLD_TRY(sld_report_page(ctx, grid, page, there->page));
        sld_log(ctx, SLD_LOG_INFO, "%s: the sweep as it stands", page);
    }
    if (pack) {
        SLD_TRY(sld_report_pack(ctx, grid, pack, args->option[COMPACT] != NULL, there->pack));
        sld_log(ctx, SLD_LOG_INFO, "%s: %zu trial%s packed", pack, sld_grid_count(grid),
                sld_text_plural(sld_grid_count(grid)));
    }
    return SLD_OK;
}

static sld_status report_sweep(sld_ctx *ctx, const char *dir, const sld_arguments *args,
                               sld_report_format format)
{
    const bool files = args->option[PACK] || args->option[HTML];
    sld_grid  *grid  = NULL;
    existing   there = {false, false};

    SLD_TRY(check_outputs(ctx, args, dir, &there));
    SLD_TRY(sld_grid_open(ctx, dir, &grid));
    sld_doc_many(true); /* check, report and pack open the same files again and again */
    sld_status st = sld_grid_tell_edited(ctx, grid);
    if (st == SLD_OK) {
        st = check_index(ctx, grid);
    }
    if (st == SLD_OK && (!files || args->option[FORMAT])) {
        st = sld_report_print(ctx, grid, format, stdout);
    }
    if (st == SLD_OK) {
        st = write_files(ctx, args, grid, &there);
    }
    sld_doc_many(false);
    sld_grid_close(grid);
    return st;
}

static sld_status report_packed(sld_ctx *ctx, const char *path, const sld_arguments *args,
                                sld_report_format format)
{
    if (args->option[PACK] || args->option[HTML]) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: %s: expected a sweep's folder, got a packed study", path,
                        options[args->option[PACK] ? PACK : HTML].name);
    }
    return sld_report_print_packed(ctx, path, format, stdout);
}

/* Whether the HDF5 file may be a packed study: one of today says so, each has a row for each trial. */
static bool may_be_study(const char *path)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    sld_ctx_init(&quiet);
    const bool answer =
        sld_doc_open_file(&quiet, path, &doc) != SLD_OK || sld_doc_has(doc, "/valid");
    sld_doc_close(doc);
    return answer; /* a damaged one is refused where it is read */
}

static sld_status report(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    const char       *dir = args->positional;
    sld_report_format format;

    *exit_code = SLD_EXIT_OK;
    SLD_TRY(read_format(ctx, args->option[FORMAT], &format));
    const sld_given given = sld_given_at(ctx, dir);
    if (args->n_words > 1 || given == SLD_GIVEN_RUN || given == SLD_GIVEN_RESULTS) {
        return report_runs(ctx, args, format);
    }
    if (given == SLD_GIVEN_STUDY || (given == SLD_GIVEN_HDF5 && may_be_study(dir))) {
        return report_packed(ctx, dir, args, format);
    }
    return given == SLD_GIVEN_SWEEP
               ? report_sweep(ctx, dir, args, format)
               : sld_given_refuse(ctx, dir, given,
                                  "a packed study, or the folder of a sweep or a run");
}

static const sld_option_rule rules[] = {
    {"--compact", "--pack", NULL}, {"--force", "--pack --html", NULL}, {NULL, NULL, NULL}};

const sld_verb sld_verb_report = {
    .name    = "report",
    .usage   = "sld report DIR...|STUDY.h5 [--format text|csv|json] [--pack STUDY.h5 [--compact]]\n"
               "       [--html FILE.html] [--force]",
    .summary = "what a sweep found: mean and deviation over seeds",
    .help =
        "DIR is the folder of a sweep, which may be running, or of a run; STUDY.h5 a packed\n"
        "study. The folders of several runs are reported side by side; runs that differ in seed\n"
        "alone are one arm. Nothing in them is written.\n\n"
        "  --format NAME    text (default), csv: one row per trial, json: trials and arms\n"
        "  --pack STUDY.h5  one self-contained file: table, curves, test logits, labels,\n"
        "                   configurations; `sld-analysis report FILE` makes a page of it\n"
        "  --compact        of the test logits the label's and the five largest alone: small "
        "enough to\n"
        "                   mail, about 200 kB a trial of CIFAR-100\n"
        "  --html FILE.html one page of the sweep as it stands, without a script or another file:\n"
        "                   sld sweep keeps one in DIR/report.html\n"
        "  --force          write over STUDY.h5 or FILE.html even where another program wrote it;\n"
        "                   never over a file of a run or a sweep\n",
    .options     = options,
    .rules       = rules,
    .no_settings = true,
    .many_words  = true,
    .work        = report,
};
