/* selftest_files.c: checks of sld selftest on files: each kind of file is written and read, and a
 * damaged one is refused. */
#include <stdlib.h>
#include <string.h>

#include "selftest.h"
#include "sld/store.h"

/* Checks that `sld data info` reads the same set in every format. */
bool sld_selftest_data(sld_selftest *t)
{
    static const struct {
        const char *setting, *path;
        bool (*make)(sld_selftest *t, const char *path);
    } sets[] = {{"data.path=set.h5", "set.h5", sld_selftest_make_hdf5},
                {"data.path=idx", "idx", sld_selftest_make_idx},
                {"data.path=cifar", "cifar", sld_selftest_make_cifar10}};

    if (!sld_selftest_text(t, "data.yaml", "method: none\nstudent: {network: resnet8}\n")) {
        return false;
    }
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (!sets[i].make(t, sets[i].path) ||
            !SLD_SELFTEST_RUN(t, 0, 0, "data", "info", "data.yaml", sets[i].setting)) {
            return false;
        }
        if (!strstr(t->said, "classes   10\n") || !strstr(t->said, "train     40 of 40\n") ||
            !strstr(t->said, "test      20\n")) {
            return sld_selftest_report(t, false,
                                       "%s: expected 10 classes, 40 and 20 images, got another set",
                                       sets[i].path);
        }
    }
    return sld_selftest_report(t, true, "HDF5, IDX and CIFAR-10 binary are read");
}

/* Copies a file and changes one bit of the copy. */
static bool damage(sld_selftest *t, const char *from, const char *to)
{
    char   path[PATH_MAX];
    void  *bytes = NULL;
    size_t n     = 0;

    sld_selftest_path(t, from, path);
    if (sld_file_read(t->ctx, path, (size_t)1 << 26, &bytes, &n) != SLD_OK) {
        return sld_selftest_report(t, false, "%s", t->ctx->err.msg);
    }
    ((uint8_t *)bytes)[n / 2] ^= 1;
    const bool ok = sld_selftest_write(t, to, bytes, n);
    free(bytes);
    return ok;
}

bool sld_selftest_weights(sld_selftest *t)
{
    if (!SLD_SELFTEST_RUN(t, 0, 0, "eval", "runs/bits1/last.h5", "--logits", "eval.h5") ||
        !damage(t, "runs/bits1/last.h5", "damaged.h5") ||
        !SLD_SELFTEST_RUN(t, 2, 0, "eval", "damaged.h5")) {
        return false;
    }
    if (!strstr(t->said, "damaged")) {
        return sld_selftest_report(t, false,
                                   "a file with a wrong bit is refused for another reason");
    }
    return sld_selftest_report(t, true, "read and evaluated; one wrong bit is found");
}

/* Reads an attribute that is a whole number; -1, with the reason in found, if it cannot be read. */
static long long whole(sld_selftest *t, const char *file, const char *attribute)
{
    char     path[PATH_MAX];
    sld_doc *doc   = NULL;
    int64_t  value = -1;

    sld_selftest_path(t, file, path);
    sld_status st = sld_doc_open(t->ctx, path, &doc);
    if (st == SLD_OK) {
        st = sld_doc_get_attr(t->ctx, doc, "/", attribute, SLD_I64, 1, &value);
    }
    sld_doc_close(doc);
    if (st != SLD_OK) {
        sld_selftest_report(t, false, "%s", t->ctx->err.msg);
        return -1;
    }
    return value;
}

/* Uses the runs of sld_selftest_bits(): one rank wrote the tables, four ranks must have read
 * them. */
bool sld_selftest_teacher_logits(sld_selftest *t)
{
    const long long filled = whole(t, "runs/bits1/results.h5", "teacher_tables_filled");
    const long long read   = whole(t, "runs/bits4/results.h5", "teacher_tables_read");

    return filled >= 0 && read >= 0 &&
           sld_selftest_report(t, filled > 0 && read == filled,
                               "%lld tables written by one rank, %lld read by four", filled, read);
}

bool sld_selftest_views(sld_selftest *t)
{
    return SLD_SELFTEST_RUN(t, 0, 0, "data", "views", "student.yaml", "train.epochs=1",
                            "student_swap=false", "--epoch", "1", "--out", "views.h5") &&
           sld_selftest_make_logits(t, "views.h5", "outside/epoch-00001.h5") &&
           SLD_SELFTEST_RUN(t, 0, 0, "run", "student.yaml", "train.epochs=1", "student_swap=false",
                            "teacher.weights=", "teacher.logits_files=outside",
                            "run.dir=runs/outside") &&
           sld_selftest_report(t, true, "views written; an outside teacher's logits of them read");
}

bool sld_selftest_probe(sld_selftest *t)
{
    char     path[PATH_MAX];
    double   loss[2] = {0};
    sld_doc *doc     = NULL;

    if (!sld_selftest_make_batches(t, "batches.h5") ||
        !SLD_SELFTEST_RUN(t, 0, 0, "probe", "student.yaml", "--batches", "batches.h5", "--out",
                          "probe.h5", "--gradients")) {
        return false;
    }
    sld_selftest_path(t, "probe.h5", path);
    sld_status st = sld_doc_open(t->ctx, path, &doc);
    if (st == SLD_OK) {
        st = sld_doc_get(t->ctx, doc, "/loss/total", SLD_F64, 2, loss);
    }
    sld_doc_close(doc);
    return sld_selftest_report(t, st == SLD_OK && loss[0] > 0 && loss[1] > 0, "%s",
                               st == SLD_OK ? "two steps on batches of a file" : t->ctx->err.msg);
}

static const char SPEC[] = "name: grid\n"
                           "base:\n"
                           "  method: kd\n"
                           "  teacher: small\n"
                           "  student: {network: resnet8}\n"
                           "  train: {epochs: 1, batch: 32}\n"
                           "  data: {format: synthetic}\n"
                           "  synthetic: {train: 32, test: 16}\n"
                           "teachers:\n"
                           "  small: {student: {network: resnet8}, train: {epochs: 1, batch: 32}}\n"
                           "axes:\n"
                           "  correction: [none, swap]\n"
                           "seeds: [1]\n"
                           "launch: {ranks: 1, slots: 1}\n"; /* so that it waits for no cores */

bool sld_selftest_sweep(sld_selftest *t)
{
    char     path[PATH_MAX];
    sld_doc *doc       = NULL;
    int32_t  valid[16] = {0};
    int      n_dims = 0, n = 0;
    size_t   dims[SLD_DOC_DIMS];

    if (!sld_selftest_text(t, "grid.yaml", SPEC) ||
        !SLD_SELFTEST_RUN(t, 0, 0, "sweep", "grid.yaml") ||
        !SLD_SELFTEST_RUN(t, 0, 0, "report", "runs/grid", "--pack", "study.h5")) {
        return false;
    }
    sld_selftest_path(t, "study.h5", path);
    sld_status st = sld_doc_open_file(t->ctx, path, &doc);
    if (st == SLD_OK) {
        st = sld_doc_dims(t->ctx, doc, "/valid", &n_dims, dims);
    }
    if (st == SLD_OK && dims[0] <= 16) {
        st = sld_doc_get(t->ctx, doc, "/valid", SLD_I32, dims[0], valid);
    }
    sld_doc_close(doc);
    for (int i = 0; i < 16; i++) {
        n += valid[i];
    }
    return sld_selftest_report(
        t, st == SLD_OK && n == 3,
        st == SLD_OK ? "a sweep of %d trials, its report and study" : "%d: %s", n, t->ctx->err.msg);
}
