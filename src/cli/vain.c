/* vain.c: what an experiment asks for in vain on this machine (bf16: docs/performance.md) or on its
 * data. */
#include <math.h>
#include <string.h>

#include "cli.h"
#include "sld/kernels.h"

bool sld_vain_bf16(const sld_options *o, char text[SLD_VAIN_BYTES])
{
    const char *isa     = sld_config_word(o, "parallel.isa");
    const bool  student = o->student.precision == SLD_ARITHMETIC_BF16;
    const bool  teacher = o->teacher.precision == SLD_ARITHMETIC_BF16 &&
                         sld_config_wants_teacher(o) && !*o->teacher.logits_files;

    if (!student && !teacher) {
        return false;
    }
    if (strcmp(isa, "auto") != 0) {
        snprintf(text, SLD_VAIN_BYTES,
                 "bf16 is no faster than f32 with parallel.isa: %s, without AMX", isa);
        return true;
    }
    snprintf(text, SLD_VAIN_BYTES, "bf16 is no faster than f32 here, without AMX");
    return !strstr(sld_kernels_isa(), "AMX");
}

/* The most samples that an epoch may train on: shares are rounded class by class, and each class keeps
 * one sample. */
static double most_trained_on(const sld_options *o, const sld_data_sizes *size)
{
    const double all = (double)size->train, K = (double)size->K;
    const double each = (double)o->data.per_class;
    const double kept = each > 0                     ? each * K
                        : o->data.train_fraction < 1 ? all * o->data.train_fraction + K
                                                     : all;
    const double left = o->data.val_fraction > 0 ? kept * (1 - o->data.val_fraction) + K : kept;

    return fmin(floor(left), all);
}

bool sld_vain_batch(const sld_options *o, const sld_data_sizes *size, char text[SLD_VAIN_BYTES])
{
    const double most = most_trained_on(o, size);

    if ((double)o->train.batch <= most) {
        return false;
    }
    snprintf(text, SLD_VAIN_BYTES,
             "train.batch %lld is more than the %.0f training samples, and does what %.0f does",
             (long long)o->train.batch, most, most);
    return true;
}

/* Shares are rounded to the nearest number class by class; a class is no larger than the set. */
bool sld_vain_share(const sld_options *o, const sld_data_sizes *size, char text[SLD_VAIN_BYTES])
{
    const double all     = (double)size->train;
    const bool   counted = (double)o->data.per_class * (double)size->K == all;
    const bool   shared  = o->data.train_fraction < 1 && all * (1 - o->data.train_fraction) < 0.5;

    snprintf(text, SLD_VAIN_BYTES, "data.%s %.15g keeps all %zu training samples",
             counted ? "per_class" : "train_fraction",
             counted ? (double)o->data.per_class : o->data.train_fraction, size->train);
    return counted || shared;
}
