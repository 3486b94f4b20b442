/* synth_scene.h: the embedded synthetic set: what an image shows (scene) apart from how it is painted.
 *
 * A superclass is an outline with 0, 3, 4, 5 or 7 petals. A subclass is a corner of a 2x2 grid in a
 * latent plane: u = (u1,u2) is normal about its corner with deviation 1, corners lie D/2 either
 * side of zero. u1 sets the frequency of the stripes inside the outline, u2 the angle between the
 * hues of figure and ground. The label is drawn first and the image made from u, so that siblings
 * overlap for every observer and p(y|u) is known. Neither a flip nor a rotation, shear or coarser
 * levels take a cue away: outlines, stripes and hues have random orientation, and differ by more
 * than 16 levels. */
#ifndef SLD_DATA_SYNTH_SCENE_H
#define SLD_DATA_SYNTH_SCENE_H

#include "fixed.h"
#include "sld/data.h"

enum { SYNTH_SIDE = 32, SYNTH_CHANNELS = 3, SYNTH_GRATINGS = 3, SYNTH_SUPER = 5, SYNTH_SUB = 4 };

/* How strong each cue is against each nuisance: the knobs for tuning the difficulty that are not
 * options. */
typedef struct synth_look {
    int32_t radius[2];          /* Q16 pixels: least and most of the mean radius */
    int32_t petal_depth;        /* Q16: of the radius */
    int32_t shift;              /* Q16 pixels: farthest of the centre from the middle */
    int32_t stripe_frequency;   /* Q16 cycles per pixel at u1 = 0 */
    int32_t stripe_octaves;     /* Q16 octaves per unit of u1 */
    int32_t stripe_limit;       /* Q16 cycles per pixel: no higher, since pixels alias above 0.5 */
    int32_t stripe_amplitude;   /* levels */
    int32_t hue_gap, hue_per_u; /* degrees at u2 = 0, and per unit of u2 */
    int32_t hue_range;          /* degrees: the ground's hue lies in a sector of this width */
    int32_t chroma;             /* levels */
    int32_t level;              /* levels: mean brightness of figure and ground */
    int32_t contrast[2];        /* levels: least and most between figure and ground, either sign */
    int32_t grating_frequency[2]; /* Q16 cycles per pixel */
    int32_t grating_amplitude[2]; /* levels */
    int32_t distractor_radius[2]; /* Q16 pixels */
    int32_t distractor_level;     /* levels that its line adds or takes */
} synth_look;

extern const synth_look sld_synth_look;

typedef struct synth_outline {
    int32_t  x, y;   /* Q16 pixels: centre */
    int32_t  radius; /* Q16 pixels */
    int32_t  depth;  /* Q16 pixels: of the petals */
    uint32_t petals, phase;
} synth_outline;

typedef struct synth_grating {
    uint32_t dx, dy, phase; /* phase = phase + x dx + y dy, in turns of 2^32 */
    int32_t  amplitude;     /* levels */
} synth_grating;

typedef struct synth_scene {
    int32_t       label;
    int32_t       u[2]; /* Q16 */
    synth_outline figure;
    synth_grating stripes, ground[SYNTH_GRATINGS];
    int32_t       figure_rgb[3], ground_rgb[3]; /* levels, Q6 */
    bool          distracted;
    synth_outline distractor;
    int32_t       distractor_level;
} synth_scene;

/* Draws sample i of a split (0 train, 1 test): label i mod K, all else from (params->seed, split,
 * i). */
void sld_synth_draw(const sld_synth_params *params, const fixed_wave *wave, int split, uint64_t i,
                    synth_scene *scene);

/* pixels: (32,32,3). The pixel noise comes from (params->seed, split, i) too. */
void sld_synth_paint(const sld_synth_params *params, const fixed_wave *wave,
                     const synth_scene *scene, int split, uint64_t i, uint8_t *pixels);

/* The corner of subclass s, as a multiple of D/2 per axis: -1, 0 or 1. Fewer than three subclasses
 * differ in u1 alone. */
void sld_synth_corner(int subclasses, int s, int corner[2]);

#endif
