/* watch.h: what the files of a trial tell those who watch it. */
#ifndef SLD_SWEEP_WATCH_H
#define SLD_SWEEP_WATCH_H

#include <limits.h>

#include "ledger.h"

/* DIR/trials/ID/NAME. */
void sld_watch_path(const sld_sweep *sweep, size_t point, const char *name, char path[PATH_MAX]);
/* A result is there, marked or not. */
bool sld_watch_has_results(const sld_sweep *sweep, size_t point);
/* "epoch E of EPOCHS step S of STEPS left X s beat B" of an attempt; "" before it begins. */
void sld_watch_progress(const sld_sweep *sweep, size_t point, int64_t attempt, char *text,
                        size_t n);
/* False, and all 0, when the text is none. */
bool sld_watch_parse(const char *text, int64_t *epoch, int64_t *epochs, double *left_s);
/* Whether results.h5 of the point, which is there, says diverged. */
bool sld_watch_diverged(sld_ctx *ctx, const sld_sweep *sweep, size_t point);
/* Name of the newest checkpoint without its attempt: "ckpt-0000003-000000000"; "" for none. */
void sld_watch_checkpoint(const sld_sweep *sweep, size_t point, char name[32]);
/* The first error line of a log, or what else may explain its end. */
void sld_watch_reason(const char *log, char reason[REASON_BYTES]);

#endif
