/* copied_errors.h: how often students give the same wrong class as a teacher. A control is a
 * student of the sweep without a teacher, and no teacher itself: its rate shows how many errors agree by chance and
 * because some classes are easily confused. See docs/protocol.md, "Measures". Rates are in percent,
 * NaN if there is nothing to count. */
#ifndef SLD_REPORT_COPIED_ERRORS_H
#define SLD_REPORT_COPIED_ERRORS_H

#include "sld/base.h"

typedef struct copied_errors copied_errors;

sld_status copied_errors_create(sld_ctx *ctx, copied_errors **out);
void       copied_errors_destroy(copied_errors *c); /* Accepts NULL. */

/* A teacher is known by the SHA-256 of its weights, that of the data and the number of samples it was
 * tested on: of one data set the samples are nested (data.test_fraction). */
bool copied_errors_has_teacher(const copied_errors *c, const char *sha, const char *data_sha,
                               size_t n);
/* labels, predicted: (n); the function makes copies. */
sld_status copied_errors_add_teacher(sld_ctx *ctx, copied_errors *c, const char *sha,
                                     const char *data_sha, const int32_t *labels,
                                     const int32_t *predicted, size_t n);
/* Adds a control. predicted: (n); the function makes a copy. */
sld_status copied_errors_add_control(sld_ctx *ctx, copied_errors *c, size_t trial,
                                     const char *data_sha, const int32_t *predicted, size_t n);

/* P(student gives the teacher's class | teacher is wrong), in percent; NaN if the teacher is never
 * wrong. student, teacher, labels: (n) classes. */
double copied_errors_share(const int32_t *student, const int32_t *teacher, const int32_t *labels,
                           size_t n);

/* The share of one student's predictions (n), against the teacher of that sha. */
double copied_errors_rate(const copied_errors *c, const char *sha, const char *data_sha,
                          const int32_t *predicted, size_t n);
/* The trial is no control, if it was one: it is itself a teacher. */
void copied_errors_leave_out(copied_errors *c, size_t trial);
/* The mean share against that teacher of all controls on those samples. */
double copied_errors_control_mean(const copied_errors *c, const char *sha, const char *data_sha,
                                  size_t n);
/* The share of the i-th control against the only teacher of the sweep; *rate is NaN if the sweep
 * has several teachers or none, and of one left out. False: there is no i-th control. */
bool copied_errors_control_at(const copied_errors *c, size_t i, size_t *trial, double *rate);

#endif
