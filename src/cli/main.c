/* main.c: calls the verb that the command line names and turns its status into an exit code. No
 * other file ends the program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "sld/store.h"

static void tell_unknown_verb(const char *word)
{
    const char *names[32];
    size_t      n = 0;

    for (; sld_verbs[n] && n < sizeof names / sizeof *names; n++) {
        names[n] = sld_verbs[n]->name;
    }
    const int nearest = sld_text_nearest(word, names, n);
    char      shown[256];
    fprintf(stderr, "sld: expected a verb, got '%s'%s%s; see sld --help\n",
            sld_text_printable(word, shown, sizeof shown), nearest >= 0 ? "; nearest: " : "",
            nearest >= 0 ? names[nearest] : "");
}

static int exit_code_of(sld_status st)
{
    switch (st) {
    case SLD_OK:
        return SLD_EXIT_OK;
    case SLD_ERR_ARG:
    case SLD_ERR_CONFIG:
    case SLD_ERR_DATA:
    case SLD_ERR_KIND:
        return SLD_EXIT_USAGE;
    case SLD_ERR_FENCED:
        return SLD_EXIT_UNFINISHED;
    case SLD_ERR_IO:
        return SLD_EXIT_STORAGE;
    default:
        return SLD_EXIT_INTERNAL;
    }
}

/* Prints the error and leaves MPI. If all ranks agreed on the failure, rank 0 prints it. A rank
 * that failed alone prints it itself and aborts the others, which would wait for it for ever. */
static int finish(sld_ctx *ctx, sld_comm *comm, sld_status st, int exit_code)
{
    if (st == SLD_OK) {
        sld_comm_destroy(comm);
        return exit_code;
    }
    if (ctx->err.agreed || sld_comm_size(comm) == 1) {
        if (ctx->rank == 0 && ctx->err.rank > 0) {
            sld_log(ctx, SLD_LOG_ERROR, "rank %d: %s", ctx->err.rank, ctx->err.msg);
        } else {
            sld_log(ctx, SLD_LOG_ERROR, "%s", ctx->err.msg);
        }
        sld_log(ctx, SLD_LOG_DEBUG, "%s:%d %s(): %s", ctx->err.file, ctx->err.line, ctx->err.func,
                sld_status_text(st));
        sld_comm_destroy(comm);
        return exit_code_of(st);
    }
    ctx->log_all = true;
    sld_log(ctx, SLD_LOG_ERROR, "%s (%s:%d %s)", ctx->err.msg, ctx->err.file, ctx->err.line,
            ctx->err.func);
    sld_comm_abort(comm, exit_code_of(st));
    return exit_code_of(st);
}

/* Called in the watchdog's thread. */
static void leave_stalled(sld_ctx *ctx, const char *message)
{
    /* Perhaps the main thread hangs in a write to stderr or the log; then the writes below hang
     * too, and the alarm ends the process. sld_log() and MPI_Abort() must not be called here: the
     * main thread may hold their locks. The launcher ends the other ranks when one exits with an
     * error. */
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    if (message) {
        sld_log_last(ctx, message);
    }
    _exit(SLD_EXIT_INTERNAL);
}

sld_status sld_start_watchdog(sld_ctx *ctx, sld_comm *comm, double minutes, const char *setting,
                              const char *advice)
{
    const sld_watchdog_params params = {
        .limit_s = 60.0 * minutes, .setting = setting, .advice = advice, .stalled = leave_stalled};

    return sld_comm_watchdog(ctx, comm, &params);
}

/* A failure that every task of a launcher meets is told by the first, which ends with its code. Another
 * that ended with it earlier would have the first ended before it has told. */
static int code_of_all(int code)
{
    return sld_launcher_rank() > 0 ? SLD_EXIT_OK : code;
}

/* Runs a verb without MPI. If a launcher started several tasks, only the first does the work. */
static int work_alone(sld_ctx *ctx, const sld_verb *verb, const sld_arguments *args)
{
    int exit_code = SLD_EXIT_OK;

    if (sld_launcher_rank() > 0 && !verb->every_task) {
        return exit_code;
    }
    const sld_status st = verb->work(ctx, args, &exit_code);
    if (st != SLD_OK) {
        sld_log(ctx, SLD_LOG_ERROR, "%s", ctx->err.msg);
        return exit_code_of(st);
    }
    return exit_code;
}

