/* test_file.c: an outside teacher's logits of test, DIR/test.h5, which the report counts copied
 * errors from:
 *   /logits (sample, class)  in the order of test, any float type
 *   attribute data_sha256    as in the exported views
 *   attribute split, /labels (sample)  of what sld eval --logits wrote: that it is test
 * The file may be left out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"

/* val and train may have as many samples as test. */
static sld_status check_split(sld_ctx *ctx, sld_doc *doc)
{
    const char *split = "test"; /* a file of another program may not say it */

    if (sld_doc_has_attr(doc, "/", "split")) {
        SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "split", &split));
    }
    return strcmp(split, "test") == 0 ? SLD_OK
                                      : SLD_FAIL(ctx, SLD_ERR_DATA,
                                                 "%s: attribute split: expected test, got %.32s; "
                                                 "write the teacher's logits on test there",
                                                 sld_doc_path(doc), split);
}

/* labels: (n) those of test. */
static sld_status check_labels(sld_ctx *ctx, sld_doc *doc, const int32_t *labels, size_t n)
{
    if (!sld_doc_has(doc, "/labels")) {
        return SLD_OK;
    }
    int32_t *found = malloc(n * sizeof *found);
    if (!found) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu labels", n);
    }
    sld_status st = sld_doc_get(ctx, doc, "/labels", SLD_I32, n, found);
    for (size_t i = 0; st == SLD_OK && i < n; i++) {
        if (found[i] != labels[i]) {
            st = SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: /labels: row %zu: expected %d, as in test, got %d; write the logits "
                          "of test in its own order",
                          sld_doc_path(doc), i, (int)labels[i], (int)found[i]);
        }
    }
    free(found);
    return st;
}

static sld_status check_data(sld_ctx *ctx, const sld_teacher_env *env, sld_doc *doc)
{
    const size_t dims[2] = {env->set->test.n, env->set->K};
    const char  *sha;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "data_sha256", &sha));
    if (strcmp(sha, env->set->hash) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: attribute data_sha256: expected %s, got %.64s",
                        sld_doc_path(doc), env->set->hash, sha);
    }
    SLD_TRY(check_split(ctx, doc));
    SLD_TRY(sld_doc_check_shape(ctx, doc, "/logits", 2, dims));
    return check_labels(ctx, doc, env->set->test.labels, env->set->test.n);
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
    SLD_TRY(st);
    sld_look look[SLD_VIEWS] = {{.epoch = SLD_LOOK_TEST}};
    sld_look_at(logits, env->set->test.labels, NULL, env->set->test.n, env->set->K, look);
    sld_look_tell(ctx, env->opt->teacher.logits_files, look, 1);
    f->test = logits;
    return SLD_OK;
}

sld_status sld_teacher_files_test(sld_ctx *ctx, const sld_teacher_env *env, sld_teacher_files *f)
{
    const sld_status st = sld_comm_rank(env->comm) == 0 ? read_test(ctx, env, f) : SLD_OK;

    return sld_agree(ctx, env->comm, st);
}
