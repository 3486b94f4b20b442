/* dataset.c: opens a data set. One rank per machine decodes it into memory that the ranks of the
 * machine share. Sizes, moments and hash are rank 0's; other machines must find the same. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

static const data_format *const FORMATS[] = {
    &sld_format_synthetic, &sld_format_cifar10, &sld_format_cifar100,
    &sld_format_idx,       &sld_format_hdf5,
};
enum {
    N_FORMATS    = sizeof FORMATS / sizeof *FORMATS,
    LARGEST_SIDE = 4096,
    MAX_CLASSES  = 1 << 20,
    FEW_CLASSES  = 4096 /* that a set of any size may have */
};

/* What set->own points to. */
typedef struct data_own {
    sld_shared  *shared;
    const char **names; /* (K + n_coarse) into the shared memory */
} data_own;

/* Offsets in the shared memory, bytes. */
typedef struct data_layout {
    size_t pixels[SPLITS], labels[SPLITS], coarse[SPLITS], names, bytes;
} data_layout;

static const data_format *find_format(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(FORMATS[i]->name, name) == 0) {
            return FORMATS[i];
        }
    }
    return NULL;
}

/* Local. A data set that has moved is the commonest cause of a failure here, and has a cure. */
static sld_status open_source(sld_ctx *ctx, const data_format *format,
                              const sld_data_params *params, data_source *source)
{
    const sld_status st = format->open(ctx, params, source);

    if (st == SLD_OK || !format->needs_path || access(params->path, F_OK) == 0 ||
        (errno != ENOENT && errno != ENOTDIR)) {
        return st;
    }
    const sld_err err = ctx->err;
    sld_err_clear(ctx);
    return sld_fail_at(ctx, st, err.file, err.line, err.func,
                       "%.360s; data.path names it: where it has moved, give data.path=PATH, to "
                       "sld sweep DIR --retry failed too",
                       err.msg);
}

/* Local. Checks the request, with the same answer on every rank. */
static sld_status check_params(sld_ctx *ctx, const sld_data_params *params,
                               const data_format **format)
{
    *format = params->format ? find_format(params->format) : NULL;
    if (!*format) {
        return SLD_FAIL(
            ctx, SLD_ERR_ARG,
            "data.format: expected synthetic, cifar10, cifar100, idx or hdf5, got \"%s\"",
            params->format ? params->format : "");
    }
    if ((*format)->needs_path && (!params->path || !*params->path)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG, "data.path: expected %s for data.format %s, got nothing",
            *format == &sld_format_hdf5 ? "its file" : "the folder of its files", params->format);
    }
    return SLD_OK;
}

/* Local. Checks the limits of every format, so that the rest of the program need not. */
static sld_status check_shape(sld_ctx *ctx, const char *where, const data_shape *shape)
{
    for (int split = 0; split < SPLITS; split++) {
        const char *name = split == SPLIT_TRAIN ? "training" : "test";
        if (shape->n[split] < 1 || shape->n[split] > UINT32_MAX) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: expected 1 to %u %s images, got %zu: images of the shape "
                            "(%zu,%zu,%zu,%zu)",
                            where, UINT32_MAX, name, (size_t)shape->n[split],
                            (size_t)shape->n[split], (size_t)shape->H, (size_t)shape->W,
                            (size_t)shape->C);
        }
    }
    if (shape->C != 1 && shape->C != 3) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected images of 1 or 3 channels, got %zu", where,
                        (size_t)shape->C);
    }
    if (shape->H < 1 || shape->H > LARGEST_SIDE || shape->W < 1 || shape->W > LARGEST_SIDE) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected images with sides of 1 to %d, got %zux%zu",
                        where, LARGEST_SIDE, (size_t)shape->H, (size_t)shape->W);
    }
    if (shape->K < 2 || shape->K > MAX_CLASSES) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected 2 to %d classes, got %zu", where,
                        MAX_CLASSES, (size_t)shape->K);
    }
    if (shape->n_coarse > MAX_CLASSES) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected at most %d superclasses, got %zu", where,
                        MAX_CLASSES, (size_t)shape->n_coarse);
    }
    /* A label far above all others is a mistake, and its value would demand memory. */
    const uint64_t unnamed =
        shape->n[SPLIT_TRAIN] > FEW_CLASSES ? shape->n[SPLIT_TRAIN] : FEW_CLASSES;
    if (!shape->has_class_names && shape->K > unnamed) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected labels of at most %zu classes for %zu training images, got "
                        "%zu; correct the largest label, or name the classes in /class_names",
                        where, (size_t)unnamed, (size_t)shape->n[SPLIT_TRAIN], (size_t)shape->K);
    }
    return SLD_OK;
}

