/* files.c: the logits of a teacher that is no network of ours, in files made from exported
 * views (sld data views): DIR/epoch-EEEEE.h5 for each epoch in which the teacher is wanted, or
 * epoch-00000.h5 alone where the images are the same in every epoch. Each holds
 *   /logits_weak, /logits_strong (sample, class)  of the views that are wanted, any float type
 *   /sample (sample)                              as in the exported file
 * and the exported file's attributes. All of them are read before training: their content is part
 * of the trial's identity, and a mistake shows at once. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parts.h"

#define DIGEST_FLOATS 16 /* 64 hexadecimal digits, moved between ranks as so many floats */
#define LOOK_FLOATS   (SLD_VIEWS * sizeof(sld_look) / sizeof(float))

static void file_path(const sld_teacher_env *env, int64_t epoch, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.4000s/epoch-%05lld.h5", env->opt->teacher.logits_files,
             (long long)epoch);
}

/* Views of which the epoch wants the teacher's logits. */
static bool wanted_in(const sld_teacher_env *env, int64_t epoch, bool wanted[SLD_VIEWS])
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        wanted[v] = env->wanted[v][epoch];
    }
    return wanted[SLD_WEAK] || wanted[SLD_STRONG];
}

/* The epoch that the file is named by. */
static int64_t file_epoch(const sld_teacher_env *env, int64_t epoch, const bool wanted[SLD_VIEWS])
{
    int64_t named = 0;

    for (int v = 0; v < SLD_VIEWS; v++) {
        named = wanted[v] && sld_views_epoch(env->opt, v, epoch) > named ? epoch : named;
    }
    return named;
}

/* ---- one file ---- */

static sld_status check_text(sld_ctx *ctx, sld_doc *doc, const char *name, const char *wanted)
{
    const char *found;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", name, &found));
    if (strcmp(found, wanted) == 0) {
        return SLD_OK;
    }
    const char *a = found, *b = wanted; /* to the line that differs */
    for (const char *x = found, *y = wanted; *x && *x == *y; x++, y++) {
        if (*x == '\n') {
            a = x + 1;
            b = y + 1;
        }
    }
    const char *cure =
        strncmp(b, "augment.seed:", 13) == 0
            ? "; the views follow seeds.augment, else seed: give every run the one of "
              "these files, or each seed files of its own"
            : "";
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute %s: expected \"%.*s\", got \"%.*s\"%s",
                    sld_doc_path(doc), name, (int)(strcspn(b, "\n") < 150 ? strcspn(b, "\n") : 150),
                    b, (int)(strcspn(a, "\n") < 150 ? strcspn(a, "\n") : 150), a, cure);
}

/* Names what teacher.logits_files leads to where a file is missing. */
static sld_status check_there(sld_ctx *ctx, const sld_teacher_env *env, int64_t epoch,
                              const char *path)
{
    const char *dir = env->opt->teacher.logits_files;
    struct stat info;

    if (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)) {
        return SLD_OK; /* to open it tells more */
    }
    const bool there = stat(dir, &info) == 0;
    char       results[PATH_MAX];
    snprintf(results, sizeof results, "%.4000s/results.h5", dir);
    if (there && S_ISDIR(info.st_mode) && access(results, F_OK) != 0) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%s: there is no such file: teacher.logits_files needs the logits of epoch %lld", path,
            (long long)epoch);
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "teacher.logits_files: %s: expected a folder of epoch-00001.h5 and so on "
                    "(docs/teachers.md), got %s",
                    dir,
                    !there                  ? "nothing: no folder is there"
                    : S_ISDIR(info.st_mode) ? "the folder of a run; its network as a teacher is "
                                              "teacher.weights: DIR/last.h5"
                                            : "a file");
}

