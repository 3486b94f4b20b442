/* loader.c: makes the rows of a step: it chooses the samples, and makes and normalises their views.
 * The order of an epoch depends on (order_seed, epoch) alone, a view on (augment.seed, epoch,
 * sample) alone. So every division of the rows over ranks, and a restart at any step, sees the same
 * batch. */
#include <stdlib.h>

#include "normalise.h"
#include "sld/data.h"

/* Memory of one batch. */
typedef struct data_rows {
    float    *view[2];                 /* (max_rows,H,W,C), NULL when not asked for */
    int32_t  *labels, *truth, *coarse; /* (max_rows); coarse NULL: none */
    uint32_t *sample;                  /* (max_rows) */
} data_rows;

struct sld_loader {
    const sld_dataset *set; /* borrowed */
    sld_loader_params  params;
    data_table         table;
    int64_t            epoch;   /* of order; -1: none yet */
    uint32_t          *order;   /* (n) samples in the order of the epoch */
    uint8_t           *image;   /* (H,W,C) one view before normalisation */
    void              *scratch; /* of the augmentations */
    data_rows rows[2]; /* used alternately, so that a batch stays until the one after the next */
    int       turn;    /* index of the next batch's rows */
};

static sld_status check_params(sld_ctx *ctx, const sld_dataset *set,
                               const sld_loader_params *params)
{
    if (params->n < 1 || params->n > UINT32_MAX || params->global_batch < 1) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "loader: expected at least one sample and batches of at least one, got %zu "
                        "in batches of %zu",
                        params->n, params->global_batch);
    }
    for (size_t i = 0; i < params->n; i++) {
        if (params->index[i] >= set->train.n) {
            return SLD_FAIL(ctx, SLD_ERR_ARG,
                            "loader: index[%zu]: expected a sample below %zu, got %u", i,
                            set->train.n, params->index[i]);
        }
    }
    return SLD_OK;
}

/* A rank without rows also gets buffers of one row, because malloc(0) may return NULL. */
static bool allocate_rows(const sld_loader *loader, data_rows *rows)
{
    const sld_dataset *set   = loader->set;
    const size_t       image = set->H * set->W * set->C;
    const size_t       n     = loader->params.max_rows ? loader->params.max_rows : 1;
    bool               ok    = true;

    rows->labels = malloc(n * sizeof *rows->labels);
    rows->truth  = malloc(n * sizeof *rows->truth);
    rows->sample = malloc(n * sizeof *rows->sample);
    ok           = rows->labels && rows->truth && rows->sample;
    if (set->train.coarse) {
        rows->coarse = malloc(n * sizeof *rows->coarse);
        ok           = ok && rows->coarse;
    }
    for (int v = 0; v < 2; v++) {
        if (loader->params.views[v]) {
            rows->view[v] = sld_memory_alloc(n * image * sizeof(float));
            ok            = ok && rows->view[v];
        }
    }
    return ok;
}

static bool allocate(sld_loader *loader)
{
    const sld_dataset *set = loader->set;

    loader->order   = malloc(loader->params.n * sizeof *loader->order);
    loader->image   = malloc(set->H * set->W * set->C);
    loader->scratch = malloc(sld_aug_scratch(set->image_H, set->image_W, set->C) + 1);
    return loader->order && loader->image && loader->scratch &&
           allocate_rows(loader, &loader->rows[0]) && allocate_rows(loader, &loader->rows[1]);
}

static void free_rows(data_rows *rows)
{
    free(rows->labels);
    free(rows->truth);
    free(rows->coarse);
    free(rows->sample);
    free(rows->view[0]);
    free(rows->view[1]);
}

sld_status sld_loader_create(sld_ctx *ctx, const sld_dataset *set, const sld_loader_params *params,
                             sld_loader **out)
{
    sld_loader *loader = NULL;

    *out = NULL;
    SLD_TRY(check_params(ctx, set, params));
    loader = calloc(1, sizeof *loader);
    if (loader) {
        loader->set                   = set;
        loader->params                = *params;
        loader->params.augment.height = set->H;
        loader->params.augment.width  = set->W;
        loader->epoch                 = -1;
    }
    if (!loader || !allocate(loader)) {
        sld_loader_destroy(loader);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "loader: out of memory for %zu rows of %zux%zux%zu",
                        params->max_rows, set->H, set->W, set->C);
    }
    sld_data_table_make(set, &loader->table);
    *out = loader;
    return SLD_OK;
}

