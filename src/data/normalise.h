/* normalise.h: turns 8-bit pixels into network input, with one table look-up per value. */
#ifndef SLD_DATA_NORMALISE_H
#define SLD_DATA_NORMALISE_H

#include "sld/data.h"

typedef struct data_table {
    float value[4][256]; /* (C,256) */
} data_table;

void sld_data_table_make(const sld_dataset *set, data_table *table);

/* pixels, out: (n,C) */
void sld_data_table_apply(const data_table *table, const uint8_t *pixels, size_t n, size_t C,
                          float *out);

#endif
