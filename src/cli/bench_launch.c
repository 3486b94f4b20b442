/* bench_launch.c: sld bench --ranks: starts this program under mpirun for each number of ranks. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "sld/base_process.h"

enum { LINE = 8192 };

/* Reads "1,2,4", numbers up to most. Returns how many there are; 0: it is not such a list. */
static size_t read_list(const char *text, int most, int counts[SLD_BENCH_MAX_ROWS])
{
    size_t n = 0;

    for (const char *at = text; n < SLD_BENCH_MAX_ROWS; at++) {
        char      *end;
        const long count = strtol(at, &end, 10);
        if (*at < '1' || *at > '9' || count < 1 || count > most || (*end && *end != ',')) {
            return 0;
        }
        counts[n++] = (int)count;
        if (!*end) {
            return n;
        }
        at = end;
    }
    return 0;
}

static long cores(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN);
}

static void put_option(FILE *to, const char *option, const char *value)
{
    fprintf(to, " %s ", option);
    sld_text_quote(to, value);
}

/* *text: the shell command of one measurement; the caller frees it. Returns an exit code, and has
 * printed why it is not SLD_EXIT_OK. */
static int make_command(const sld_bench_params *p, int ranks, const char *cpus,
                        const char *stall_minutes, char **text)
{
    char          program[PATH_MAX];
    size_t        bytes;
    const ssize_t n  = readlink("/proc/self/exe", program, sizeof program - 1);
    FILE         *to = n < 0 ? NULL : open_memstream(text, &bytes);

    if (!to) {
        fprintf(stderr, "sld bench: %s: %s\n", n < 0 ? "/proc/self/exe" : "its command",
                strerror(errno));
        return SLD_EXIT_INTERNAL;
    }
    program[n] = '\0';
    for (const char *const *word = sld_comm_mpirun(ranks > cores()); *word; word++) {
        sld_text_quote(to, *word);
        fputc(' ', to);
    }
    fprintf(to, "%d ", ranks);
    sld_text_quote(to, program);
    put_option(to, "bench", p->teacher ? p->teacher : "none");
    fputc(' ', to);
    sld_text_quote(to, p->student);
    fprintf(to, " --json --batch %zu --seconds %g --steps %zu", p->batch, p->seconds, p->n_steps);
    put_option(to, "--cpus", cpus);
    put_option(to, "--stall-minutes", stall_minutes);
    put_option(to, "--teacher-precision", p->teacher_precision);
    put_option(to, "--student-precision", p->student_precision);
    fputs(p->epoch ? "" : " --no-epoch", to);
    if (fclose(to) != 0) {
        free(*text);
        fprintf(stderr, "sld bench: out of memory: its command\n");
        return SLD_EXIT_INTERNAL;
    }
    return SLD_EXIT_OK;
}

/* Runs one measurement. line and *out: the JSON that the program prints, as text and as numbers. */
static int measure(const sld_bench_params *params, int ranks, const char *cpus,
                   const char *stall_minutes, char line[LINE], sld_bench_row *out)
{
    char     *command = NULL;
    const int made    = make_command(params, ranks, cpus, stall_minutes, &command);
    bool      found   = false;

    if (made != SLD_EXIT_OK) {
        return made;
    }
    FILE *pipe = popen(command, "r");
    if (!pipe) {
        fprintf(stderr, "sld bench: cannot start mpirun: %s\n", strerror(errno));
        free(command);
        return SLD_EXIT_INTERNAL;
    }
    for (char text[LINE]; fgets(text, sizeof text, pipe);) {
        if (sld_bench_read_json(text, out)) {
            found = true;
            memcpy(line, text, LINE);
        }
    }
    const int status = pclose(pipe);
    if (status != 0 || !found) {
        fprintf(stderr, "sld bench: %d rank%s failed; the command was: %s\n", ranks,
                sld_text_plural(ranks), command);
    }
    free(command);
    return status == 0 && found                ? SLD_EXIT_OK
           : status > 0 && status / 256 <= 128 ? status / 256
                                               : SLD_EXIT_INTERNAL;
}

int sld_bench_launch(sld_ctx *ctx, const sld_bench_params *params, const char *ranks,
                     const char *cpus, const char *stall_minutes, bool json)
{
    int           counts[SLD_BENCH_MAX_ROWS];
    sld_bench_row rows[SLD_BENCH_MAX_ROWS];
    char          line[LINE];
    const size_t  n = read_list(ranks, params->shards, counts);

    if (n == 0) {
        fprintf(
            stderr,
            "sld bench: --ranks: expected 1 to %d numbers of ranks from 1 to %d, such as 1,2,4, "
            "got '%s'\n",
            SLD_BENCH_MAX_ROWS, params->shards, ranks);
        return SLD_EXIT_USAGE;
    }
    sld_process_find_session_folder(ctx);
    if (!sld_process_has_network(ctx)) {
        fprintf(stderr, "sld bench: --ranks: mpirun needs a network interface that is up, and not "
                        "even lo is: `ip link set lo up`, or leave --ranks out\n");
        return SLD_EXIT_USAGE;
    }
    for (size_t i = 0; i < n; i++) {
        const int code = measure(params, counts[i], cpus, stall_minutes, line, &rows[i]);
        if (code != SLD_EXIT_OK) {
            return code;
        }
        if (json) {
            fputs(line, stdout);
            fflush(stdout);
        }
    }
    if (!json) {
        sld_bench_print_table(params, rows, n);
    }
    return SLD_EXIT_OK;
}
