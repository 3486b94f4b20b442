/* facts.c: mean, deviation and SHA-256 of a data set, see facts.h. */
#include "facts.h"

#include <math.h>
#include <string.h>

static void hash_u64(sld_sha256 *sha, uint64_t value)
{
    uint8_t b[8];

    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(value >> 8 * i);
    }
    sld_sha256_add(sha, b, sizeof b);
}

/* Hashes images, looks at each, and gives signs of life, because ImageNet takes minutes. */
static void hash_images(sld_ctx *ctx, sld_sha256 *sha, const uint8_t *pixels, size_t n,
                        size_t image, data_look *look)
{
    const size_t piece = ((size_t)1 << 26) / image + 1;

    for (size_t i = 0; i < n; i++, pixels += image) {
        if (i % piece == 0) {
            sld_beat(ctx);
        }
        sld_sha256_add(sha, pixels, image);
        sld_data_look_at(look, pixels, image);
    }
}

static void hash_labels(sld_sha256 *sha, const int32_t *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t y    = (uint32_t)labels[i];
        const uint8_t  b[4] = {(uint8_t)y, (uint8_t)(y >> 8), (uint8_t)(y >> 16),
                               (uint8_t)(y >> 24)};
        sld_sha256_add(sha, b, sizeof b);
    }
}

static void hash_set(sld_ctx *ctx, const data_shape *shape, const data_target target[SPLITS],
                     data_look look[SPLITS], char hash[65])
{
    const size_t image = shape->H * shape->W * shape->C;
    sld_sha256   sha;

    sld_sha256_init(&sha);
    hash_u64(&sha, shape->H);
    hash_u64(&sha, shape->W);
    hash_u64(&sha, shape->C);
    hash_u64(&sha, shape->K);
    hash_u64(&sha, shape->n_coarse);
    hash_u64(&sha, shape->n[SPLIT_TRAIN]);
    hash_u64(&sha, shape->n[SPLIT_TEST]);
    for (int split = 0; split < SPLITS; split++) {
        hash_images(ctx, &sha, target[split].pixels, shape->n[split], image, &look[split]);
        hash_labels(&sha, target[split].labels, shape->n[split]);
        if (target[split].coarse) {
            hash_labels(&sha, target[split].coarse, shape->n[split]);
        }
    }
    sld_sha256_hex(&sha, hash);
}

void sld_data_moments(const uint8_t *pixels, size_t n, size_t C, float mean[4], float std[4])
{
    for (size_t c = 0; c < C; c++) {
        uint64_t sum = 0, squares = 0;

        for (size_t i = 0; i < n; i++) {
            const uint64_t v = pixels[i * C + c];
            sum += v;
            squares += v * v;
        }
        const double m        = (double)sum / (double)n;
        const double variance = (double)squares / (double)n - m * m;

        mean[c] = (float)(m / 255.0);
        std[c] =
            sum * sum == n * squares || variance <= 0.0 ? 1.0f : (float)(sqrt(variance) / 255.0);
    }
}

void sld_data_facts(sld_ctx *ctx, const data_shape *shape, const data_target target[SPLITS],
                    data_look look[SPLITS], data_facts *out)
{
    if (shape->has_moments) {
        memcpy(out->mean, shape->mean, sizeof out->mean);
        memcpy(out->std, shape->std, sizeof out->std);
    } else {
        sld_data_moments(target[SPLIT_TRAIN].pixels, shape->n[SPLIT_TRAIN] * shape->H * shape->W,
                         shape->C, out->mean, out->std);
    }
    hash_set(ctx, shape, target, look, out->hash);
}
