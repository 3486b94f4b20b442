/* sweep_sizes.c: finds the sizes of the data sets of a sweep's trials, and opens each set once. */
#include "sweep_sizes.h"

#include <stdio.h>
#include <string.h>

#include "sld/learn.h"

/* Sizes of the public CIFAR set, as a guess for data that cannot be read here. */
static sld_data_sizes guess_of(const sld_options *o)
{
    const size_t side = o->data.input_size > 0 ? (size_t)o->data.input_size : 32;

    return (sld_data_sizes){.train = 50000,
                            .test  = 10000,
                            .K     = o->data.format == SLD_FORMAT_CIFAR10 ? 10 : 100,
                            .H     = side,
                            .W     = side,
                            .C     = 3};
}

static bool ask(const sld_options *o, sld_data_sizes *out)
{
    const sld_data_params params = sld_data_params_of(o);
    sld_ctx               quiet;

    sld_ctx_init(&quiet);
    quiet.log_level = SLD_LOG_ERROR;
    return sld_data_sizes_of(&quiet, &params, out) == SLD_OK;
}

/* key: all options on which the sizes depend; "": it would be too long. */
static void key_of(const sld_options *o, char key[SLD_SIZES_KEY])
{
    const int n = snprintf(
        key, SLD_SIZES_KEY, "%d %lld %lld %lld %lld %lld %s", (int)o->data.format,
        (long long)o->data.input_size, (long long)o->synthetic.train, (long long)o->synthetic.test,
        (long long)o->synthetic.superclasses, (long long)o->synthetic.subclasses, o->data.path);

    if (n < 0 || n >= SLD_SIZES_KEY) {
        key[0] = '\0';
    }
}

bool sld_sweep_sizes_of(sld_sweep_sizes *known, const sld_options *o, sld_data_sizes *out)
{
    char key[SLD_SIZES_KEY];

    key_of(o, key);
    for (size_t i = 0; *key && i < known->n; i++) {
        if (strcmp(known->at[i].key, key) == 0) {
            *out = known->at[i].sizes;
            return known->at[i].read;
        }
    }
    const bool read = ask(o, out);
    if (!read) {
        *out = guess_of(o);
    }
    if (*key && known->n < sizeof known->at / sizeof *known->at) {
        sld_sizes_entry *e = &known->at[known->n++];
        memcpy(e->key, key, sizeof key);
        e->sizes = *out;
        e->read  = read;
    }
    return read;
}
