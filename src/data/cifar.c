/* cifar.c: CIFAR-10 and CIFAR-100 in their binary version
 * (https://www.cs.toronto.edu/~kriz/cifar.html). A file is a row of records without a header: the
 * label bytes (CIFAR-10: one; CIFAR-100: coarse, then fine), then 3072 bytes of a 32x32 image,
 * planes R, G, B, each row by row. params.path is the folder of these files or the one above it.
 * Files of names are optional. A file with fewer records than the published one is accepted with a
 * warning, one with more is not. */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "format.h"

enum { SIDE = 32, CHANNELS = 3, PLANE = SIDE * SIDE, IMAGE = PLANE * CHANNELS };
enum { MAX_FILES = 6, BLOCK = 256 /* records read at a time */ };

typedef struct cifar_kind {
    const char *name, *folder;
    size_t      K, n_coarse, label_bytes;
    struct {
        const char *name;
        int         split;
        size_t      records; /* as published */
    } files[MAX_FILES];
    size_t      n_files;
    const char *class_names, *coarse_names;
    float       mean[3], std[3]; /* of pixel/255 over train, as the public recipes have them */
} cifar_kind;

static const cifar_kind CIFAR10 = {
    .name        = "cifar10",
    .folder      = "cifar-10-batches-bin",
    .K           = 10,
    .label_bytes = 1,
    .files       = {{"data_batch_1.bin", SPLIT_TRAIN, 10000},
                    {"data_batch_2.bin", SPLIT_TRAIN, 10000},
                    {"data_batch_3.bin", SPLIT_TRAIN, 10000},
                    {"data_batch_4.bin", SPLIT_TRAIN, 10000},
                    {"data_batch_5.bin", SPLIT_TRAIN, 10000},
                    {"test_batch.bin", SPLIT_TEST, 10000}},
    .n_files     = 6,
    .class_names = "batches.meta.txt",
    .mean        = {0.4914f, 0.4822f, 0.4465f},
    .std         = {0.2470f, 0.2435f, 0.2616f},
};

static const cifar_kind CIFAR100 = {
    .name         = "cifar100",
    .folder       = "cifar-100-binary",
    .K            = 100,
    .n_coarse     = 20,
    .label_bytes  = 2,
    .files        = {{"train.bin", SPLIT_TRAIN, 50000}, {"test.bin", SPLIT_TEST, 10000}},
    .n_files      = 2,
    .class_names  = "fine_label_names.txt",
    .coarse_names = "coarse_label_names.txt",
    .mean         = {0.5071f, 0.4867f, 0.4408f},
    .std          = {0.2675f, 0.2565f, 0.2761f},
};

typedef struct cifar_source {
    const cifar_kind *kind;
    data_file         files[MAX_FILES];
    size_t            records[MAX_FILES];
} cifar_source;

/* The folder that holds the first file: path, or the archive's folder inside it. */
static sld_status find_folder(sld_ctx *ctx, const cifar_kind *kind, const char *path,
                              char folder[PATH_MAX])
{
    char wanted[128];

    snprintf(wanted, sizeof wanted, "the folder of the binary version of %s: %s", kind->name,
             kind->folder);
    SLD_TRY(sld_data_folder(ctx, path, wanted));
    if (!sld_data_exists(path, kind->files[0].name) && sld_data_exists(path, kind->folder)) {
        return sld_data_path(ctx, path, kind->folder, folder);
    }
    return sld_data_path(ctx, path, NULL, folder);
}

static sld_status open_records(sld_ctx *ctx, cifar_source *own, const char *folder, size_t i)
{
    const cifar_kind *kind   = own->kind;
    const size_t      record = kind->label_bytes + IMAGE;
    const size_t      wanted = kind->files[i].records;

    if (!sld_data_exists(folder, kind->files[i].name)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected the binary version of %s, got no file %s",
                        folder, kind->name, kind->files[i].name);
    }
    SLD_TRY(sld_data_file_open(ctx, folder, kind->files[i].name, &own->files[i]));

    const data_file *file = &own->files[i];
    own->records[i]       = file->bytes / record;
    if (file->bytes % record != 0 || own->records[i] > wanted) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: expected %zu bytes (%zu records of %zu) or fewer whole records, got %zu",
            file->path, wanted * record, wanted, record, file->bytes);
    }
    if (own->records[i] < wanted) {
        sld_log(ctx, SLD_LOG_WARN, "%s: expected the published file's %zu records, got %zu",
                file->path, wanted, own->records[i]);
    }
    return SLD_OK;
}

/* Names are a comfort: absent files are no error, wrong ones are. */
static sld_status open_names(sld_ctx *ctx, const cifar_kind *kind, const char *folder,
                             data_source *source)
{
    data_shape *shape = &source->shape;

    if (sld_data_exists(folder, kind->class_names)) {
        SLD_TRY(sld_data_names(ctx, folder, kind->class_names, kind->K, &source->names,
                               &shape->names_bytes));
        shape->has_class_names = 1;
    }
    if (kind->coarse_names && sld_data_exists(folder, kind->coarse_names)) {
        SLD_TRY(sld_data_names(ctx, folder, kind->coarse_names, kind->n_coarse, &source->names,
                               &shape->names_bytes));
        shape->has_coarse_names = 1;
    }
    return SLD_OK;
}