static sld_status check_samples(sld_ctx *ctx, const sld_teacher_env *env, sld_doc *doc)
{
    const size_t n     = env->subset->n_train;
    int64_t     *found = malloc(n * sizeof *found);
    sld_status   st;

    if (!found) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu samples", n);
    }
    st = sld_doc_get(ctx, doc, "/sample", SLD_I64, n, found);
    for (size_t i = 0; st == SLD_OK && i < n; i++) {
        if (found[i] != (int64_t)env->subset->train[i]) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: /sample: row %zu: expected %u, got %lld",
                          sld_doc_path(doc), i, env->subset->train[i], (long long)found[i]);
        }
    }
    free(found);
    return st;
}

static sld_status read_view(sld_ctx *ctx, const sld_teacher_env *env, sld_doc *doc, int v,
                            float *rows)
{
    const size_t n = env->subset->n_train, K = env->set->K;
    char         path[32], name[32], key[SLD_KEY_BYTES];

    snprintf(path, sizeof path, "/logits_%s", sld_view_name[v]);
    snprintf(name, sizeof name, "views_%s", sld_view_name[v]);
    sld_views_key(env->opt, env->set, env->subset, v, key);
    SLD_TRY(check_text(ctx, doc, name, key));
    SLD_TRY(sld_doc_check_shape(ctx, doc, path, 2, (const size_t[]){n, K}));
    SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F32, n * K, rows));
    for (size_t i = 0; i < n * K; i++) {
        if (!isfinite(rows[i])) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: %s: expected finite logits, got %g at (%zu,%zu)",
                            sld_doc_path(doc), path, (double)rows[i], i / K, i % K);
        }
    }
    return SLD_OK;
}

/* Local. rows[v]: (n,K) each. digest: over the wanted views' logits. */
static sld_status read_file(sld_ctx *ctx, const sld_teacher_env *env, int64_t epoch,
                            const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS],
                            char digest[65])
{
    const size_t bytes = env->subset->n_train * env->set->K * sizeof(float);
    char         path[PATH_MAX];
    sld_doc     *doc   = NULL;
    int64_t      found = -1;
    sld_sha256   sha;

    file_path(env, epoch, path);
    SLD_TRY(check_there(ctx, env, epoch, path));
    SLD_TRY(sld_doc_open(ctx, path, &doc));
    sld_status st = sld_doc_get_attr(ctx, doc, "/", "epoch", SLD_I64, 0, &found);
    if (st == SLD_OK && found != epoch) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute epoch: expected %lld, got %lld", path,
                      (long long)epoch, (long long)found);
    }
    if (st == SLD_OK) {
        st = check_text(ctx, doc, "data_sha256", env->set->hash);
    }
    if (st == SLD_OK) {
        st = check_samples(ctx, env, doc);
    }
    sld_sha256_init(&sha);
    for (int v = 0; v < SLD_VIEWS && st == SLD_OK; v++) {
        if (wanted[v]) {
            st = read_view(ctx, env, doc, v, rows[v]);
            sld_sha256_add(&sha, rows[v], bytes);
        }
    }
    sld_sha256_hex(&sha, digest);
    sld_doc_close(doc);
    return st;
}

/* ---- all files, before training ---- */

/* The epochs whose files are wanted; epoch[] may be NULL to count them. */
static size_t list_files(const sld_teacher_env *env, int64_t *epoch)
{
    bool   wanted[SLD_VIEWS];
    size_t n = 0;

    for (int64_t e = 1; e <= env->opt->train.epochs; e++) {
        if (!wanted_in(env, e, wanted)) {
            continue;
        }
        if (file_epoch(env, e, wanted) > 0 || n == 0) {
            if (epoch) {
                epoch[n] = e;
            }
            n++;
        }
    }
    return n;
}

