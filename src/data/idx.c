/* idx.c: the IDX files of the MNIST family (MNIST, Fashion-MNIST, KMNIST ...):
 * train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte,
 * also spelt with a dot before idx, and test- for t10k-. Big-endian header: two zero bytes, element
 * type (8: unsigned byte), number of dimensions, each dimension in 32 bits; then the elements.
 * Images are (N,H,W), or (N,H,W,C) in idx4 files for colour. Classes are 0 to the largest label
 * of train. Mean and standard deviation are measured. */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "format.h"

enum { UNSIGNED_BYTE = 8, MAX_DIMS = 4, LARGEST_SIDE = 4096 };

typedef struct idx_source {
    data_file images[SPLITS];
    uint8_t  *labels[SPLITS]; /* (n) */
} idx_source;

static const char *const PREFIXES[SPLITS][3] = {{"train", NULL}, {"t10k", "test", NULL}};
static const char *const IMAGES[] = {"images-idx3-ubyte", "images.idx3-ubyte", "images-idx4-ubyte",
                                     "images.idx4-ubyte", NULL};
static const char *const LABELS[] = {"labels-idx1-ubyte", "labels.idx1-ubyte", NULL};

/* The spelling that this folder uses. When none is there, the error names the usual one, or the
 * compressed file that is there instead. */
static sld_status find_file(sld_ctx *ctx, const char *folder, const char *const *prefixes,
                            const char *const *endings, char name[64])
{
    char packed[64 + 3];

    for (int compressed = 0; compressed < 2; compressed++) {
        for (size_t p = 0; prefixes[p]; p++) {
            for (size_t e = 0; endings[e]; e++) {
                snprintf(name, 64, "%s-%s", prefixes[p], endings[e]);
                snprintf(packed, sizeof packed, "%s.gz", name);
                if (!compressed && sld_data_exists(folder, name)) {
                    return SLD_OK;
                }
                if (compressed && sld_data_exists(folder, packed)) {
                    return SLD_FAIL(
                        ctx, SLD_ERR_DATA,
                        "%s/%s: expected the plain file, got a compressed one; gunzip it", folder,
                        packed);
                }
            }
        }
    }
    return SLD_FAIL(ctx, SLD_ERR_DATA,
                    "%s: expected the IDX files of the MNIST family, got no file %s-%s", folder,
                    prefixes[0], endings[0]);
}

static uint32_t big_endian(const uint8_t b[4])
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Reads and checks the header. elements: those of one sample. */
static sld_status read_header(sld_ctx *ctx, data_file *file, int fewest_dims, int max_dims,
                              uint64_t dims[MAX_DIMS], uint64_t *elements)
{
    uint8_t head[4 + 4 * MAX_DIMS];

    if (file->bytes < 4) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected an IDX file, got %zu bytes", file->path,
                        file->bytes);
    }
    SLD_TRY(sld_data_file_read(ctx, file, head, 4));
    if (head[0] != 0 || head[1] != 0 || head[2] != UNSIGNED_BYTE || head[3] < fewest_dims ||
        head[3] > max_dims) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: expected 0x%08x at its beginning (unsigned bytes in %d dimensions), got 0x%08x",
            file->path, UNSIGNED_BYTE << 8 | fewest_dims, fewest_dims, big_endian(head));
    }

    const int    n_dims = head[3];
    const size_t header = 4 + 4 * (size_t)n_dims;
    if (file->bytes < header) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected a header of %zu bytes, got %zu",
                        file->path, header, file->bytes);
    }
    SLD_TRY(sld_data_file_read(ctx, file, head + 4, header - 4));
    *elements = 1;
    for (int d = 0; d < MAX_DIMS; d++) {
        dims[d] = d < n_dims ? big_endian(head + 4 + 4 * d) : 1;
        if (d == 0 && dims[d] == 0) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: expected at least one sample, got 0; take a whole copy of it",
                            file->path);
        }
        if (dims[d] == 0 || (d > 0 && dims[d] > LARGEST_SIDE)) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: dimension %d: expected 1 to %d, got %zu",
                            file->path, d, LARGEST_SIDE, (size_t)dims[d]);
        }
        *elements *= d > 0 ? dims[d] : 1; /* below 2^36: no overflow here or with dims[0] < 2^28 */
    }
    const uint64_t held = file->bytes - header;
    if (held % *elements != 0 || held / *elements != dims[0]) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: expected %.0f bytes after its header (%zu samples of %zu bytes), got %zu",
            file->path, (double)header + (double)dims[0] * (double)*elements, (size_t)dims[0],
            (size_t)*elements, file->bytes);
    }
    return SLD_OK;
}

