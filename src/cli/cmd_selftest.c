/* cmd_selftest.c: sld selftest: checks that an installed copy works on this machine: that it
 * starts, computes the right numbers, and reads and writes its files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "selftest.h"
#include "sld/base_json.h"
#include "sld/base_process.h"
#include "sld/tools.h"

enum { JSON, LOSSES, RANKS };
static const sld_option_spec options[] = {[JSON]   = {"--json", false},
                                          [LOSSES] = {"--losses", true},
                                          [RANKS]  = {"--ranks", false},
                                          {NULL, false}};

typedef struct check {
    const char        *name;
    sld_selftest_check run;
    bool               needs_launcher;
} check;

static const check checks[] = {{"launcher", sld_selftest_launcher, false},
                               {"golden losses", sld_selftest_losses, false},
                               {"same bits", sld_selftest_bits, true},
                               {"stop, go on", sld_selftest_resume, true},
                               {"data sets", sld_selftest_data, false},
                               {"weights", sld_selftest_weights, true},
                               {"teacher logits", sld_selftest_teacher_logits, true},
                               {"views", sld_selftest_views, true},
                               {"probe", sld_selftest_probe, true},
                               {"sweep", sld_selftest_sweep, false}};
enum { CHECKS = sizeof checks / sizeof *checks };

typedef struct verdict {
    bool   ok;
    double seconds;
    char   found[320];
} verdict;

static void print_line(const check *c, const verdict *v)
{
    printf("  %-4s  %-15s %s (%.1f s)\n", v->ok ? "ok" : "FAIL", c->name, v->found, v->seconds);
    fflush(stdout);
}

static void print_json(const verdict *verdicts, int n, int failed, double seconds)
{
    sld_json j = sld_json_begin(stdout);

    sld_json_object(&j, NULL);
    sld_json_text(&j, "version", SLD_VERSION);
    sld_json_list(&j, "checks");
    for (int i = 0; i < n; i++) {
        sld_json_line(&j);
        sld_json_object(&j, NULL);
        sld_json_text(&j, "name", checks[i].name);
        sld_json_bool(&j, "ok", verdicts[i].ok);
        sld_json_text(&j, "found", verdicts[i].found);
        sld_json_number(&j, "seconds", verdicts[i].seconds, 3);
        sld_json_end(&j);
    }
    sld_json_line(&j);
    sld_json_end(&j);
    sld_json_whole(&j, "passed", n - failed);
    sld_json_whole(&j, "failed", failed);
    sld_json_number(&j, "seconds", seconds, 3);
    sld_json_end(&j);
}

/* Runs the checks in order until the user asks for a stop. *n: how many ran. Returns how many
 * failed. */
static int run_checks(sld_selftest *t, bool json, verdict verdicts[CHECKS], int *n)
{
    int failed = 0;

    for (*n = 0; *n < CHECKS && !*sld_signals_stop(); ++*n) {
        const check *c       = &checks[*n];
        verdict     *v       = &verdicts[*n];
        const double began_s = sld_clock_s();
        sld_err_clear(t->ctx);
        v->ok      = c->needs_launcher && !t->launcher
                         ? sld_selftest_report(t, false, "not tried: the launcher does not work")
                         : c->run(t);
        v->seconds = sld_clock_s() - began_s;
        sld_text_printable(t->found, v->found, sizeof v->found);
        failed += !v->ok;
        if (!json) {
            print_line(c, v);
        }
    }
    return failed;
}

static sld_status make_folder(sld_ctx *ctx, char dir[PATH_MAX])
{
    const char *above = getenv("TMPDIR");

    snprintf(dir, PATH_MAX, "%s/sld-selftest-XXXXXX", above && *above ? above : "/tmp");
    if (!mkdtemp(dir)) {
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "%s: cannot make a folder: %s; set TMPDIR to a folder with room", dir,
                        strerror(errno));
    }
    return SLD_OK;
}

static sld_status selftest(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    const bool    json = args->option[JSON] != NULL;
    char          program[PATH_MAX], dir[PATH_MAX];
    verdict       verdicts[CHECKS];
    int           n       = 0;
    const double  began_s = sld_clock_s();
    const ssize_t length  = readlink("/proc/self/exe", program, sizeof program - 1);
    sld_selftest *t       = calloc(1, sizeof *t);

    if (length < 0 || !t) {
        free(t);
        return SLD_FAIL(ctx, SLD_ERR_IO,
                        "sld selftest: out of memory, or /proc/self/exe cannot be read");
    }
    program[length] = '\0';
    *t              = (sld_selftest){.ctx = ctx, .program = program, .dir = dir};
    sld_process_find_session_folder(ctx);
    const sld_status st = make_folder(ctx, dir);
    if (st != SLD_OK) {
        free(t);
        return st;
    }
    sld_signals_catch();
    if (!json) {
        printf("sld selftest: %s in %s\n\n", program, dir);
    }
    const int    failed = run_checks(t, json, verdicts, &n);
    const double s      = sld_clock_s() - began_s;
    if (json) {
        print_json(verdicts, n, failed, s);
    } else {
        printf("\n%d of %d checks passed, %.0f s%s%s\n", n - failed, CHECKS, s,
               failed ? "; files are left in " : "", failed ? dir : "");
    }
    if (failed == 0) {
        sld_file_remove_tree(dir);
    }
    free(t);
    *exit_code = *sld_signals_stop() ? SLD_EXIT_STOPPED : failed ? SLD_EXIT_FAILED : SLD_EXIT_OK;
    return SLD_OK;
}

/* ---- checks that run on ranks: the verb starts itself with --losses or --ranks ---- */

static bool works_alone(const sld_arguments *args)
{
    return !args->option[LOSSES] && !args->option[RANKS];
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    const bool speaks = sld_comm_rank(comm) == 0;
    sld_golden golden;

    *exit_code = SLD_EXIT_OK;
    if (args->option[RANKS]) {
        if (speaks) {
            printf("%d ranks\n", sld_comm_size(comm));
        }
        return SLD_OK;
    }
    SLD_TRY(sld_golden_losses(ctx, comm, args->option[LOSSES], &golden));
    if (speaks) {
        printf("%zu values, %zu failed\n", golden.compared, golden.failed);
    }
    if (golden.failed > 0 || golden.compared == 0) {
        *exit_code = SLD_EXIT_FAILED;
    }
    return SLD_OK;
}

static const sld_option_rule rules[] = {
    {"--json", NULL, "--losses --ranks"}, {"--losses", NULL, "--ranks"}, {NULL, NULL, NULL}};

const sld_verb sld_verb_selftest = {
    .name = "selftest",
    .usage =
        "sld selftest [--json]\n       mpirun -n RANKS sld selftest --losses FILE.h5 | --ranks",
    .summary = "whether this copy works here; about twenty seconds",
    .help =
        "Runs sld as users do, in a folder of its own below TMPDIR or /tmp, which it removes: "
        "mpirun, losses\n"
        "against those of the public code, the same bits on 1, 2 and 4 ranks and after a stop, "
        "every kind of\n"
        "file written and read. Needs no network, no root, no data, and no source; one machine.\n\n"
        "  --json           for programs\n"
        "  --losses FILE    only this golden file of losses, on the ranks that it is started on\n"
        "  --ranks          only how many ranks meet\n\n"
        "Exit code 1 when a check fails: its folder then stays and is named; else 0.\n",
    .options     = options,
    .rules       = rules,
    .no_file     = true,
    .work        = selftest,
    .works_alone = works_alone,
    .run         = run,
};
