/* cmd_sweep.c: sld sweep: plans, runs, resumes or joins a grid of trials in one folder. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "sld/distill.h"
#include "sld/report.h"
#include "sld/sweep.h"
#include "sweep_index.h"
#include "sweep_job.h"
#include "sweep_plan.h"
#include "sweep_settings.h"

#define MAX_BYTES ((size_t)1 << 20)

enum { PLAN, DIR_, RANKS, SLOTS, ACCEPT, RETRY, SKIP, NO_WAIT, JOB, HOURS, NODES, CORES, NO_RUN };
static const sld_option_spec options[] = {
    {"--plan", false},           {"--dir", true},   {"--ranks", true}, {"--slots", true},
    {"--accept-changes", false}, {"--retry", true}, {"--skip", true},  {"--no-wait", false},
    {"--print-job", true},       {"--hours", true}, {"--nodes", true}, {"--cores", true},
    {"--no-run", false},         {NULL, false}};

typedef struct command {
    sld_ctx             *ctx;
    const sld_arguments *args;
    const char          *words[64]; /* settings, including those made of --ranks and --slots */
    size_t               n_words;
    const char          *given[64]; /* a copy of words, before launch.* are taken out of them */
    size_t               n_given;
    char                 text[2][48]; /* --ranks and --slots as settings */
    sld_grid            *grid;
    sld_grid_change      change;
    sld_experiment_data  data;
    bool                 recorded; /* opened from its folder, not from a spec */
} command;

/* Gathers all settings. --ranks 2 is short for launch.ranks=2. */
static sld_status gather_words(command *c)
{
    static const char *const keys[] = {"launch.ranks", "launch.slots"};

    if (c->args->n_overrides > sizeof c->words / sizeof *c->words - 2) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                        "sld sweep: expected at most %zu settings, got %zu; put them into the spec",
                        sizeof c->words / sizeof *c->words - 2, c->args->n_overrides);
    }
    for (size_t i = 0; i < c->args->n_overrides; i++) {
        c->words[c->n_words++] = c->args->overrides[i];
    }
    for (int i = 0; i < 2; i++) {
        const char  *value = c->args->option[RANKS + i];
        const size_t n     = strlen(keys[i]);
        for (size_t k = 0; value && k < c->args->n_overrides; k++) {
            if (strncmp(c->words[k], keys[i], n) == 0 && c->words[k][n] == '=') {
                return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                                "sld sweep: %s: expected it without %s, got both; leave one out",
                                options[RANKS + i].name, c->words[k]);
            }
        }
        if (value) {
            snprintf(c->text[i], sizeof c->text[i], "%s=%.20s", keys[i], value);
            c->words[c->n_words++] = c->text[i];
        }
    }
    memcpy(c->given, c->words, sizeof c->words);
    c->n_given = c->n_words;
    return SLD_OK;
}

/* What is no folder is refused by a plan too. */
static sld_status folder_of(const command *c, char dir[PATH_MAX])
{
    struct stat info;

    if (c->args->option[DIR_]) {
        snprintf(dir, PATH_MAX, "%s", c->args->option[DIR_]);
    } else {
        snprintf(dir, PATH_MAX, "runs/%s", sld_grid_name(c->grid));
    }
    SLD_TRY(sld_sweep_check_dir(c->ctx, dir));
    errno             = *dir ? 0 : ENOENT;
    const bool folder = *dir && stat(dir, &info) == 0;
    return (folder && S_ISDIR(info.st_mode)) || (*dir && !folder && errno == ENOENT)
               ? SLD_OK
               : SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                          "--dir: expected a folder, new or old, got \"%.200s\": %s", dir,
                          folder ? "something else is there" : strerror(errno));
}

/* Sets the umask so that new files are open to the same users as the sweep's folder. Else users who
 * share a sweep could not read each other's files. Trials inherit the umask. */
static void share_as(const char *dir)
{
    struct stat  info;
    const mode_t mask = umask(0);

    umask(stat(dir, &info) == 0 ? mask & ~(info.st_mode & 077) : mask);
}

