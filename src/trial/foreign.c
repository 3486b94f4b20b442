/* foreign.c: files in the run folder that no trial has made there: those of other programs, and what this
 * very run reads. None of them is written over. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"

/* ---- what the run reads ---- */

typedef struct input {
    const char *key, *path;
    struct stat info;
} input;

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static sld_status check_not_read(sld_ctx *ctx, const char *path, const input *inputs, size_t n)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return SLD_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_same(&info, &inputs[i].info) ||
            (S_ISREG(inputs[i].info.st_mode) && sld_store_reads(inputs[i].path, path))) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: is read by this run (%s), which would write over it; choose "
                            "another run.dir",
                            path, inputs[i].key);
        }
    }
    return SLD_OK;
}

static size_t list_inputs(const sld_setup *s, input inputs[4])
{
    const sld_options *o      = s->opt;
    const input        read[] = {
               {.key = "teacher.weights", .path = s->teacher.model ? o->teacher.weights : ""},
               {.key = "student.weights", .path = s->start.model ? o->student.weights : ""},
               {.key = "teacher.logits_files", .path = o->teacher.logits_files},
               {.key = "data.path", .path = o->data.path}};
    size_t n = 0;

    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        inputs[n] = read[i];
        n += read[i].path[0] && stat(read[i].path, &inputs[n].info) == 0;
    }
    return n;
}

static sld_status check_checkpoints(sld_ctx *ctx, const char *run, const input *inputs, size_t n)
{
    char          path[PATH_MAX];
    sld_ckpt_list all;
    sld_status    st = SLD_OK;

    SLD_TRY(sld_ckpt_list_read(ctx, run, &all));
    for (size_t i = 0; st == SLD_OK && i < all.n; i++) {
        sld_ckpt_path(run, &all.at[i], path);
        st = check_not_read(ctx, path, inputs, n);
    }
    sld_ckpt_list_free(&all);
    return st;
}

static sld_status check_all(sld_ctx *ctx, const sld_setup *s, const sld_io *io)
{
    const sld_list *kept = &s->opt->run.keep_epochs;
    char            path[PATH_MAX];
    input           inputs[4];
    const size_t    n = list_inputs(s, inputs);

    for (int file = 0; file < SLD_RUN_FILE_COUNT; file++) {
        sld_run_path(io->dir, (sld_run_file)file, 0, path);
        SLD_TRY(check_not_read(ctx, path, inputs, n));
    }
    for (size_t i = 0; i < kept->n; i++) {
        sld_run_epoch_path(io->dir, (int64_t)kept->v[i], 0, path);
        SLD_TRY(check_not_read(ctx, path, inputs, n));
    }
    return check_checkpoints(ctx, io->dir, inputs, n);
}

sld_status sld_trial_check_inputs(sld_ctx *ctx, const sld_setup *s, const sld_io *io)
{
    sld_doc_many(true); /* an input is looked into for each of the files */
    const sld_status st = check_all(ctx, s, io);
    sld_doc_many(false);
    return st;
}

/* ---- a folder in which no trial has worked ---- */

static sld_status check_free(sld_ctx *ctx, const char *path)
{
    return access(path, F_OK) != 0 ? SLD_OK
                                   : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                              "%s: already exists and was not written by sld; "
                                              "choose another run.dir, or move it away",
                                              path);
}

/* A lock that is empty is nobody's: sld may have died, or the disk been full, as it was made. */
static sld_status check_lock(sld_ctx *ctx, const sld_io *io)
{
    char        path[PATH_MAX];
    struct stat info;

    sld_run_path(io->dir, SLD_RUN_LOCK, 0, path);
    return stat(path, &info) == 0 && info.st_size > 0 ? check_free(ctx, path) : SLD_OK;
}

sld_status sld_trial_check_foreign(sld_ctx *ctx, const sld_setup *s, const sld_io *io)
{
    static const sld_run_file names[] = {SLD_RUN_CONFIG, SLD_RUN_RESULTS, SLD_RUN_BEST,
                                         SLD_RUN_LAST, SLD_RUN_LOG};
    const sld_list           *kept    = &s->opt->run.keep_epochs;
    char                      path[PATH_MAX], name[NAME_MAX + 1], shown[NAME_MAX + 1];
    char                     *identity = NULL;

    if (sld_lock_is_own(io->dir)) {
        return SLD_OK;
    }
    SLD_TRY(check_lock(ctx, io));
    SLD_TRY(sld_trial_stored(ctx, io, s->arena, "identity", &identity));
    if (!identity && sld_run_foreign(io->dir, name)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%.200s: expected a new folder or a trial's, got one that holds %.100s; choose "
            "another run.dir",
            io->dir, sld_text_printable(name, shown, sizeof shown));
    }
    for (size_t i = 0; !identity && i < sizeof names / sizeof *names; i++) {
        sld_run_path(io->dir, names[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    for (size_t i = 0; !identity && i < kept->n; i++) {
        sld_run_epoch_path(io->dir, (int64_t)kept->v[i], 0, path);
        SLD_TRY(check_free(ctx, path));
    }
    return SLD_OK;
}
