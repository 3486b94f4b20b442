/* look.c: what images have in common, see facts.h. */
#include <stdlib.h>
#include <string.h>

#include "facts.h"

/* A number that equal images share, and different ones do not but by a chance of 2^-64; never 0. */
static uint64_t print_of(const uint8_t *image, size_t bytes)
{
    uint64_t h = bytes;

    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
        uint64_t     word = 0;
        const size_t left = bytes - at;

        memcpy(&word, image + at, left < sizeof word ? left : sizeof word);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
        h ^= h >> 32;
    }
    return h ? h : 1;
}

void sld_data_look_begin(data_look *look, size_t n)
{
    *look = (data_look){.value = -1, .prints = malloc(n * sizeof *look->prints)};
}

void sld_data_look_end(data_look *look)
{
    free(look->prints);
    look->prints = NULL;
}

void sld_data_look_at(data_look *look, const uint8_t *image, size_t bytes)
{
    const bool flat = bytes > 1 && memcmp(image, image + 1, bytes - 1) == 0;

    if (flat) {
        look->first = look->flat == 0 ? look->n : look->first;
        look->value = look->flat == 0 || look->value == image[0] ? image[0] : -1;
        look->flat++;
    }
    if (look->prints) {
        look->prints[look->n] = flat ? 0 : print_of(image, bytes);
    }
    look->n++;
}

bool sld_data_look_same(const data_look *look)
{
    if (!look->prints || look->n < 2 || look->prints[0] == 0) {
        return false;
    }
    for (size_t i = 1; i < look->n; i++) {
        if (look->prints[i] != look->prints[0]) {
            return false;
        }
    }
    return true;
}

static int by_value(const void *pa, const void *pb)
{
    const uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

    return (a > b) - (a < b);
}

size_t sld_data_look_shared(data_look *train, const data_look *test, size_t *first)
{
    size_t shared = 0;

    *first = 0;
    if (!train->prints || !test->prints) {
        return 0;
    }
    qsort(train->prints, train->n, sizeof *train->prints, by_value);
    for (size_t i = test->n; i-- > 0;) {
        if (test->prints[i] &&
            bsearch(&test->prints[i], train->prints, train->n, sizeof *train->prints, by_value)) {
            *first = i;
            shared++;
        }
    }
    return shared;
}