/* Opens a sweep by its spec. If an older sld made its folder, the points keep their old IDs. */
static sld_status open_spec(command *c, void **text, size_t *n)
{
    sld_grid_params params = {.path        = c->args->positional,
                              .text        = *text,
                              .n           = *n,
                              .overrides   = c->words,
                              .n_overrides = c->n_words,
                              .method      = sld_method_defaults,
                              .check       = sld_experiment_check,
                              .content     = sld_experiment_content,
                              .teacher     = sld_experiment_teacher,
                              .side        = sld_experiment_side,
                              .user        = &c->data};
    char            dir[PATH_MAX];

    params.metrics = sld_report_metrics(&params.n_metrics);
    SLD_TRY(sld_grid_expand(c->ctx, &params, &c->grid));
    SLD_TRY(folder_of(c, dir));
    share_as(dir);
    const int version = sld_grid_id_version(dir);
    if (version != 0 && version != SLD_ID_VERSION) {
        sld_grid_close(c->grid);
        c->grid           = NULL;
        params.id_version = version;
        SLD_TRY(sld_grid_expand(c->ctx, &params, &c->grid));
    }
    return sld_grid_record(c->ctx, c->grid, dir, *text, *n, c->args->option[ACCEPT] != NULL,
                           c->args->option[PLAN] || c->args->option[JOB], &c->change);
}

static bool is_given(const command *c, const char *begin)
{
    for (size_t i = 0; i < c->args->n_overrides; i++) {
        if (strncmp(c->args->overrides[i], begin, strlen(begin)) == 0) {
            return true;
        }
    }
    return false;
}

/* The launch.command in a folder runs through sh, with the rights of the user who joins. So the log
 * prints it, and that of another user's folder is refused. */
static sld_status check_command(const command *c)
{
    const char *line = sld_grid_launch(c->grid)->command, *dir = c->args->positional;
    char        path[PATH_MAX], shown[512];
    struct stat info;

    if (!*line || is_given(c, "launch.command=") || c->args->option[PLAN]) {
        return SLD_OK;
    }
    (void)sld_text_printable(line, shown, sizeof shown);
    snprintf(path, sizeof path, "%s/points", dir);
    if (stat(path, &info) == 0 && info.st_uid != geteuid()) {
        return SLD_FAIL(
            c->ctx, SLD_ERR_CONFIG,
            "%.150s: launch.command: expected a command of your own, got one of user %ld, "
            "whose folder this is; it would run as you: %.150s; give launch.command=... "
            "to say which one may run",
            dir, (long)info.st_uid, shown);
    }
    sld_log(c->ctx, SLD_LOG_INFO, "trials are started by the launch.command in %s: %s", dir, shown);
    return SLD_OK;
}

/* Opens a sweep by its folder. Settings may then change how trials run, but not what they
 * compute. */
static sld_status open_folder(command *c)
{
    share_as(c->args->positional);
    SLD_TRY(sld_grid_open(c->ctx, c->args->positional, &c->grid));
    c->recorded     = true;
    c->change.known = sld_grid_count(c->grid);
    SLD_TRY(sld_grid_tell_edited(c->ctx, c->grid));
    const char *vain = c->args->option[DIR_]     ? "--dir"
                       : c->args->option[ACCEPT] ? "--accept-changes"
                                                 : NULL;
    if (vain) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                        "sld sweep: %s: expected a spec with it, got the folder %.150s; give the "
                        "spec, or leave it out",
                        vain, c->args->positional);
    }
    if (c->args->option[NO_RUN] && c->n_words > 0) {
        return SLD_FAIL(c->ctx, SLD_ERR_CONFIG,
                        "sld sweep: %s: expected it without --no-run, got both; a setting beside a "
                        "folder holds for the trials that this command runs",
                        c->words[0]);
    }
    SLD_TRY(check_command(c));
    SLD_TRY(sld_grid_set_launch(c->ctx, c->grid, c->words, &c->n_words));
    return sld_sweep_check_settings(
        c->ctx, c->grid, &c->change, &c->data,
        &(sld_sweep_settings){c->words, c->n_words, c->args->option[RETRY]});
}

static sld_status open_sweep(command *c)
{
    void  *text = NULL;
    size_t n    = 0;

    const sld_given given = sld_given_at(c->ctx, c->args->positional);

    SLD_TRY(gather_words(c));
    if (given == SLD_GIVEN_SWEEP) {
        return open_folder(c);
    }
    if (given != SLD_GIVEN_TEXT) {
        return sld_given_refuse(c->ctx, c->args->positional, given,
                                "a spec (YAML) or the folder of a sweep");
    }
    SLD_TRY(sld_file_read(c->ctx, c->args->positional, MAX_BYTES, &text, &n));
    const sld_status st = open_spec(c, &text, &n);
    free(text);
    return st;
}

static int exit_code_of(sld_sweep_outcome outcome)
{
    static const int codes[] = {[SLD_SWEEP_DONE]       = SLD_EXIT_OK,
                                [SLD_SWEEP_FAILED]     = SLD_EXIT_FAILED,
                                [SLD_SWEEP_BROKEN]     = SLD_EXIT_FAILED,
                                [SLD_SWEEP_UNFINISHED] = SLD_EXIT_UNFINISHED,
                                [SLD_SWEEP_KIND]       = SLD_EXIT_UNFINISHED,
                                [SLD_SWEEP_STOPPED]    = SLD_EXIT_STOPPED,
                                [SLD_SWEEP_ENDED]      = 130};
    return codes[outcome];
}