/* Local. Checks the network's input size, with the same answer on every rank. */
static sld_status check_input(sld_ctx *ctx, const char *where, const data_shape *shape,
                              size_t input_size)
{
    return input_size <= shape->H && input_size <= shape->W
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "data.input_size: expected at most the size of the images in %s, "
                          "%zux%zu, got %zu",
                          where, (size_t)shape->H, (size_t)shape->W, input_size);
}

static data_layout layout_of(const data_shape *shape)
{
    const size_t image = shape->H * shape->W * shape->C;
    data_layout  at    = {0};

#define PLACE(where, size) ((where) = at.bytes, at.bytes += ((size) + 63) / 64 * 64)
    for (int split = 0; split < SPLITS; split++) {
        const size_t n = shape->n[split];

        PLACE(at.pixels[split], n * image);
        PLACE(at.labels[split], n * sizeof(int32_t));
        PLACE(at.coarse[split], shape->n_coarse ? n * sizeof(int32_t) : 0);
    }
    PLACE(at.names, shape->names_bytes);
#undef PLACE
    return at;
}

static void targets_of(const data_shape *shape, const data_layout *at, char *base,
                       data_target target[SPLITS])
{
    for (int split = 0; split < SPLITS; split++) {
        target[split].pixels = (uint8_t *)base + at->pixels[split];
        target[split].labels = (int32_t *)(base + at->labels[split]);
        target[split].coarse = shape->n_coarse ? (int32_t *)(base + at->coarse[split]) : NULL;
    }
}

/* Local. Checks the labels. A wrong one would become an index outside the logits, far from here. */
static sld_status check_labels(sld_ctx *ctx, const char *where, const data_shape *shape,
                               const data_target target[SPLITS])
{
    for (int split = 0; split < SPLITS; split++) {
        const char *name = split == SPLIT_TRAIN ? "train" : "test";

        for (size_t i = 0; i < shape->n[split]; i++) {
            const int32_t y = target[split].labels[i];
            const int32_t s = target[split].coarse ? target[split].coarse[i] : 0;

            if (y < 0 || (uint64_t)y >= shape->K) {
                return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: %s label %zu: expected 0 to %zu, got %d",
                                where, name, i, (size_t)shape->K - 1, y);
            }
            if (target[split].coarse && (s < 0 || (uint64_t)s >= shape->n_coarse)) {
                return SLD_FAIL(ctx, SLD_ERR_DATA,
                                "%s: %s coarse label %zu: expected 0 to %zu, got %d", where, name,
                                i, (size_t)shape->n_coarse - 1, s);
            }
        }
    }
    return SLD_OK;
}

/* Local. Refuses a set that is larger than the machine's memory, before it is made. */
static sld_status check_memory(sld_ctx *ctx, const data_format *format, const char *where,
                               const data_shape *shape, size_t bytes)
{
    const size_t page   = (size_t)sysconf(_SC_PAGESIZE);
    const size_t memory = page * (size_t)sysconf(_SC_PHYS_PAGES);
    const bool   train  = shape->n[SPLIT_TRAIN] >= shape->n[SPLIT_TEST];

    if (bytes / page < memory / page) {
        return SLD_OK;
    }
    if (format == &sld_format_synthetic) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "synthetic.%s: expected a set that fits into the %zu bytes of memory of "
                        "this machine, got %zu and %zu images, which take %zu bytes; give fewer",
                        train ? "train" : "test", memory, (size_t)shape->n[SPLIT_TRAIN],
                        (size_t)shape->n[SPLIT_TEST], bytes);
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: expected a data set that fits into the %zu bytes of memory of this "
                    "machine, got images that take %zu; take a larger machine, or store smaller "
                    "images",
                    where, memory, bytes);
}

