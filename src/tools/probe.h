/* probe.h: a probe, and what its files share. */
#ifndef SLD_TOOLS_PROBE_H
#define SLD_TOOLS_PROBE_H

#include "sld/tools.h"

typedef struct probe {
    const sld_probe_params *params;
    const sld_options      *opt;
    sld_arena              *arena;
    sld_doc                *in, *out;
    size_t                  steps, N, C, H, W, classes; /* batches, samples in each */
    bool                    views[SLD_VIEWS];
    sld_model_file          teacher, start;
    sld_model              *student;
    sld_learner            *learner;
    float                  *images[SLD_VIEWS]; /* (steps,N,C,H,W) as read */
    float                  *input[SLD_VIEWS];  /* (N,H,W,C) of this step */
    int32_t                *labels;            /* (steps,N) */
    uint32_t *sample; /* (N): the place in the batch stands for the data set's index */
    double   *loss[SLD_VIEWS][SLD_MAX_TERMS], *total; /* (steps) */
    float    *z_s[SLD_VIEWS], *z_t[SLD_VIEWS];        /* (steps,N,classes) */
    float    *gradient;                               /* (steps, trained) */
    double   *norm;                                   /* (tensors, steps) */
} probe;

extern const char *const probe_image_path[SLD_VIEWS]; /* "/image_weak", "/image_strong" */

/* probe_pixels.c. Local. The weights that say how images are normalised; NULL: none do. */
const sld_model_file *probe_normalised_as(const probe *p);
/* Local. SLD_ERR_DATA names the first pixel that is not finite. Warns of the first that cannot have been
 * normalised as the weights say. */
sld_status probe_check_pixels(sld_ctx *ctx, const probe *p);

/* probe_write.c. Local. Rank 0 writes and publishes the answers. */
sld_status probe_write(sld_ctx *ctx, probe *p, double lr);

#endif