static void say_end(const command *c, sld_sweep_outcome outcome)
{
    static const char *const words[] = {
        [SLD_SWEEP_DONE]   = "done",
        [SLD_SWEEP_FAILED] = "ended, and some trials failed: sld status says which, --retry failed "
                             "tries them again",
        [SLD_SWEEP_BROKEN] =
            "stopped for the error above; once its cause is mended, the same command goes on, and "
            "--retry failed tries what it has given up again",
        [SLD_SWEEP_UNFINISHED] = "not ended: other coordinators run the remaining trials",
        [SLD_SWEEP_KIND]       = "not ended: the remaining trials cannot go on here",
        [SLD_SWEEP_STOPPED]    = "stopped, and all is saved: the same command goes on",
        [SLD_SWEEP_ENDED] = "ended at once: the same command goes on from the last checkpoints"};

    sld_log(c->ctx, SLD_LOG_INFO, "sweep %s: %s", sld_grid_name(c->grid), words[outcome]);
}

static sld_status say_skipped(const command *c, const char *which)
{
    size_t point;

    SLD_TRY(sld_grid_which(c->ctx, c->grid, which, &point));
    const sld_point *p = sld_grid_point(c->grid, point);
    sld_log(c->ctx, SLD_LOG_INFO, "%s seed %lld (%s) is skipped; --retry %s takes it back", p->arm,
            (long long)p->seed, p->id, p->id);
    return SLD_OK;
}

/* Does what --retry and --skip ask for. */
static sld_status take_back(command *c)
{
    const char *retry = c->args->option[RETRY], *skip = c->args->option[SKIP];
    size_t      n = 0;

    if (retry || skip) {
        SLD_TRY(sld_sweep_take_back(c->ctx, c->grid, retry, skip, &n));
    }
    if (skip) {
        SLD_TRY(say_skipped(c, skip));
    }
    if (retry) {
        sld_log(c->ctx, SLD_LOG_INFO, "%zu point%s will be tried again", n, sld_text_plural(n));
    }
    return SLD_OK;
}

/* Settings for coordinators that this one starts on other machines: those that the folder does not
 * record. */
static size_t join_words(const command *c, const char **out)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_given; i++) {
        if (c->recorded || strncmp(c->given[i], "launch.", 7) == 0) {
            out[n++] = c->given[i];
        }
    }
    return n;
}

/* What --retry and --skip ask for is done before. */
static sld_status warn(const command *c)
{
    sld_sweep_tell_command(c->ctx, c->grid);
    return sld_sweep_warn_ended(c->ctx, c->grid, &c->change, c->given,
                                c->recorded ? c->n_given : 0);
}

static sld_status plan(const command *c)
{
    SLD_TRY(warn(c));
    return sld_sweep_plan(c->ctx, c->grid, &c->change);
}

static sld_status work(command *c, int *exit_code)
{
    char              program[PATH_MAX];
    const ssize_t     n       = readlink("/proc/self/exe", program, sizeof program - 1);
    sld_sweep_outcome outcome = SLD_SWEEP_DONE;

    if (n < 0) {
        return SLD_FAIL(c->ctx, SLD_ERR_IO, "/proc/self/exe: cannot find sld's own program");
    }
    program[n] = '\0';
    SLD_TRY(take_back(c));
    sld_sweep_say_change(c->ctx, c->grid, &c->change);
    SLD_TRY(warn(c));
    if (c->args->option[NO_RUN]) {
        return sld_sweep_renew_index(c->ctx, c->grid);
    }
    const char                *join[sizeof c->words / sizeof *c->words];
    const size_t               n_join = join_words(c, join);
    const sld_sweep_run_params params = {.program      = program,
                                         .join_words   = join,
                                         .n_join_words = n_join,
                                         .settings     = c->recorded ? c->words : NULL,
                                         .n_settings   = c->recorded ? c->n_words : 0,
                                         .method       = sld_method_defaults,
                                         .mpirun       = sld_comm_mpirun,
                                         .srun_plugin  = sld_comm_srun_plugin(),
                                         .no_wait      = c->args->option[NO_WAIT] != NULL};
    SLD_TRY(sld_sweep_run(c->ctx, c->grid, &params, &outcome));
    SLD_TRY(sld_sweep_write_index(c->ctx, c->grid, outcome));
    say_end(c, outcome);
    *exit_code = exit_code_of(outcome);
    return SLD_OK;
}

