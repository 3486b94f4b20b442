/* bench_launch.c: sld bench --ranks: starts this program under mpirun for each number of ranks. */
#include <errno.h>
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

/* text: mpirun and its options, with a blank after each word. */
static void put_mpirun(bool crowded, char *text, size_t size)
{
    size_t n = 0;

    *text = '\0';
    for (const char *const *word = sld_comm_mpirun(crowded); *word && n < size; word++) {
        n += (size_t)snprintf(text + n, size - n, "%s ", *word);
    }
}

/* The first word that has a quote, which the shell would take for the end of it; NULL: none. */
static const char *find_quote(const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strchr(words[i], '\'')) {
            return words[i];
        }
    }
    return NULL;
}

/* text: the shell command of one measurement. Words of the user stand between single quotes, so
 * they may not contain one. Returns an exit code, and has printed why it is not SLD_EXIT_OK. */
static int make_command(const sld_bench_params *p, int ranks, const char *cpus,
                        const char *stall_minutes, char text[LINE])
{
    char          program[2048], mpirun[256];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0) {
        fprintf(stderr, "sld bench: /proc/self/exe: %s\n", strerror(errno));
        return SLD_EXIT_INTERNAL;
    }
    program[n]                = '\0';
    const char       *teacher = p->teacher ? p->teacher : "none";
    const char *const words[] = {program,
                                 teacher,
                                 p->student,
                                 cpus,
                                 stall_minutes,
                                 p->teacher_precision,
                                 p->student_precision};
    const char       *quoted  = find_quote(words, sizeof words / sizeof *words);
    if (quoted) {
        char shown[512];
        fprintf(stderr, "sld bench: expected words without a single quote, got %s\n",
                sld_text_printable(quoted, shown, sizeof shown));
        return SLD_EXIT_USAGE;
    }
    put_mpirun(ranks > cores(), mpirun, sizeof mpirun);
    const int length = snprintf(
        text, LINE,
        "%s%d '%s' bench '%s' '%s' --json --batch %zu "
        "--seconds %g --steps %zu --cpus '%s' --stall-minutes '%s' --teacher-precision '%s' "
        "--student-precision '%s' %s",
        mpirun, ranks, program, teacher, p->student, p->batch, p->seconds, p->n_steps, cpus,
        stall_minutes, p->teacher_precision, p->student_precision, p->epoch ? "" : "--no-epoch");
    if (length >= LINE) {
        fprintf(stderr, "sld bench: expected a command of fewer than %d bytes, got %d\n", LINE,
                length);
        return SLD_EXIT_USAGE;
    }
    return SLD_EXIT_OK;
}

/* Runs one measurement. line and *out: the JSON that the program prints, as text and as numbers. */
static int measure(const sld_bench_params *params, int ranks, const char *cpus,
                   const char *stall_minutes, char line[LINE], sld_bench_row *out)
{
    char      command[LINE];
    const int made  = make_command(params, ranks, cpus, stall_minutes, command);
    bool      found = false;

    if (made != SLD_EXIT_OK) {
        return made;
    }
    FILE *pipe = popen(command, "r");
    if (!pipe) {
        fprintf(stderr, "sld bench: cannot start mpirun: %s\n", strerror(errno));
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
        return status > 0 && status / 256 <= 128 ? status / 256 : SLD_EXIT_INTERNAL;
    }
    return SLD_EXIT_OK;
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
