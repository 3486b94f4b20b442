/* test_file.c: an outside teacher's logits of test, DIR/test.h5, which the report counts copied
 * errors from:
 *   /logits (sample, class)  in the order of test, any float type
 *   attribute data_sha256    as in the exported views
 * The file may be left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

static sld_status check_data(sld_ctx *ctx, const sld_teacher_env *env, sld_doc *doc)
{
    const size_t dims[2] = {env->set->test.n, env->set->K};
    const char  *sha;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "data_sha256", &sha));
    if (strcmp(sha, env->set->hash) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute data_sha256: expected %s, got %.64s",
                        sld_doc_path(doc), env->set->hash, sha);
    }
    return sld_doc_check_shape(ctx, doc, "/logits", 2, dims);
}

static sld_status read_logits(sld_ctx *ctx, const sld_teacher_env *env, sld_doc *doc, float *logits)
{
    const size_t n = env->set->test.n * env->set->K;

    SLD_TRY(check_data(ctx, env, doc));
    SLD_TRY(sld_doc_get(ctx, doc, "/logits", SLD_F32, n, logits));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(logits[i])) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: /logits: expected finite logits, got %g",
                            sld_doc_path(doc), (double)logits[i]);
        }
    }
    return SLD_OK;
}

static sld_status read_test(sld_ctx *ctx, const sld_teacher_env *env, sld_teacher_files *f)
{
    const size_t bytes = env->set->test.n * env->set->K * sizeof *f->test;
    char         path[PATH_MAX];
    sld_doc     *doc    = NULL;
    float       *logits = NULL;

    snprintf(path, sizeof path, "%.4000s/" SLD_TEACHER_TEST_FILE, env->opt->teacher.logits_files);
    if (access(path, F_OK) != 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, env->arena, bytes, (void **)&logits));
    SLD_TRY(sld_doc_open(ctx, path, &doc));
    const sld_status st = read_logits(ctx, env, doc, logits);
    sld_doc_close(doc);
    f->test = st == SLD_OK ? logits : NULL;
    return st;
}

sld_status sld_teacher_files_test(sld_ctx *ctx, const sld_teacher_env *env, sld_teacher_files *f)
{
    const sld_status st = sld_comm_rank(env->comm) == 0 ? read_test(ctx, env, f) : SLD_OK;

    return sld_agree(ctx, env->comm, st);
}
