/* normalise.c: turns 8-bit pixels into network input: (pixel/255 - mean)/std per channel. */
#include "normalise.h"

#include <math.h>
#include <string.h>

/* Division, subtraction and division are each rounded to float32, as in torchvision's ToTensor and
 * Normalize. So the bits are those of the recipes with which teachers were trained. */
void sld_data_table_make(const sld_dataset *set, data_table *table)
{
    memset(table, 0, sizeof *table);
    for (size_t c = 0; c < set->C; c++) {
        for (int v = 0; v < 256; v++) {
            const float unit    = (float)v / 255.0f;
            const float centred = unit - set->mean[c];
            table->value[c][v]  = centred / set->std[c];
        }
    }
}

void sld_data_normalised(const sld_dataset *set, float *out)
{
    data_table table;

    sld_data_table_make(set, &table);
    memcpy(out, table.value, set->C * sizeof *table.value);
}

void sld_data_table_apply(const data_table *table, const uint8_t *pixels, size_t n, size_t C,
                          float *out)
{
    if (C == 3) { /* the common case, without an inner loop */
        for (size_t i = 0; i < 3 * n; i += 3) {
            out[i]     = table->value[0][pixels[i]];
            out[i + 1] = table->value[1][pixels[i + 1]];
            out[i + 2] = table->value[2][pixels[i + 2]];
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t c = 0; c < C; c++) {
            out[i * C + c] = table->value[c][pixels[i * C + c]];
        }
    }
}

/* The first of n rows or columns in the middle of N. Halves are rounded to even, as Python does and
 * so torchvision's CenterCrop. */
static size_t middle(size_t N, size_t n)
{
    return (size_t)rint((double)(N - n) / 2.0);
}

const uint8_t *sld_data_image(const sld_dataset *set, const sld_images *images, size_t sample)
{
    return images->pixels + sample * set->image_H * set->image_W * set->C;
}

void sld_data_normalise(const sld_dataset *set, const sld_images *images, const uint32_t *index,
                        size_t begin, size_t n, float *out)
{
    const size_t top = middle(set->image_H, set->H), left = middle(set->image_W, set->W);
    const size_t row = set->W * set->C;
    data_table   table;

    sld_data_table_make(set, &table);
    for (size_t i = 0; i < n; i++) {
        const size_t   sample = index ? index[begin + i] : begin + i;
        const uint8_t *pixels =
            sld_data_image(set, images, sample) + (top * set->image_W + left) * set->C;
        for (size_t y = 0; y < set->H; y++, pixels += set->image_W * set->C, out += row) {
            sld_data_table_apply(&table, pixels, set->W, set->C, out);
        }
    }
}
