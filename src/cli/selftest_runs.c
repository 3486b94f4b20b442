/* selftest_runs.c: checks of sld selftest on numbers: losses against golden files, and the same
 * bits on any number of ranks and after a stop. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "embedded.h"
#include "selftest.h"
#include "sld/base_process.h"
#include "sld/store.h"

#define SET "data: {format: synthetic}\nsynthetic: {train: 60, test: 16}\n"

static const char TEACHER[] = "method: none\nstudent: {network: resnet8}\n"
                              "train: {epochs: 1, batch: 30}\n" SET;
static const char STUDENT[] = "method: sld\nstudent: {network: resnet8}\n"
                              "teacher: {weights: runs/teacher/last.h5}\n"
                              "train: {epochs: 2, batch: 30}\nstudent_swap_after: 1\n" SET;

bool sld_selftest_launcher(sld_selftest *t)
{
    char version[64];

    sld_comm_versions(version, sizeof version);
    if (!sld_process_has_network(t->ctx)) {
        return sld_selftest_report(t, false,
                                   "mpirun needs a network interface that is up, and not "
                                   "even lo is: `ip link set lo up`");
    }
    if (!SLD_SELFTEST_RUN(t, 0, 2, "selftest", "--ranks")) {
        return false;
    }
    if (!strstr(t->said, "2 ranks\n")) {
        return sld_selftest_report(t, false,
                                   "mpirun -n 2 starts programs that do not find each other: it "
                                   "belongs to another MPI than %s",
                                   version);
    }
    t->launcher = true;
    return sld_selftest_report(t, true, "mpirun starts 2 ranks of %s, which meet", version);
}

bool sld_selftest_losses(sld_selftest *t)
{
    static const char *const names[] = {"tests/golden/data/losses_small.h5",
                                        "tests/golden/data/rivals_small.h5"};
    unsigned                 sum     = 0;

    for (int i = 0; i < 2; i++) {
        const sld_embedded *file = sld_embedded_find(names[i]);
        if (!sld_selftest_write(t, "golden.h5", file->bytes, file->n)) {
            return false;
        }
        if (!SLD_SELFTEST_RUN(t, 0, t->launcher ? 2 : 0, "selftest", "--losses", "golden.h5")) {
            return false;
        }
        const char *line = strstr(t->said, " values, 0 failed");
        while (line && line > t->said && line[-1] >= '0' && line[-1] <= '9') {
            line--;
        }
        sum += line ? (unsigned)strtoul(line, NULL, 10) : 0;
    }
    return sld_selftest_report(t, sum > 0,
                               "%u swaps, losses and gradients as the public code has them", sum);
}

/* ---- compare two runs ---- */

typedef struct pair {
    sld_selftest *t;
    sld_doc      *doc[2];
    unsigned      values;
    bool          same;
} pair;

static sld_status compare_set(pair *p, const char *path, sld_type type)
{
    const size_t width = type == SLD_F64 ? sizeof(double) : sizeof(float);
    int          n_dims;
    size_t       dims[SLD_DOC_DIMS], n = 1;
    sld_status   st = SLD_OK;

    SLD_TRY(sld_doc_dims(p->t->ctx, p->doc[0], path, &n_dims, dims));
    for (int d = 0; d < n_dims; d++) {
        n *= dims[d];
    }
    char *values = calloc(2 * n + 1, width);
    for (int i = 0; values && i < 2 && st == SLD_OK; i++) {
        st = sld_doc_get(p->t->ctx, p->doc[i], path, type, n, values + (size_t)i * n * width);
    }
    if (values && st == SLD_OK) {
        p->same &= memcmp(values, values + n * width, n * width) == 0;
        p->values += (unsigned)n;
    }
    free(values);
    return values ? st : SLD_FAIL(p->t->ctx, SLD_ERR_NOMEM, "no memory to compare");
}

/* Compares all data sets of a group but those of times. */
static sld_status compare_group(pair *p, const char *group, sld_type type)
{
    char        path[256];
    const char *name;

    for (size_t i = 0; (name = sld_doc_member(p->doc[0], group, i)); i++) {
        if (strcmp(name, "seconds") != 0 && strcmp(name, "samples_per_second") != 0) {
            snprintf(path, sizeof path, "%s/%s", group, name);
            SLD_TRY(compare_set(p, path, type));
        }
    }
    return SLD_OK;
}

static sld_status compare_text(pair *p, const char *attribute)
{
    const char *text[2];

    for (int i = 0; i < 2; i++) {
        SLD_TRY(sld_doc_get_attr_text(p->t->ctx, p->doc[i], "/", attribute, &text[i]));
    }
    p->same &= strcmp(text[0], text[1]) == 0;
    return SLD_OK;
}

