/* report/trial_metrics.h: one trial's results.h5 into the numbers of a report. */
#ifndef SLD_REPORT_TRIAL_METRICS_H
#define SLD_REPORT_TRIAL_METRICS_H

#include "copied_errors.h"
#include "report.h"

typedef struct trial_metrics_buffer {
    void  *values;
    size_t bytes;
} trial_metrics_buffer;

/* A reader of many results files: buffers that grow to the largest. Start with zeros. */
typedef struct trial_metrics_reader {
    report              *report; /* gets the names of gradient norms */
    copied_errors       *copies; /* gets the predictions of teachers and of students without one */
    trial_metrics_buffer column, seconds, logits, labels, predicted;
} trial_metrics_reader;

void trial_metrics_reader_release(trial_metrics_reader *reader); /* The buffers. */

/* What a running attempt has published so far: its curve alone. */
sld_status trial_metrics_read_running(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                                      size_t trial);
/* Reads the file of r->trials[trial]. */
sld_status trial_metrics_read(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                              size_t trial);

#endif
