/* views.c: the images of an epoch as a file, for a teacher that is no network of ours. Pixels are
 * bytes, and a table says what becomes of each: exact, at a quarter of the size.
 *   /image_weak, /image_strong (sample,C,H,W) uint8   the views that the experiment uses
 *   /normalised (C,256) float32                       the network's input for each byte
 *   /sample (sample) int32, /labels (sample) int32    index in the data set, its label there
 * The attributes epoch, data_sha256, views_weak, views_strong go into the file of logits made from
 * it (src/teacher/files.c). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/store_large.h"
#include "sld/teacher.h"
#include "sld/tools.h"

enum { CHUNK = 64 }; /* images made at a time */

typedef struct export
{
    const sld_views_params *params;
    const sld_options      *opt;
    sld_arena              *arena;
    sld_dataset            *set;
    sld_subset             *subset;
    bool                    uses[SLD_VIEWS];
    int64_t                 epoch; /* as the file says: 0 where all views are always the same */
    sld_doc                *doc;
    uint8_t                *views, *image; /* (CHUNK,C,H,W), (H,W,C) */
    void                   *scratch;
}
export;

/* (pixels,C) -> (C,pixels) */
static void to_planes(const uint8_t *in, size_t pixels, size_t C, uint8_t *out)
{
    for (size_t c = 0; c < C; c++) {
        for (size_t i = 0; i < pixels; i++) {
            *out++ = in[i * C + c];
        }
    }
}

static sld_status put_view(sld_ctx *ctx, export *x, int v)
{
    const sld_dataset *set     = x->set;
    sld_augment_params augment = sld_augment_of(x->opt);
    const size_t       n = x->subset->n_train, size = set->H * set->W * set->C;
    const size_t       dims[4] = {n, set->C, set->H, set->W};
    char               path[32], name[32], key[SLD_KEY_BYTES];

    augment.height = set->H;
    augment.width  = set->W;
    snprintf(path, sizeof path, "/image_%s", sld_view_name[v]);
    snprintf(name, sizeof name, "views_%s", sld_view_name[v]);
    sld_views_key(x->opt, set, x->subset, v, key);
    SLD_TRY(sld_doc_attr_text(ctx, x->doc, "/", name, key));
    SLD_TRY(sld_doc_reserve(ctx, x->doc, path, SLD_U8, 4, dims));
    for (size_t at = 0; at < n; at += CHUNK) {
        const size_t end = at + CHUNK < n ? at + CHUNK : n;
        for (size_t i = at; i < end; i++) {
            const uint32_t sample = x->subset->train[i];
            sld_augment_view(&augment, v, x->params->epoch, sample,
                             sld_data_image(set, &set->train, sample), set->image_H, set->image_W,
                             set->C, x->image, x->scratch);
            to_planes(x->image, set->H * set->W, set->C, x->views + (i - at) * size);
        }
        SLD_TRY(sld_doc_put_rows(ctx, x->doc, path, SLD_U8, (sld_range){at, end}, x->views));
    }
    return SLD_OK;
}

static sld_status put_samples(sld_ctx *ctx, export *x, sld_arena *arena)
{
    const sld_dataset *set = x->set;
    const size_t       n   = x->subset->n_train;
    int32_t           *sample, *labels;
    float             *normalised;
    const size_t       dims[2] = {set->C, 256};

    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *sample, (void **)&sample));
    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *labels, (void **)&labels));
    SLD_TRY(sld_arena_alloc(ctx, arena, dims[0] * dims[1] * sizeof(float), (void **)&normalised));
    for (size_t i = 0; i < n; i++) {
        sample[i] = (int32_t)x->subset->train[i];
        labels[i] = set->train.labels[x->subset->train[i]];
    }
    sld_data_normalised(set, normalised);
    SLD_TRY(sld_doc_put(ctx, x->doc, "/sample", SLD_I32, 1, &n, sample));
    SLD_TRY(sld_doc_put(ctx, x->doc, "/labels", SLD_I32, 1, &n, labels));
    return sld_doc_put(ctx, x->doc, "/normalised", SLD_F32, 2, dims, normalised);
}

