/* fuzz_formats.h: a data set's files cut out of the bytes: 2 bytes of length, then so many of the file,
 * for each file in turn. */
#ifndef SLD_TESTS_FUZZ_FORMATS_H
#define SLD_TESTS_FUZZ_FORMATS_H

#include "format.h"
#include "fuzz.h"

static inline void fuzz_files(const char *const *names, size_t n_names, const uint8_t *bytes,
                              size_t n)
{
    char path[128];

    for (size_t i = 0; i < n_names; i++) {
        size_t length = n >= 2 ? (size_t)bytes[0] << 8 | bytes[1] : 0;

        bytes += n >= 2 ? 2 : 0;
        n -= n >= 2 ? 2 : 0;
        length = length < n ? length : n;
        fuzz_file(names[i], bytes, length, path);
        bytes += length;
        n -= length;
    }
}

/* Opens and decodes it into memory of exactly the size that it says. */
static inline void fuzz_format(const data_format *format)
{
    sld_ctx         ctx    = fuzz_ctx();
    sld_data_params params = {.format = format->name, .path = fuzz_folder()};
    data_source     source = {0};
    data_target     target[SPLITS];

    if (format->open(&ctx, &params, &source) == SLD_OK) {
        const data_shape *s = &source.shape;
        for (int i = 0; i < SPLITS; i++) {
            target[i].pixels = malloc(s->n[i] * s->H * s->W * s->C);
            target[i].labels = malloc(s->n[i] * sizeof(int32_t));
            target[i].coarse = s->n_coarse ? malloc(s->n[i] * sizeof(int32_t)) : NULL;
        }
        (void)format->fill(&ctx, &source, target);
        for (int i = 0; i < SPLITS; i++) {
            free(target[i].pixels);
            free(target[i].labels);
            free(target[i].coarse);
        }
    }
    format->close(&source);
    free(source.names);
}

#endif