static int run_on_ranks(sld_ctx *ctx, const sld_verb *verb, const sld_arguments *args)
{
    sld_comm  *comm      = NULL;
    int        exit_code = SLD_EXIT_OK;
    sld_status st        = sld_comm_create(ctx, &comm);

    if (st != SLD_OK) {
        if (sld_launcher_rank() == 0) {
            fprintf(stderr, "sld: %s\n", ctx->err.msg);
        }
        return exit_code_of(st);
    }
    st = verb->run(ctx, comm, args, &exit_code);
    return finish(ctx, comm, st, exit_code);
}

static int run_verb(const sld_verb *verb, int argc, char **argv)
{
    sld_ctx       ctx;
    int           exit_code;
    const char  **overrides = calloc((size_t)argc + 1, sizeof *overrides);
    sld_arguments args      = {.overrides = overrides};

    sld_ctx_init(&ctx);
    sld_store_begin();
    if (sld_launcher_rank() == 0) {
        sld_environment_tell(&ctx, verb);
    }
    const sld_status st = overrides ? sld_arguments_read(&ctx, verb, argc, argv, &args)
                                    : SLD_FAIL(&ctx, SLD_ERR_NOMEM, "out of memory");
    if (st != SLD_OK) {
        if (sld_launcher_rank() == 0) {
            sld_log(&ctx, SLD_LOG_ERROR, "%s", ctx.err.msg);
        }
        exit_code = code_of_all(exit_code_of(st));
    } else if (verb->work && (!verb->works_alone || verb->works_alone(&args))) {
        exit_code = work_alone(&ctx, verb, &args);
    } else {
        exit_code = run_on_ranks(&ctx, verb, &args);
    }
    free(overrides);
    return exit_code;
}

static bool asks_for(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], option) == 0) {
            return true;
        }
    }
    return false;
}

static const sld_verb *find_verb(const char *name)
{
    for (size_t i = 0; sld_verbs[i]; i++) {
        if (strcmp(name, sld_verbs[i]->name) == 0) {
            return sld_verbs[i];
        }
    }
    return NULL;
}

/* What needs no verb, and each verb's help. *code: the exit code. False: a verb is to run. */
static bool answer(int argc, char **argv, const sld_verb *verb, int *code)
{
    const int  words   = verb ? argc : 2;
    const bool speaks  = sld_launcher_rank() == 0; /* of the tasks of a launcher one does */
    const bool help    = asks_for(words, argv, "--help") || asks_for(words, argv, "-h");
    const bool version = asks_for(words, argv, "--version");

    *code = help || version ? SLD_EXIT_OK : code_of_all(SLD_EXIT_USAGE);
    if (help && speaks && verb) {
        sld_help_verb(verb);
    } else if (help && speaks) {
        sld_help_usage(stdout);
    } else if (version && speaks) {
        sld_version_print();
    } else if (!help && !version && !verb && speaks) {
        tell_unknown_verb(argv[1]);
    }
    return help || version || !verb;
}

static int run_command(int argc, char **argv)
{
    int code = SLD_EXIT_USAGE;

    if (argc < 2) {
        if (sld_launcher_rank() == 0) {
            sld_help_usage(stderr);
        }
        return code_of_all(code);
    }
    const sld_verb *verb = find_verb(argv[1]);
    return answer(argc, argv, verb, &code) ? code : run_verb(verb, argc - 2, argv + 2);
}

/* MPI opens some files at its start, and where it cannot it says nothing of the limit. */
static bool may_open_files(void)
{
    enum { FEWEST = 20, ENOUGH = 256 };
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= ENOUGH) {
        return true;
    }
    files.rlim_cur = files.rlim_max < ENOUGH ? files.rlim_max : ENOUGH;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur >= FEWEST) {
        return true;
    }
    fprintf(stderr, "sld: ulimit -n: expected at least %d open files, got %llu; raise the limit\n",
            FEWEST, (unsigned long long)files.rlim_cur);
    return false;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f then fails like one to a full disk */
    const int code = may_open_files() ? run_command(argc, argv) : SLD_EXIT_STORAGE;

    if ((fflush(stdout) != 0 || ferror(stdout)) && code == SLD_EXIT_OK) {
        fprintf(stderr, "sld: standard output: cannot write: %s\n", strerror(errno));
        return SLD_EXIT_STORAGE;
    }
    return code;
}