static sld_status put_all(sld_ctx *ctx, export *x)
{
    const int64_t classes = (int64_t)x->set->K;

    SLD_TRY(sld_doc_put_format(ctx, x->doc, "sld-views"));
    SLD_TRY(sld_doc_attr(ctx, x->doc, "/", "epoch", SLD_I64, 0, &x->epoch));
    SLD_TRY(sld_doc_attr(ctx, x->doc, "/", "classes", SLD_I64, 0, &classes));
    SLD_TRY(sld_doc_attr_text(ctx, x->doc, "/", "data", x->set->name));
    SLD_TRY(sld_doc_attr_text(ctx, x->doc, "/", "data_sha256", x->set->hash));
    SLD_TRY(put_samples(ctx, x, x->arena));
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (x->uses[v]) {
            SLD_TRY(put_view(ctx, x, v));
        }
    }
    return sld_doc_publish(ctx, &x->doc, x->params->out, x->params->replace);
}

/* Rank 0. */
static sld_status write_file(sld_ctx *ctx, export *x)
{
    const sld_dataset *set  = x->set;
    const size_t       size = set->H * set->W * set->C;

    SLD_TRY(sld_arena_alloc(ctx, x->arena, CHUNK * size, (void **)&x->views));
    SLD_TRY(sld_arena_alloc(ctx, x->arena, size, (void **)&x->image));
    SLD_TRY(sld_arena_alloc(ctx, x->arena, sld_aug_scratch(set->image_H, set->image_W, set->C),
                            &x->scratch));
    sld_status st = sld_doc_create_on_disk(ctx, x->params->out, 0, &x->doc);
    if (st == SLD_OK) {
        st = put_all(ctx, x);
    }
    sld_doc_close(x->doc);
    return st;
}

/* Local. */
static sld_status prepare(sld_ctx *ctx, export *x)
{
    const sld_options      *opt    = x->opt;
    const sld_subset_params subset = sld_subset_of(opt);
    sld_objective_params    objective;

    if (x->params->epoch < 1 || x->params->epoch > opt->train.epochs) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "--epoch: expected 1 to %lld, the experiment's epochs, got %lld",
                        (long long)opt->train.epochs, (long long)x->params->epoch);
    }
    SLD_TRY(sld_arena_create(ctx, &x->arena));
    sld_objective_of(opt, x->set->K, &objective);
    sld_views_of(&objective, x->uses);
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (x->uses[v] && sld_views_epoch(opt, v, x->params->epoch) > 0) {
            x->epoch = x->params->epoch;
        }
    }
    SLD_TRY(sld_subset_create(ctx, x->set, &subset, &x->subset));
    sld_subset_warn(ctx, x->set, &subset, x->subset);
    return SLD_OK;
}

sld_status sld_views_export(sld_ctx *ctx, const sld_comm *comm, const sld_views_params *params)
{
    export x = {.params = params, .opt = sld_config_options(params->config)};

    SLD_TRY(sld_open_data(ctx, comm, x.opt, &x.set));
    sld_status st = prepare(ctx, &x);
    if (st == SLD_OK && sld_comm_rank(comm) == 0) {
        st = write_file(ctx, &x);
    }
    st = sld_agree(ctx, comm, st);
    sld_subset_destroy(x.subset);
    sld_arena_destroy(x.arena);
    sld_dataset_close(x.set);
    return st;
}

sld_status sld_data_describe(sld_ctx *ctx, const sld_comm *comm, const sld_config *config)
{
    const sld_options      *opt    = sld_config_options(config);
    const sld_subset_params params = sld_subset_of(opt);
    sld_dataset            *set    = NULL;
    sld_subset             *subset = NULL;

    SLD_TRY(sld_open_data(ctx, comm, opt, &set));
    sld_status st = sld_agree(ctx, comm, sld_subset_create(ctx, set, &params, &subset));
    if (st == SLD_OK && sld_comm_rank(comm) == 0) {
        char shown[256];
        sld_subset_warn(ctx, set, &params, subset);
        printf("name      %s\nsha256    %s\nimages    %zu x %zu, %zu channel%s\ninput     %zu x "
               "%zu\nclasses   %zu",
               sld_text_printable(set->name, shown, sizeof shown), set->hash, set->image_H,
               set->image_W, set->C, sld_text_plural(set->C), set->H, set->W, set->K);
        if (set->n_coarse > 0) {
            printf(" in %zu superclasses", set->n_coarse);
        }
        printf("\ntrain     %zu of %zu\nval       %zu\ntest      %zu\nmean     ", subset->n_train,
               set->train.n, subset->n_val, set->test.n);
        for (size_t c = 0; c < set->C; c++) {
            printf(" %.6g", (double)set->mean[c]);
        }
        printf("\nstd      ");
        for (size_t c = 0; c < set->C; c++) {
            printf(" %.6g", (double)set->std[c]);
        }
        printf("\n");
    }
    sld_subset_destroy(subset);
    sld_dataset_close(set);
    return st;
}
