/* history.h: what a trial records of each epoch, as named columns. */
#ifndef SLD_TRIAL_HISTORY_H
#define SLD_TRIAL_HISTORY_H

#include "sld/base.h"
#include "sld/store.h"

#define SLD_HISTORY_COLUMNS 96

typedef struct sld_history {
    size_t  n_columns, n_epochs, capacity; /* epochs 1..n_epochs are recorded */
    char    name[SLD_HISTORY_COLUMNS][40];
    char    unit[SLD_HISTORY_COLUMNS][12];
    double *values; /* (n_columns, capacity) */
} sld_history;

/* Local. Columns are added first, then memory for all epochs is taken from the arena. */
void sld_history_column(sld_history *h, const char *unit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
sld_status sld_history_reserve(sld_ctx *ctx, sld_history *h, sld_arena *arena, size_t epochs);
/* Local. Sets a column of the epoch being recorded (n_epochs + 1); a name that is no column is a
 * bug. */
void sld_history_set(sld_history *h, double value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Local. Takes the value of an epoch from 1 out of a column: NaN. The epoch being recorded counts. */
void sld_history_blank(sld_history *h, size_t epoch, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Local. Of an epoch from 1; NaN when there is no such column. */
double sld_history_get(const sld_history *h, const char *column, size_t epoch);

/* Local. As bare columns GROUP/COLUMN, for a checkpoint; as a table with units and the axis epoch,
 * for results. */
sld_status sld_history_put(sld_ctx *ctx, const sld_history *h, sld_doc *doc, const char *group);
sld_status sld_history_put_table(sld_ctx *ctx, const sld_history *h, sld_doc *doc,
                                 const char *group);
/* Local. Reads n_epochs of them back: the same columns must be there. */
sld_status sld_history_read(sld_ctx *ctx, sld_history *h, sld_doc *doc, const char *group,
                            size_t n_epochs);

#endif