static sld_status cifar_open(sld_ctx *ctx, const cifar_kind *kind, const sld_data_params *params,
                             data_source *source)
{
    char          folder[PATH_MAX];
    data_shape   *shape = &source->shape;
    cifar_source *own   = calloc(1, sizeof *own);

    if (!own) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory", params->path);
    }
    source->own = own;
    own->kind   = kind;

    SLD_TRY(find_folder(ctx, kind, params->path, folder));
    for (size_t i = 0; i < kind->n_files; i++) {
        SLD_TRY(open_records(ctx, own, folder, i));
        shape->n[kind->files[i].split] += own->records[i];
    }
    SLD_TRY(open_names(ctx, kind, folder, source));

    shape->H = shape->W = SIDE;
    shape->C            = CHANNELS;
    shape->K            = kind->K;
    shape->n_coarse     = kind->n_coarse;
    shape->has_moments  = 1;
    memcpy(shape->mean, kind->mean, sizeof kind->mean);
    memcpy(shape->std, kind->std, sizeof kind->std);
    snprintf(shape->name, sizeof shape->name, "%s", kind->name);
    return SLD_OK;
}

static sld_status cifar10_open(sld_ctx *ctx, const sld_data_params *params, data_source *source)
{
    return cifar_open(ctx, &CIFAR10, params, source);
}

static sld_status cifar100_open(sld_ctx *ctx, const sld_data_params *params, data_source *source)
{
    return cifar_open(ctx, &CIFAR100, params, source);
}

/* planes: (C,H,W), pixels: (H,W,C) */
static void interleave(const uint8_t *planes, uint8_t *pixels)
{
    for (size_t p = 0; p < PLANE; p++) {
        for (size_t c = 0; c < CHANNELS; c++) {
            pixels[p * CHANNELS + c] = planes[c * PLANE + p];
        }
    }
}

static sld_status check_label(sld_ctx *ctx, const data_file *file, size_t record, const char *what,
                              int label, size_t classes)
{
    if ((size_t)label < classes) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: record %zu: expected a %s label of 0 to %zu, got %d",
                    file->path, record, what, classes - 1, label);
}

/* Decodes file i behind the `done` records that its split has already. */
static sld_status fill_file(sld_ctx *ctx, cifar_source *own, size_t i, uint8_t *block,
                            const data_target *target, size_t done)
{
    const cifar_kind *kind   = own->kind;
    const size_t      record = kind->label_bytes + IMAGE;
    data_file        *file   = &own->files[i];

    for (size_t at = 0; at < own->records[i]; at += BLOCK) {
        const size_t n = own->records[i] - at < BLOCK ? own->records[i] - at : BLOCK;

        SLD_TRY(sld_data_file_read(ctx, file, block, n * record));
        for (size_t j = 0; j < n; j++) {
            const uint8_t *labels = block + j * record;
            const size_t   to     = done + at + j;
            const int      fine   = labels[kind->label_bytes - 1];

            SLD_TRY(check_label(ctx, file, at + j, "class", fine, kind->K));
            target->labels[to] = fine;
            if (kind->n_coarse) {
                SLD_TRY(check_label(ctx, file, at + j, "coarse", labels[0], kind->n_coarse));
                target->coarse[to] = labels[0];
            }
            interleave(labels + kind->label_bytes, target->pixels + to * IMAGE);
        }
    }
    return SLD_OK;
}

static sld_status cifar_fill(sld_ctx *ctx, const data_source *source,
                             const data_target target[SPLITS])
{
    cifar_source *own          = source->own;
    size_t        done[SPLITS] = {0};
    sld_status    st           = SLD_OK;
    uint8_t      *block        = malloc(BLOCK * (own->kind->label_bytes + IMAGE));

    if (!block) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for %d records", own->files[0].path,
                        BLOCK);
    }
    for (size_t i = 0; i < own->kind->n_files && st == SLD_OK; i++) {
        const int split = own->kind->files[i].split;

        st = fill_file(ctx, own, i, block, &target[split], done[split]);
        done[split] += own->records[i];
    }
    free(block);
    return st;
}

static void cifar_close(data_source *source)
{
    cifar_source *own = source->own;

    for (size_t i = 0; own && i < own->kind->n_files; i++) {
        sld_data_file_close(&own->files[i]);
    }
    free(own);
}

const data_format sld_format_cifar10  = {"cifar10", true, cifar10_open, cifar_fill, cifar_close};
const data_format sld_format_cifar100 = {"cifar100", true, cifar100_open, cifar_fill, cifar_close};
