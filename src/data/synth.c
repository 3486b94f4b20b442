/* synth.c: the embedded synthetic set as a data format: parameters, names and loop over images.
 * What it shows is told in synth_scene.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "synth_scene.h"

sld_synth_params sld_synth_default(void)
{
    return (sld_synth_params){.superclasses = 5,
                              .subclasses   = 4,
                              .n_train      = 4000,
                              .n_test       = 2000,
                              .separation   = 3.0,
                              .noise        = 12.0,
                              .distractors  = 0.1,
                              .seed         = 1};
}

static sld_status check_range(sld_ctx *ctx, const char *what, double value, double low, double high)
{
    if (value >= low && value <= high) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_ARG, "synthetic set: %s: expected %g to %g, got %g", what, low,
                    high, value);
}

static sld_status check_params(sld_ctx *ctx, const sld_synth_params *p)
{
    SLD_TRY(check_range(ctx, "superclasses", p->superclasses, 1, SYNTH_SUPER));
    SLD_TRY(check_range(ctx, "subclasses", p->subclasses, 1, SYNTH_SUB));
    SLD_TRY(check_range(ctx, "train images", (double)p->n_train, 1, 1e7));
    SLD_TRY(check_range(ctx, "test images", (double)p->n_test, 1, 1e7));
    SLD_TRY(check_range(ctx, "separation", p->separation, 0, 20));
    SLD_TRY(check_range(ctx, "noise", p->noise, 0, 128));
    return check_range(ctx, "distractors", p->distractors, 0, 1);
}

/* "5-petal fine far", then the superclasses "5-petal". */
static sld_status make_names(sld_ctx *ctx, const sld_synth_params *p, data_source *source)
{
    enum { LONGEST = 32 };
    static const char *const outline[SYNTH_SUPER] = {"disc", "3-petal", "4-petal", "5-petal",
                                                     "7-petal"};
    static const char *const stripes[]            = {" wide", "", " fine"};
    static const char *const hues[]               = {" near", "", " far"};
    const int                n                    = p->superclasses * p->subclasses;
    char                    *at;

    source->names = malloc((size_t)(n + p->superclasses) * LONGEST);
    if (!source->names) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "synthetic set: out of memory for names");
    }
    at = source->names;
    for (int y = 0; y < n; y++) {
        int corner[2];
        sld_synth_corner(p->subclasses, y % p->subclasses, corner);
        at += snprintf(at, LONGEST, "%s%s%s", outline[y / p->subclasses], stripes[corner[0] + 1],
                       hues[corner[1] + 1]) +
              1;
    }
    for (int s = 0; s < p->superclasses; s++) {
        at += snprintf(at, LONGEST, "%s", outline[s]) + 1;
    }
    source->shape.names_bytes     = (uint64_t)(at - source->names);
    source->shape.has_class_names = source->shape.has_coarse_names = 1;
    return SLD_OK;
}

static sld_status synth_open(sld_ctx *ctx, const sld_data_params *params, data_source *source)
{
    data_shape             *shape = &source->shape;
    const sld_synth_params *p     = &params->synth;
    sld_synth_params       *own   = malloc(sizeof *own);

    if (!own) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "synthetic set: out of memory");
    }
    source->own = own;
    *own        = *p;

    SLD_TRY(check_params(ctx, p));
    shape->n[SPLIT_TRAIN] = p->n_train;
    shape->n[SPLIT_TEST]  = p->n_test;
    shape->H = shape->W = SYNTH_SIDE;
    shape->C            = SYNTH_CHANNELS;
    shape->K            = (uint64_t)(p->superclasses * p->subclasses);
    shape->n_coarse     = (uint64_t)p->superclasses;
    shape->has_moments  = 1; /* constants: a teacher of one draw serves a student of another */
    for (int c = 0; c < SYNTH_CHANNELS; c++) {
        shape->mean[c] = 0.50f;
        shape->std[c]  = 0.18f;
    }
    snprintf(shape->name, sizeof shape->name, "synthetic");
    return make_names(ctx, p, source);
}

static sld_status synth_fill(sld_ctx *ctx, const data_source *source,
                             const data_target target[SPLITS])
{
    const sld_synth_params *p = source->own;
    fixed_wave              wave;
    synth_scene             scene;

    sld_fixed_wave_make(&wave);
    for (int split = 0; split < SPLITS; split++) {
        for (size_t i = 0; i < source->shape.n[split]; i++) {
            sld_beat(ctx);
            sld_synth_draw(p, &wave, split, i, &scene);
            sld_synth_paint(p, &wave, &scene, split, i,
                            target[split].pixels + i * SYNTH_SIDE * SYNTH_SIDE * SYNTH_CHANNELS);
            target[split].labels[i] = scene.label;
            target[split].coarse[i] = scene.label / p->subclasses;
        }
    }
    return SLD_OK;
}

static void synth_close(data_source *source)
{
    free(source->own);
}

const data_format sld_format_synthetic = {"synthetic", false, synth_open, synth_fill, synth_close};
