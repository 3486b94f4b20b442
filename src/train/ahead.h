/* train/ahead.h: the teacher's forwards of a step, of which as much as fits is done while this rank
 * waits for others: they need nobody, and so the ranks' work is balanced over the whole step and
 * not from one meeting to the next. */
#ifndef SLD_TRAIN_AHEAD_H
#define SLD_TRAIN_AHEAD_H

#include "sld/distill.h"
#include "sld/nn.h"

typedef struct sld_ahead {
    sld_infer   *teacher;           /* borrowed */
    const float *images[SLD_VIEWS]; /* (n,H,W,C), borrowed; NULL: a view without a forward */
    float       *logits[SLD_VIEWS]; /* (n,K), borrowed */
    size_t       n;
    int          view; /* whose forward is under way; SLD_VIEWS: all are done */
    sld_work     work; /* for the trees of the step */
} sld_ahead;

/* Local. Nothing to do as yet. The object stays where it is: its work points to it. */
void sld_ahead_init(sld_ahead *ahead, sld_infer *teacher);
/* Local. Begins those of a step, view by view; images, logits: (SLD_VIEWS), what they point to is
 * borrowed until all are finished. Without a teacher all images are NULL. */
void sld_ahead_begin(sld_ahead *ahead, const float *const *images, float *const *logits, size_t n);
/* Local. What is left up to the end of this view; then its logits are complete. */
sld_status sld_ahead_finish(sld_ctx *ctx, sld_ahead *ahead, int view);

#endif
