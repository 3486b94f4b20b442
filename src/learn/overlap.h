/* overlap.h: the teacher's forwards of a step and of the one that follows, of which as much as
 * fits is done while this rank waits for others: they need nobody, and so the ranks' work is
 * balanced over whole steps and not from one meeting to the next. */
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
    sld_forwards steps[2]; /* this one, the one that follows */
    int          at;       /* under way: a view of this step, or SLD_VIEWS + one of the following;
                              2 * SLD_VIEWS: all are done */
    sld_work     work;     /* for the trees of the step */
} sld_overlap;

/* Local. Nothing to do as yet. The object stays where it is: its work points to it. */
void sld_overlap_init(sld_overlap *overlap, sld_infer *teacher);
/* Local. A step begins, with what was done of it when it was the following one: the same forwards
 * then and now, with the same images. What they point to is borrowed until they are finished.
 * Without a teacher all images are NULL, as they are where no following step is known. */
void sld_overlap_begin(sld_overlap *overlap, const sld_forwards *step,
                       const sld_forwards *following);
/* Local. What is left up to the end of this view of the step; then its logits are complete. */
sld_status sld_overlap_finish(sld_ctx *ctx, sld_overlap *overlap, int view);

#endif
