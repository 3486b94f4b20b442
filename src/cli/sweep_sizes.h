/* sweep_sizes.h: finds the sizes of the data sets of a sweep's trials. */
#ifndef SLD_CLI_SWEEP_SIZES_H
#define SLD_CLI_SWEEP_SIZES_H

#include "sld/config.h"
#include "sld/data.h"

enum { SLD_SIZES_KEY = 1024 };

typedef struct sld_sizes_entry {
    char           key[SLD_SIZES_KEY];
    sld_data_sizes sizes;
    bool           read; /* from the data set; false: a guess */
} sld_sizes_entry;

typedef struct sld_sweep_sizes { /* sizes found so far; begins with all zero */
    sld_sizes_entry at[64];
    size_t          n;
} sld_sweep_sizes;

/* Local. *out: the sizes of the experiment's data set, with the whole test set whatever
 * data.test_fraction says. False: the set cannot be read here, and *out is a guess. */
bool sld_sweep_sizes_of(sld_sweep_sizes *known, const sld_options *o, sld_data_sizes *out);

#endif