static sld_status open_labels(sld_ctx *ctx, const char *folder, const char *name, uint64_t n,
                              uint8_t **labels)
{
    uint64_t   dims[MAX_DIMS], elements;
    data_file  file;
    sld_status st = sld_data_file_open(ctx, folder, name, &file);

    if (st == SLD_OK) {
        st = read_header(ctx, &file, 1, 1, dims, &elements);
    }
    if (st == SLD_OK && dims[0] != n) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %zu labels, one for each image, got %zu",
                      file.path, (size_t)n, (size_t)dims[0]);
    }
    if (st == SLD_OK) {
        *labels = malloc(n);
        if (!*labels) {
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for %zu labels", file.path,
                          (size_t)n);
        }
    }
    if (st == SLD_OK) {
        st = sld_data_file_read(ctx, &file, *labels, n);
    }
    sld_data_file_close(&file);
    return st;
}

static sld_status open_split(sld_ctx *ctx, const char *folder, int split, data_source *source)
{
    idx_source *own   = source->own;
    data_shape *shape = &source->shape;
    data_file  *file  = &own->images[split];
    char        name[64];
    uint64_t    dims[MAX_DIMS], elements;

    SLD_TRY(find_file(ctx, folder, PREFIXES[split], IMAGES, name));
    SLD_TRY(sld_data_file_open(ctx, folder, name, file));
    SLD_TRY(read_header(ctx, file, 3, 4, dims, &elements));
    shape->n[split] = dims[0];
    if (split == SPLIT_TRAIN) {
        shape->H = dims[1];
        shape->W = dims[2];
        shape->C = dims[3];
    } else if (dims[1] != shape->H || dims[2] != shape->W || dims[3] != shape->C) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected images of %zux%zux%zu as in train, got %zux%zux%zu",
                        file->path, (size_t)shape->H, (size_t)shape->W, (size_t)shape->C,
                        (size_t)dims[1], (size_t)dims[2], (size_t)dims[3]);
    }
    SLD_TRY(find_file(ctx, folder, PREFIXES[split], LABELS, name));
    return open_labels(ctx, folder, name, dims[0], &own->labels[split]);
}

static sld_status idx_open(sld_ctx *ctx, const sld_data_params *params, data_source *source)
{
    data_shape *shape = &source->shape;
    idx_source *own   = calloc(1, sizeof *own);

    if (!own) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory", params->path);
    }
    source->own = own;

    SLD_TRY(sld_data_folder(ctx, params->path, "the folder of the IDX files"));
    for (int split = 0; split < SPLITS; split++) {
        SLD_TRY(open_split(ctx, params->path, split, source));
    }
    for (size_t i = 0; i < shape->n[SPLIT_TRAIN]; i++) {
        const uint64_t classes = own->labels[SPLIT_TRAIN][i] + 1u;
        shape->K               = classes > shape->K ? classes : shape->K;
    }
    snprintf(shape->name, sizeof shape->name, "idx");
    return SLD_OK;
}

static sld_status idx_fill(sld_ctx *ctx, const data_source *source,
                           const data_target target[SPLITS])
{
    idx_source       *own   = source->own;
    const data_shape *shape = &source->shape;
    const size_t      image = shape->H * shape->W * shape->C;

    for (int split = 0; split < SPLITS; split++) {
        const size_t n = shape->n[split];

        SLD_TRY(sld_data_file_read(ctx, &own->images[split], target[split].pixels, n * image));
        for (size_t i = 0; i < n; i++) {
            target[split].labels[i] = own->labels[split][i];
        }
    }
    return SLD_OK;
}

static void idx_close(data_source *source)
{
    idx_source *own = source->own;

    for (int split = 0; own && split < SPLITS; split++) {
        sld_data_file_close(&own->images[split]);
        free(own->labels[split]);
    }
    free(own);
}

const data_format sld_format_idx = {"idx", true, idx_open, idx_fill, idx_close};
