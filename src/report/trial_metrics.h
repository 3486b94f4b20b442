/* report/trial_metrics.h: one trial's results.h5 into the numbers of a report. */
#ifndef SLD_REPORT_TRIAL_METRICS_H
#define SLD_REPORT_TRIAL_METRICS_H

#include "copied_errors.h"
#include "report.h"

typedef struct numbers_buffer {
    void  *values;
    size_t bytes;
} numbers_buffer;

/* A reader of many results files: buffers that grow to the largest. Start with zeros. */
typedef struct numbers_reader {
    report        *report; /* gets the names of gradient norms */
    copies        *copies; /* gets the predictions of teachers and of students that saw none */
    numbers_buffer column, seconds, logits, labels, predicted;
} numbers_reader;

void numbers_reader_release(numbers_reader *reader); /* The buffers. */

/* Reads the file of r->trials[trial]. */
sld_status numbers_read(sld_ctx *ctx, numbers_reader *reader, const char *path, size_t trial);

#endif
