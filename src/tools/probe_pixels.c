/* probe_pixels.c: whether the pixels of a probe's batches are what a network is trained on: finite, and
 * normalised as the weights say. */
#include <math.h>

#include "probe.h"

#define MARGIN 0.01F /* of the range: another program rounds mean and std otherwise */

const char *const probe_image_path[SLD_VIEWS] = {"/image_weak", "/image_strong"};

const sld_model_file *probe_normalised_as(const probe *p)
{
    return p->start.model ? &p->start : p->teacher.model ? &p->teacher : NULL;
}

static size_t count(const probe *p)
{
    return p->steps * p->N * p->C * p->H * p->W;
}

static size_t batch_of(const probe *p, size_t i)
{
    return i / (p->N * p->C * p->H * p->W);
}

static size_t sample_of(const probe *p, size_t i)
{
    return i / (p->C * p->H * p->W) % p->N;
}

static sld_status check_finite(sld_ctx *ctx, const probe *p, int v)
{
    for (size_t i = 0; i < count(p); i++) {
        if (!isfinite(p->images[v][i])) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: %s: expected finite pixels, got %g in batch %zu, sample %zu",
                            sld_doc_path(p->in), probe_image_path[v], (double)p->images[v][i],
                            batch_of(p, i), sample_of(p, i));
        }
    }
    return SLD_OK;
}

/* True: it has. */
static bool warn_scale(sld_ctx *ctx, const probe *p, int v, const sld_weights_info *info)
{
    for (size_t i = 0; i < count(p); i++) {
        const float  x    = p->images[v][i];
        const size_t c    = i / (p->H * p->W) % p->C;
        const float  low  = -info->mean[c] / info->std[c];
        const float  high = (1.0F - info->mean[c]) / info->std[c];
        const float  more = MARGIN * (high - low);

        if (x < low - more || x > high + more) {
            sld_log(ctx, SLD_LOG_WARN,
                    "%s: %s: expected pixels normalised as the weights say, %.4g to %.4g in "
                    "channel %zu, got %.6g in batch %zu, sample %zu; (images / 255 - mean) / std "
                    "normalises pixels from 0 to 255",
                    sld_doc_path(p->in), probe_image_path[v], (double)low, (double)high, c,
                    (double)x, batch_of(p, i), sample_of(p, i));
            return true;
        }
    }
    return false;
}

sld_status probe_check_pixels(sld_ctx *ctx, const probe *p)
{
    const sld_model_file *like   = probe_normalised_as(p);
    bool                  warned = false;

    for (int v = 0; v < SLD_VIEWS; v++) {
        if (p->views[v]) {
            SLD_TRY(check_finite(ctx, p, v));
            warned = warned || !like || warn_scale(ctx, p, v, &like->info);
        }
    }
    return SLD_OK;
}