/* Local. This rank's share of the files. look: (f->n, SLD_VIEWS), zero on entry. */
static sld_status read_share(sld_ctx *ctx, const sld_teacher_env *env, sld_teacher_files *f,
                             sld_look *look)
{
    const size_t    floats = env->subset->n_train * env->set->K;
    const sld_range mine   = sld_comm_share(env->comm, f->n, 1);
    float          *rows   = malloc(SLD_VIEWS * floats * sizeof *rows);
    sld_status      st =
        rows ? SLD_OK
                  : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu logits", SLD_VIEWS * floats);

    for (size_t i = mine.begin; st == SLD_OK && i < mine.end; i++) {
        float *const views[SLD_VIEWS] = {rows, rows + floats};
        bool         wanted[SLD_VIEWS];
        char         digest[65];

        (void)wanted_in(env, f->epoch[i], wanted);
        const int64_t named = file_epoch(env, f->epoch[i], wanted);
        st                  = read_file(ctx, env, named, wanted, views, digest);
        memcpy(f->digest + i * 64, digest, 64);
        for (size_t v = 0; v < SLD_VIEWS && st == SLD_OK; v++) {
            if (wanted[v]) {
                look[i * SLD_VIEWS + v].epoch = (float)named;
                sld_look_at(views[v], env->set->train.labels, env->subset->train,
                            env->subset->n_train, env->set->K, &look[i * SLD_VIEWS + v]);
            }
        }
    }
    free(rows);
    return st;
}

sld_status sld_teacher_files_check(sld_ctx *ctx, const sld_teacher_env *env, sld_teacher_files *f)
{
    sld_look  *look = NULL;
    sld_sha256 sha;

    sld_enter(ctx, SLD_PHASE_DATA);
    f->n          = list_files(env, NULL);
    sld_status st = sld_arena_alloc(ctx, env->arena, f->n * 64, (void **)&f->digest);
    if (st == SLD_OK) {
        st = sld_arena_alloc(ctx, env->arena, f->n * sizeof *f->epoch, (void **)&f->epoch);
    }
    if (st == SLD_OK) {
        st = sld_arena_alloc(ctx, env->arena, f->n * SLD_VIEWS * sizeof *look, (void **)&look);
    }
    if (st == SLD_OK) {
        (void)list_files(env, f->epoch);
        st = read_share(ctx, env, f, look);
    }
    SLD_TRY(sld_agree(ctx, env->comm, st));
    SLD_TRY(
        sld_comm_gather_rows(ctx, env->comm, (float *)(void *)f->digest, f->n, 1, DIGEST_FLOATS));
    SLD_TRY(sld_comm_gather_rows(ctx, env->comm, (float *)look, f->n, 1, LOOK_FLOATS));
    sld_look_tell(ctx, env->opt->teacher.logits_files, look, f->n);
    sld_sha256_init(&sha);
    sld_sha256_add(&sha, f->digest, f->n * 64);
    sld_sha256_hex(&sha, f->sha);
    st = sld_comm_rank(env->comm) == 0
             ? sld_teacher_files_sha256(ctx, env->opt->teacher.logits_files, f->folder_sha)
             : SLD_OK;
    SLD_TRY(sld_agree(ctx, env->comm, st));
    return sld_comm_bcast(ctx, env->comm, f->folder_sha, sizeof f->folder_sha, 0);
}

/* ---- one epoch ---- */

sld_status sld_teacher_files_epoch(sld_ctx *ctx, const sld_teacher_env *env,
                                   const sld_teacher_files *f, int64_t epoch,
                                   const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS])
{
    const int64_t named = file_epoch(env, epoch, wanted);
    const double  t0    = sld_clock_s();
    sld_status    st    = SLD_OK;
    char          digest[65];
    size_t        i = 0;

    while (named > 0 && i + 1 < f->n && f->epoch[i] != epoch) {
        i++;
    }
    if (sld_comm_node_rank(env->comm) == 0) {
        st = read_file(ctx, env, named, wanted, rows, digest);
        if (st == SLD_OK && memcmp(digest, f->digest + i * 64, 64) != 0) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s/epoch-%05lld.h5: its logits have changed since the run began",
                          env->opt->teacher.logits_files, (long long)named);
        }
    }
    env->use->read += wanted[SLD_WEAK] + wanted[SLD_STRONG];
    env->use->read_s += sld_clock_s() - t0;
    return sld_agree(ctx, env->comm, st);
}
