/* synth_paint.c: paints a scene, row by row, in integers, see synth_scene.h. Brightness is in Q6
 * levels, coverage in 256ths. */
#include "synth_scene.h"

enum { SIDE = SYNTH_SIDE, LEVEL = 64 /* one level in Q6 */, FULL = 256 /* coverage */ };

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* How far each pixel of a row lies inside the outline (radially), in 256ths of a pixel. inside:
 * (SIDE) */
static void measure_row(const fixed_wave *wave, const synth_outline *outline, int row,
                        int32_t inside[SIDE])
{
    const int32_t x = FIXED_ONE / 2 - outline->x; /* centres of pixels lie at halves */
    const int32_t y = row * FIXED_ONE + FIXED_ONE / 2 - outline->y;
    uint32_t      angle[SIDE];
    int32_t       radius[SIDE];

    sld_fixed_polar(x, y, SIDE, angle, radius);
    for (int i = 0; i < SIDE; i++) {
        const uint32_t petal = outline->petals * angle[i] + outline->phase;
        const int32_t  lobe  = outline->petals ? (outline->depth >> 8) * fixed_cos(wave, petal) : 0;

        inside[i] = (outline->radius >> 8) + lobe / WAVE_ONE - (radius[i] >> 8);
    }
}

/* Adds a wave to a row of brightness. */
static void add_grating(const fixed_wave *wave, const synth_grating *grating, int row,
                        int32_t brightness[SIDE])
{
    uint32_t phase = grating->phase + (uint32_t)row * grating->dy;

    for (int i = 0; i < SIDE; i++, phase += grating->dx) {
        brightness[i] += grating->amplitude * LEVEL * fixed_cos(wave, phase) / WAVE_ONE;
    }
}

/* The distractor is a line about one pixel wide along its outline. */
static void add_distractor(const fixed_wave *wave, const synth_scene *scene, int row,
                           int32_t brightness[SIDE])
{
    int32_t inside[SIDE];

    measure_row(wave, &scene->distractor, row, inside);
    for (int i = 0; i < SIDE; i++) {
        const int32_t off = inside[i] < 0 ? -inside[i] : inside[i];
        brightness[i] += scene->distractor_level * clamp(FULL - off, 0, FULL) * LEVEL / FULL;
    }
}

/* About normal with the deviation that scale stands for: the four bytes of a word, summed. */
static int32_t noise_of(uint32_t word, int32_t scale)
{
    const uint32_t pairs = (word & 0x00ff00ff) + (word >> 8 & 0x00ff00ff);
    const int32_t  sum   = (int32_t)((pairs & 0xffff) + (pairs >> 16)) - 510;

    return sum * scale / 1024;
}

static void paint_row(const fixed_wave *wave, const synth_scene *scene, int row,
                      int32_t noise_scale, sld_rng *rng, uint8_t *pixels)
{
    int32_t inside[SIDE], figure[SIDE] = {0}, ground[SIDE] = {0}, extra[SIDE] = {0};

    measure_row(wave, &scene->figure, row, inside);
    add_grating(wave, &scene->stripes, row, figure);
    for (int k = 0; k < SYNTH_GRATINGS; k++) {
        add_grating(wave, &scene->ground[k], row, ground);
    }
    if (scene->distracted) {
        add_distractor(wave, scene, row, extra);
    }

    for (int i = 0; i < SIDE; i++) {
        const int32_t cover = clamp(inside[i] + FULL / 2, 0, FULL); /* a ramp of one pixel */

        for (int c = 0; c < SYNTH_CHANNELS; c++) {
            const int32_t f     = scene->figure_rgb[c] + figure[i];
            const int32_t g     = scene->ground_rgb[c] + ground[i];
            const int32_t noise = noise_of(sld_rng_u32(rng), noise_scale);
            const int32_t value = (f * cover + g * (FULL - cover)) / FULL + extra[i] + noise;

            pixels[i * SYNTH_CHANNELS + c] = (uint8_t)clamp((value + LEVEL / 2) / LEVEL, 0, 255);
        }
    }
}

void sld_synth_paint(const sld_synth_params *params, const fixed_wave *wave,
                     const synth_scene *scene, int split, uint64_t i, uint8_t *pixels)
{
    /* The sum of four bytes has a deviation of 147.8; noise in Q6 levels, scale in 1024ths. */
    const int32_t scale = (int32_t)(params->noise * 64.0 * 1024.0 / 147.8 + 0.5);
    sld_rng       rng   = sld_rng_make(params->seed, SLD_RNG_SYNTH, 2u + (uint32_t)split, i);

    for (int row = 0; row < SIDE; row++) {
        paint_row(wave, scene, row, scale, &rng, pixels + row * SIDE * SYNTH_CHANNELS);
    }
}
