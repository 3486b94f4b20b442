/* curves.h: learning curves: test top-1 of each arm by epoch, as mean and deviation over seeds. */
#ifndef SLD_REPORT_CURVES_H
#define SLD_REPORT_CURVES_H

#include "report.h"

typedef struct arm_curve {
    size_t        arm; /* index in the report */
    size_t        n_epochs;
    stats_sample *at; /* (n_epochs) in the report's arena; over the seeds that reached the epoch */
} arm_curve;

typedef struct arm_curves {
    size_t n;        /* curves that were chosen */
    size_t left_out; /* arms with a curve that were not */
    size_t longest;  /* epochs of the longest chosen one */
} arm_curves;

/* Chooses the baseline and the arms with the highest accuracy so far, at most max arms, and returns
 * their curves in the order of the report. out: (max). */
sld_status choose_curves(sld_ctx *ctx, const report *r, size_t max, arm_curve *out,
                         arm_curves *chosen);

#endif
