/* report/copied_errors.h: who gives a teacher's wrong class: students that had it, and students that never
 * saw a teacher, for whom the same rate is what chance and shared confusions alone give.
 * docs/protocol.md, "Measures". Rates in percent, NaN where there is nothing to count. */
#ifndef SLD_REPORT_COPIED_ERRORS_H
#define SLD_REPORT_COPIED_ERRORS_H

#include "sld/base.h"

typedef struct copied_errors copied_errors;

sld_status copied_errors_create(sld_ctx *ctx, copied_errors **out);
void       copied_errors_destroy(copied_errors *c); /* Accepts NULL. */

/* A teacher is its weights' SHA-256 on a test set, known by the SHA-256 of its data. */
bool copied_errors_has_teacher(const copied_errors *c, const char *sha, const char *data_sha);
/* labels, predicted: (n), copied. */
sld_status copied_errors_add_teacher(sld_ctx *ctx, copied_errors *c, const char *sha,
                                     const char *data_sha, const int32_t *labels,
                                     const int32_t *predicted, size_t n);
/* A student that never saw a teacher. predicted: (n), copied. */
sld_status copied_errors_add_control(sld_ctx *ctx, copied_errors *c, size_t trial,
                                     const char *data_sha, const int32_t *predicted, size_t n);

/* P(student gives the teacher's class | teacher is wrong), in percent (docs/protocol.md,
 * "Measures"); NaN where the teacher is never wrong. */
double copied_errors_share(const int32_t *student, const int32_t *teacher, const int32_t *labels,
                           size_t n);

/* Of one student's predictions (n). */
double copied_errors_rate(const copied_errors *c, const char *sha, const char *data_sha,
                          const int32_t *predicted, size_t n);
/* Mean over the students that never saw a teacher. */
double copied_errors_control_mean(const copied_errors *c, const char *sha);
/* The i-th student that never saw a teacher, against the only teacher of the sweep: false past the
 * end; *rate is NaN when the sweep has several teachers or none. */
bool copied_errors_control_at(const copied_errors *c, size_t i, size_t *trial, double *rate);

#endif
