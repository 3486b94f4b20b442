/* report/copied_errors.h: who gives a teacher's wrong class: students that had it, and students that never
 * saw a teacher, for whom the same rate is what chance and shared confusions alone give.
 * docs/protocol.md, "Measures". Rates in percent, NaN where there is nothing to count. */
#ifndef SLD_REPORT_COPIED_ERRORS_H
#define SLD_REPORT_COPIED_ERRORS_H

#include "sld/base.h"

typedef struct copies copies;

sld_status copies_create(sld_ctx *ctx, copies **out);
void       copies_destroy(copies *c); /* Accepts NULL. */

/* A teacher is its weights' SHA-256 on a test set, known by the SHA-256 of its data. */
bool copies_has_teacher(const copies *c, const char *sha, const char *data_sha);
/* labels, predicted: (n), copied. */
sld_status copies_add_teacher(sld_ctx *ctx, copies *c, const char *sha, const char *data_sha,
                              const int32_t *labels, const int32_t *predicted, size_t n);
/* A student that never saw a teacher. predicted: (n), copied. */
sld_status copies_add_unseen(sld_ctx *ctx, copies *c, size_t trial, const char *data_sha,
                             const int32_t *predicted, size_t n);

/* Of one student's predictions (n). */
double copies_rate(const copies *c, const char *sha, const char *data_sha, const int32_t *predicted,
                   size_t n);
/* Mean over the students that never saw a teacher. */
double copies_unseen_mean(const copies *c, const char *sha);
/* The i-th student that never saw a teacher, against the only teacher of the sweep: false past the
 * end; *rate is NaN when the sweep has several teachers or none. */
bool copies_unseen_at(const copies *c, size_t i, size_t *trial, double *rate);

#endif
