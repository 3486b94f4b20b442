/* overlap.h: overlaps the teacher's forwards, of a step and of the next one, with this rank's waits
 * for others. They need no other rank. So the ranks' work is balanced over whole steps, and not
 * only between two reductions. */
#ifndef SLD_LEARN_OVERLAP_H
#define SLD_LEARN_OVERLAP_H

#include "sld/distill.h"
#include "sld/nn.h"

/* The forwards of one step. */
typedef struct sld_forwards {
    const float *images[SLD_VIEWS]; /* (n,H,W,C), borrowed; NULL: a view without a forward */
    float       *logits[SLD_VIEWS]; /* (n,K), borrowed */
    size_t       n;
} sld_forwards;

typedef struct sld_overlap {
    sld_infer   *teacher;  /* borrowed */
    sld_forwards steps[2]; /* the present one, the next one */
    int          at;       /* the present view of this step, or SLD_VIEWS + that of the next; 2 *
                              SLD_VIEWS: all are done */
    sld_work     work;     /* for the trees of the step */
} sld_overlap;

/* Local. Makes an overlap with nothing to do. The caller must not move it, because its work points
 * to it. */
void sld_overlap_init(sld_overlap *overlap, sld_infer *teacher);
/* Local. Begins a step, with what was computed of it while it was the next one: its forwards and
 * images must be the same as then. All that the forwards point to is borrowed until they are
 * finished. Images are NULL without a teacher, and for a next step that is not known. */
void sld_overlap_begin(sld_overlap *overlap, const sld_forwards *step,
                       const sld_forwards *following);
/* Local. Computes the rest of this step up to the end of this view, whose logits are then
 * complete. */
sld_status sld_overlap_finish(sld_ctx *ctx, sld_overlap *overlap, int view);

#endif
