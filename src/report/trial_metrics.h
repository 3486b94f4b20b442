/* trial_metrics.h: reads the results.h5 of a trial and computes its numbers for a report. */
#ifndef SLD_REPORT_TRIAL_METRICS_H
#define SLD_REPORT_TRIAL_METRICS_H

#include "copied_errors.h"
#include "report.h"

typedef struct trial_metrics_buffer {
    void  *values;
    size_t bytes;
} trial_metrics_buffer;

/* Reads many results files with the same buffers, which grow as needed. Set the pointers, and all
 * else to zero. */
typedef struct trial_metrics_reader {
    report              *report; /* borrowed; receives the trial's numbers and names of norms */
    copied_errors       *copies; /* borrowed; receives predictions of teachers and of controls */
    trial_metrics_buffer column, seconds, logits, labels, predicted;
} trial_metrics_reader;

void trial_metrics_reader_release(trial_metrics_reader *reader); /* Frees the buffers. */

/* Reads the results of a running attempt: only its curve so far. path: its results file. */
sld_status trial_metrics_read_running(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                                      size_t trial);
/* Reads the results file at path into report->trials[trial]. */
sld_status trial_metrics_read(sld_ctx *ctx, trial_metrics_reader *reader, const char *path,
                              size_t trial);

#endif