/* Local. Decodes, checks and measures the set, on the machine's first rank. */
static sld_status decode(sld_ctx *ctx, const data_format *format, const char *where,
                         const data_source *source, const sld_data_params *params,
                         const data_layout *at, char *base, data_facts *facts)
{
    const data_shape *shape = &source->shape;
    data_target       target[SPLITS];
    data_look         look[SPLITS];

    targets_of(shape, at, base, target);
    SLD_TRY(format->fill(ctx, source, target));
    SLD_TRY(check_labels(ctx, where, shape, target));
    if (shape->names_bytes) {
        memcpy(base + at->names, source->names, shape->names_bytes);
    }
    for (int split = 0; split < SPLITS; split++) {
        sld_data_look_begin(&look[split], shape->n[split]);
    }
    sld_data_facts(ctx, shape, target, look, facts);
    sld_data_warn(ctx, where, shape, params->input_size, target, look);
    sld_data_names_warn(ctx, where, source);
    for (int split = 0; split < SPLITS; split++) {
        sld_data_look_end(&look[split]);
    }
    return sld_data_share_test(ctx, shape, params->test_fraction, &target[SPLIT_TEST],
                               &facts->n_test);
}

/* Collective. Replaces bytes by rank 0's on every rank. Those of a rank with `own` must be equal to
 * rank 0's: two machines that see different files under one path must not train together. */
static sld_status adopt(sld_ctx *ctx, const sld_comm *comm, const char *where, bool own,
                        const char *what, void *bytes, size_t n)
{
    enum { LARGEST = 512 };
    uint8_t    mine[LARGEST];
    sld_status st = SLD_OK;

    assert(n <= LARGEST);
    memcpy(mine, bytes, n);
    SLD_TRY(sld_comm_bcast(ctx, comm, bytes, n, 0));
    if (own && memcmp(mine, bytes, n) != 0) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA,
                      "%s: expected the same data on every machine, got another %s than rank 0; "
                      "give all machines the same files",
                      where, what);
    }
    return sld_agree(ctx, comm, st);
}

/* Local. Points the public structure into the shared memory. */
static void describe(sld_dataset *set, const data_shape *shape, const data_facts *facts,
                     const data_layout *at)
{
    data_own   *own  = set->own;
    char       *base = sld_shared_ptr(own->shared);
    const char *name = base + at->names;
    data_target target[SPLITS];
    sld_images *images[SPLITS] = {&set->train, &set->test};

    targets_of(shape, at, base, target);
    for (int split = 0; split < SPLITS; split++) {
        *images[split] = (sld_images){.pixels = target[split].pixels,
                                      .labels = target[split].labels,
                                      .coarse = target[split].coarse,
                                      .n      = shape->n[split]};
    }
    set->test.n = facts->n_test;
    set->H = set->image_H = shape->H;
    set->W = set->image_W = shape->W;
    set->C                = shape->C;
    set->K                = shape->K;
    set->n_coarse         = shape->n_coarse;
    for (size_t i = 0; i < shape->K + shape->n_coarse; i++) {
        const bool named = i < shape->K ? shape->has_class_names : shape->has_coarse_names;

        own->names[i] = named ? name : NULL;
        name += named ? strlen(name) + 1 : 0;
    }
    set->class_names  = shape->has_class_names ? own->names : NULL;
    set->coarse_names = shape->has_coarse_names ? own->names + shape->K : NULL;
    memcpy(set->mean, facts->mean, sizeof set->mean);
    memcpy(set->std, facts->std, sizeof set->std);
    memcpy(set->hash, facts->hash, sizeof set->hash);
    memcpy(set->name, shape->name, sizeof set->name);
}

