/* curves.h: test top-1 of an arm by epoch, over its seeds. */
#ifndef SLD_REPORT_CURVES_H
#define SLD_REPORT_CURVES_H

#include "report.h"

typedef struct arm_curve {
    size_t        arm; /* index in the report */
    size_t        n_epochs;
    stats_sample *at; /* (n_epochs), in the report's arena: over the seeds that have come so far */
} arm_curve;

/* Curves of at most `most` arms that have one: the baseline and those whose last epoch is highest, in
 * the order of the report. out: (most). *longest: epochs of the longest. */
sld_status arm_curves(sld_ctx *ctx, const report *r, size_t max, arm_curve *out, size_t *n,
                      size_t *longest);

#endif