/* Prints a batch script that repeats this command line without --print-job and its own options. */
static sld_status print_job(command *c)
{
    static const int kept[] = {DIR_, RANKS, SLOTS, NO_WAIT, ACCEPT};
    enum { MAX = sizeof c->words / sizeof *c->words + 8 };
    const sld_arguments *args = c->args;
    const char          *words[MAX];
    sld_job              job    = {.scheduler = args->option[JOB],
                                   .hours     = args->option[HOURS],
                                   .nodes     = args->option[NODES],
                                   .cores     = args->option[CORES],
                                   .sweep     = args->positional,
                                   .words     = words};
    sld_point_status    *status = NULL;

    for (size_t i = 0; i < args->n_overrides; i++) {
        words[job.n_words++] = args->overrides[i];
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = args->option[kept[i]];
        if (value) {
            words[job.n_words++] = options[kept[i]].name;
        }
        if (value && *value) {
            words[job.n_words++] = value;
        }
    }
    SLD_TRY(sld_sweep_known(c->ctx, c->grid, &c->change, &status));
    const sld_status st = sld_sweep_job(c->ctx, c->grid, status, &job);
    free(status);
    return st;
}

static sld_status sweep(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    command c = {.ctx = ctx, .args = args};

    sld_status st = open_sweep(&c);

    if (st == SLD_OK) {
        st = args->option[JOB]    ? print_job(&c)
             : args->option[PLAN] ? plan(&c)
                                  : work(&c, exit_code);
    }
    sld_grid_close(c.grid);
    return st;
}

static const sld_option_rule rules[] = {
    {"--hours", "--print-job", NULL},
    {"--nodes", "--print-job", NULL},
    {"--cores", "--print-job", NULL},
    {"--plan", NULL, "--retry --skip --no-run --no-wait --print-job"},
    {"--print-job", NULL, "--retry --skip --no-run"},
    {"--no-run", NULL, "--no-wait"},
    {NULL, NULL, NULL}};

const sld_verb sld_verb_sweep = {
    .name = "sweep",
    .usage =
        "sld sweep SPEC.yaml|DIR [key=value ...] [--plan] [--dir DIR] [--ranks R] [--slots S]\n"
        "       [--retry failed|ID] [--skip ID] [--accept-changes] [--no-wait] [--no-run]\n"
        "       sld sweep SPEC.yaml|DIR [...] --print-job slurm|pbs|flux [--hours H] [--nodes N] "
        "[--cores C]",
    .summary = "run, resume or join a grid of trials; --plan shows it",
    .help =
        "Trains every trial of the grid on this machine's cores, teachers first, in the folder "
        "runs/NAME.\n"
        "The same command resumes; given while another works on the folder, on this machine or one "
        "that\n"
        "shares the disk, it joins. With a spec key=value sets an option of all experiments over "
        "base, or\n"
        "seeds=, name=, baseline=, teachers.NAME.KEY=, launch.KEY=; with a folder, options that "
        "change\n"
        "no result.\n\n"
        "  --plan             points, cost, storage, what would change; runs nothing\n"
        "  --dir DIR          the sweep's folder\n"
        "  --ranks R          ranks per trial; default: what gives the most trials per hour\n"
        "  --slots S          trials at a time\n"
        "  --retry failed|ID  try all failed points again, or one that failed, was skipped or has "
        "ended;\n"
        "                     a point that waits with checkpoints starts over without them\n"
        "  --skip ID          leave a point out; one that runs is stopped\n"
        "  --accept-changes   take a spec that lacks points which the folder has\n"
        "  --no-wait          leave when other coordinators run all remaining trials\n"
        "  --no-run           make the changes that other options ask for, and train nothing\n"
        "  --print-job NAME   the script of a batch job for this sweep: slurm, pbs or flux; runs "
        "nothing.\n"
        "                     Hours and nodes follow from the cost, measured once trials have "
        "ended, unless\n"
        "                     --hours and --nodes say them; --cores: of a node, where this machine "
        "has others\n\n"
        "To stop with everything saved: SIGTERM, SIGINT (Ctrl-C), SIGHUP or SIGUSR1. A second "
        "Ctrl-C ends\n"
        "at once; nothing is lost but the steps since the last checkpoints.\n\n"
        "Exit codes: 0 done, 1 some trials failed (a diverged one is a result), 2 usage or "
        "configuration,\n"
        "3 unfinished but nothing failed, 70 internal, 74 storage, 75 stopped by a signal with "
        "everything\n"
        "saved.\n",
    .options    = options,
    .rules      = rules,
    .work       = sweep,
    .every_task = true,
};
