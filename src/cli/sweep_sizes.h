/* sweep_sizes.h: how large the data sets of a sweep's trials are. */
#ifndef SLD_CLI_SWEEP_SIZES_H
#define SLD_CLI_SWEEP_SIZES_H

#include "sld/config.h"
#include "sld/data.h"

enum { SLD_SIZES_KEY = 1024 };

typedef struct sld_sizes_entry {
    char           key[SLD_SIZES_KEY];
    sld_data_sizes sizes;
    bool           read; /* from the data; else guessed */
} sld_sizes_entry;

typedef struct sld_sweep_sizes { /* all zero: none known */
    sld_sizes_entry at[64];
    size_t          n;
} sld_sweep_sizes;

/* Local. The sizes of the experiment's data set; test is whole, whatever data.test_fraction says.
 * False: it cannot be read from here, and *out is a guess. */
bool sld_sweep_sizes_of(sld_sweep_sizes *known, const sld_options *o, sld_data_sizes *out);

#endif