void sld_loader_destroy(sld_loader *loader)
{
    if (loader) {
        free(loader->order);
        free(loader->image);
        free(loader->scratch);
        free_rows(&loader->rows[0]);
        free_rows(&loader->rows[1]);
        free(loader);
    }
}

int64_t sld_loader_steps(const sld_loader *loader)
{
    const size_t batch = loader->params.global_batch;
    return (int64_t)(loader->params.n / batch + (loader->params.n % batch != 0));
}

size_t sld_loader_rows(const sld_loader *loader, int64_t step)
{
    const size_t first = (size_t)step * loader->params.global_batch;
    const size_t left  = loader->params.n - first;

    return left < loader->params.global_batch ? left : loader->params.global_batch;
}

/* Shuffles the samples of the epoch (Fisher-Yates). */
static void shuffle(sld_loader *loader, int64_t epoch)
{
    sld_rng   rng   = sld_rng_make(loader->params.order_seed, SLD_RNG_ORDER, (uint32_t)epoch, 0);
    uint32_t *order = loader->order;

    for (size_t i = 0; i < loader->params.n; i++) {
        order[i] = loader->params.index[i];
    }
    for (size_t i = loader->params.n - 1; i > 0; i--) {
        const size_t   j    = sld_rng_below(&rng, (uint32_t)i + 1);
        const uint32_t held = order[i];

        order[i] = order[j];
        order[j] = held;
    }
    loader->epoch = epoch;
}

void sld_loader_view(sld_loader *loader, int view, int64_t epoch, const uint32_t *sample, size_t n,
                     float *out)
{
    const sld_dataset *set   = loader->set;
    const size_t       image = set->H * set->W * set->C;

    for (size_t i = 0; i < n; i++) {
        sld_augment_view(&loader->params.augment, view, epoch, sample[i],
                         sld_data_image(set, &set->train, sample[i]), set->image_H, set->image_W,
                         set->C, loader->image, loader->scratch);
        sld_data_table_apply(&loader->table, loader->image, set->H * set->W, set->C,
                             out + i * image);
    }
}

static void make_row(sld_loader *loader, int64_t epoch, uint32_t sample, const data_rows *rows,
                     size_t row)
{
    const sld_dataset *set   = loader->set;
    const size_t       image = set->H * set->W * set->C;

    rows->sample[row] = sample;
    rows->truth[row]  = set->train.labels[sample];
    rows->labels[row] = loader->params.labels ? loader->params.labels[sample] : rows->truth[row];
    if (rows->coarse) {
        rows->coarse[row] = set->train.coarse[sample];
    }
    for (int v = 0; v < 2; v++) {
        if (rows->view[v]) {
            sld_loader_view(loader, v, epoch, &sample, 1, rows->view[v] + row * image);
        }
    }
}

sld_status sld_loader_next(sld_ctx *ctx, sld_loader *loader, int64_t epoch, int64_t step,
                           sld_range mine, sld_batch *out)
{
    if (epoch < 0 || epoch > UINT32_MAX || step < 0 || step >= sld_loader_steps(loader)) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "loader: epoch %lld: expected a step of 0 to %lld, got %lld",
                        (long long)epoch, (long long)sld_loader_steps(loader) - 1, (long long)step);
    }
    if (mine.begin > mine.end || mine.end > sld_loader_rows(loader, step) ||
        mine.end - mine.begin > loader->params.max_rows) {
        return SLD_FAIL(ctx, SLD_ERR_ARG,
                        "loader: step %lld: expected at most %zu of its %zu rows, got %zu to %zu",
                        (long long)step, loader->params.max_rows, sld_loader_rows(loader, step),
                        mine.begin, mine.end);
    }
    if (epoch != loader->epoch) {
        shuffle(loader, epoch);
    }

    const size_t     first = (size_t)step * loader->params.global_batch;
    const data_rows *rows  = &loader->rows[loader->turn];
    loader->turn           = 1 - loader->turn;
    for (size_t row = mine.begin; row < mine.end; row++) {
        make_row(loader, epoch, loader->order[first + row], rows, row - mine.begin);
    }
    *out = (sld_batch){.view   = {rows->view[0], rows->view[1]},
                       .labels = rows->labels,
                       .truth  = rows->truth,
                       .coarse = rows->coarse,
                       .sample = rows->sample,
                       .n      = mine.end - mine.begin};
    return SLD_OK;
}
