/* ledger.h: who works on what: the writing side of the folder claims/ (sld/grid_folder.h says what
 * lies there). Any number of coordinators share it without a server. */
#ifndef SLD_SWEEP_LEDGER_H
#define SLD_SWEEP_LEDGER_H

#include "sld/grid_folder.h"

typedef struct ledger {
    sld_grid_claims claims; /* as last read */
    double          lease_s;
    char            host[64];
    char            id[SLD_LEASE_ID + 1]; /* own; "": reads only */
    long long       count;                /* of the own beats */
    double (*clock_s)(void);
} ledger;

/* ledger.c. Opens for reading; sld_ledger_join() gives this process a lease. */
sld_status sld_ledger_open(sld_ctx *ctx, const sld_grid *grid, ledger *out);
void       sld_ledger_close(ledger *l);
sld_status sld_ledger_scan(ledger *l); /* Reads the folder. */

/* Claims attempt N = highest + 1; leftovers of the one before are ended first. *got false: another
 * was faster. launcher: the process that waits to become the attempt's. */
sld_status sld_ledger_prepare(ledger *l, size_t point);
sld_status sld_ledger_claim(ledger *l, size_t point, sld_process launcher, bool *got);
/* Gives up the claim on an attempt that has ended: others may go on with the trial. */
sld_status sld_ledger_give_up(ledger *l, size_t point, const char *why);

sld_status sld_ledger_mark(ledger *l, size_t point, sld_point_state state, const char *text);
sld_status sld_ledger_unmark(ledger *l, size_t point);
sld_status sld_ledger_error(ledger *l, size_t point, int64_t attempt, const char *text);
/* After the end: claims and errors of the point are of no use any more. */
void sld_ledger_forget(ledger *l, size_t point);

/* coordinators.c: the leases of coordinators. */
sld_status sld_ledger_join(ledger *l);
/* SLD_ERR_FENCED when others have declared this one dead. */
sld_status sld_ledger_beat(ledger *l);
void       sld_ledger_leave(ledger *l);
double     sld_ledger_beat_s(const ledger *l);
/* Whether the point's newest claim is held by a coordinator that lives. Takes note of dead ones. */
sld_status sld_ledger_held(ledger *l, size_t point, bool *held);

#endif