static sld_status compare_file(pair *p, const char *const runs[2], const char *file)
{
    char       path[PATH_MAX], below[128];
    sld_status st = SLD_OK;

    for (int i = 0; i < 2 && st == SLD_OK; i++) {
        snprintf(below, sizeof below, "runs/%s/%s", runs[i], file);
        sld_selftest_path(p->t, below, path);
        st = sld_doc_open(p->t->ctx, path, &p->doc[i]);
    }
    if (st == SLD_OK && strcmp(file, "results.h5") == 0) {
        st = compare_text(p, "weights_sha256");
        st = st == SLD_OK ? compare_group(p, "/epoch", SLD_F64) : st;
        st = st == SLD_OK ? compare_group(p, "/logits", SLD_F32) : st;
    } else if (st == SLD_OK) {
        st = compare_text(p, "content_sha256");
    }
    for (int i = 0; i < 2; i++) {
        sld_doc_close(p->doc[i]);
        p->doc[i] = NULL;
    }
    return st;
}

/* Whether two runs have the same bits; if not, found says where they differ. *values: how many
 * numbers were compared, weights not counted. */
static bool same_runs(sld_selftest *t, const char *one, const char *other, unsigned *values)
{
    static const char *const files[] = {"last.h5", "best.h5", "results.h5"};
    const char *const        runs[]  = {one, other};
    pair                     p       = {.t = t, .same = true};

    for (size_t i = 0; i < 3; i++) {
        if (compare_file(&p, runs, files[i]) != SLD_OK) {
            return sld_selftest_report(t, false, "%s", t->ctx->err.msg);
        }
        if (!p.same) {
            return sld_selftest_report(t, false, "%s of %s and %s: expected the same bits",
                                       files[i], one, other);
        }
    }
    *values = p.values;
    return p.values > 0 ||
           sld_selftest_report(t, false, "results.h5 of %s: holds no values to compare", one);
}

bool sld_selftest_bits(sld_selftest *t)
{
    static const struct {
        int         ranks;
        const char *name, *setting;
    } runs[]        = {{1, "bits1", "run.dir=runs/bits1"},
                       {2, "bits2", "run.dir=runs/bits2"},
                       {4, "bits4", "run.dir=runs/bits4"}};
    unsigned values = 0;

    if (!sld_selftest_text(t, "teacher.yaml", TEACHER) ||
        !sld_selftest_text(t, "student.yaml", STUDENT) ||
        !SLD_SELFTEST_RUN(t, 0, 0, "run", "teacher.yaml")) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!SLD_SELFTEST_RUN(t, 0, runs[i].ranks, "run", "student.yaml", "teacher.logits=store",
                              runs[i].setting) ||
            (i > 0 && !same_runs(t, runs[0].name, runs[i].name, &values))) {
            return false;
        }
    }
    return sld_selftest_report(t, true, "1, 2 and 4 ranks: the same weights and %u other numbers",
                               values);
}

/* ---- stop and resume ---- */

/* Starts a run and asks it to stop as soon as it has locked its folder. *code: its exit code. */
static bool stop_early(sld_selftest *t, int *code)
{
    const char *const     words[] = {"run", "student.yaml", "run.dir=runs/stopped", NULL};
    const struct timespec moment  = {.tv_nsec = 1000L * 1000};
    char                  lock[PATH_MAX];

    sld_selftest_path(t, "runs/stopped/lock", lock);
    const sld_selftest_child child = sld_selftest_start(t, 2, words);
    const double             end_s = sld_clock_s() + 30;
    while (access(lock, F_OK) != 0 && sld_clock_s() < end_s && !*sld_signals_stop()) {
        nanosleep(&moment, NULL);
    }
    if (child.pid > 0) {
        kill(child.pid, SIGUSR1);
    }
    *code = sld_selftest_wait(t, &child);
    return *code == SLD_EXIT_STOPPED || *code == SLD_EXIT_OK;
}

bool sld_selftest_resume(sld_selftest *t)
{
    unsigned values = 0;
    int      code   = -1;

    if (!stop_early(t, &code)) {
        return sld_selftest_report(t, false,
                                   "SIGUSR1 to mpirun: expected exit code %d, all saved, got %d",
                                   SLD_EXIT_STOPPED, code);
    }
    if (!SLD_SELFTEST_RUN(t, 0, 2, "run", "student.yaml", "run.dir=runs/stopped") ||
        !same_runs(t, "bits1", "stopped", &values)) {
        return false;
    }
    return sld_selftest_report(t, true,
                               code == SLD_EXIT_OK
                                   ? "the run had ended before the stop came: the same bits"
                                   : "stopped by SIGUSR1 to mpirun, gone on: the same bits");
}