/* Collective. Does the part of opening that needs the sizes: memory, decoding, facts. */
static sld_status load(sld_ctx *ctx, const sld_comm *comm, const data_format *format,
                       const sld_data_params *params, const char *where, const data_source *source,
                       sld_dataset *set)
{
    const data_shape *shape  = &source->shape;
    const data_layout at     = layout_of(shape);
    const bool        reader = sld_comm_node_rank(comm) == 0;
    data_own         *own    = set->own;
    data_facts        facts;
    sld_status        st = SLD_OK;

    memset(&facts, 0, sizeof facts); /* with its padding, because its bytes are compared */
    own->names = calloc(shape->K + shape->n_coarse, sizeof *own->names);
    if (!own->names) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for the names of %zu classes", where,
                      (size_t)shape->K);
    }
    st = st == SLD_OK ? check_memory(ctx, format, where, shape, at.bytes) : st;
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_shared_create(ctx, comm, at.bytes, &own->shared));
    if (reader) {
        st = decode(ctx, format, where, source, params, &at, sld_shared_ptr(own->shared), &facts);
    }
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_shared_ready(ctx, comm, own->shared));
    SLD_TRY(adopt(ctx, comm, where, reader, "content", &facts, sizeof facts));
    describe(set, shape, &facts, &at);
    return SLD_OK;
}

sld_status sld_dataset_open(sld_ctx *ctx, const sld_comm *comm, const sld_data_params *params,
                            sld_dataset **out)
{
    const data_format *format = NULL;
    const bool         reader = sld_comm_node_rank(comm) == 0;
    const char        *where  = params->path && *params->path ? params->path : params->format;
    data_source        source = {0};
    sld_dataset       *set    = calloc(1, sizeof *set);
    sld_status         st     = check_params(ctx, params, &format);

    *out = NULL;
    if (set) {
        set->own = calloc(1, sizeof(data_own));
    }
    if (!set || !set->own) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory", where);
    }
    if (st == SLD_OK && reader) {
        st = open_source(ctx, format, params, &source);
    }
    if (st == SLD_OK && reader) {
        st = check_shape(ctx, where, &source.shape);
    }
    if (st == SLD_OK && reader) {
        st = sld_data_names_utf8(ctx, where, &source);
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        st = adopt(ctx, comm, where, reader, "set of sizes", &source.shape, sizeof source.shape);
    }
    if (st == SLD_OK) {
        st = check_input(ctx, where, &source.shape, params->input_size);
    }
    if (st == SLD_OK) {
        st = load(ctx, comm, format, params, where, &source, set);
    }
    if (st == SLD_OK && params->input_size > 0) {
        set->H = set->W = params->input_size;
    }

    if (format && reader) {
        format->close(&source);
    }
    free(source.names);
    if (st != SLD_OK) {
        sld_dataset_close(set);
        return st;
    }
    *out = set;
    return SLD_OK;
}

sld_status sld_data_sizes_of(sld_ctx *ctx, const sld_data_params *params, sld_data_sizes *out)
{
    const data_format *format = NULL;
    const char        *where  = params->path && *params->path ? params->path : params->format;
    data_source        source = {0};
    const data_shape  *shape  = &source.shape;

    SLD_TRY(check_params(ctx, params, &format));
    sld_status st = open_source(ctx, format, params, &source);
    st            = st == SLD_OK ? check_shape(ctx, where, shape) : st;
    st            = st == SLD_OK ? check_input(ctx, where, shape, params->input_size) : st;
    format->close(&source);
    free(source.names);
    *out = (sld_data_sizes){.train = shape->n[SPLIT_TRAIN],
                            .test  = shape->n[SPLIT_TEST],
                            .K     = shape->K,
                            .H     = params->input_size ? params->input_size : shape->H,
                            .W     = params->input_size ? params->input_size : shape->W,
                            .C     = shape->C};
    return st;
}

void sld_dataset_close(sld_dataset *set)
{
    data_own *own = set ? set->own : NULL;

    if (own) {
        sld_shared_destroy(own->shared);
        free(own->names);
        free(own);
    }
    free(set);
}
