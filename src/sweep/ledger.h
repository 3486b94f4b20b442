/* ledger.h: records in the folder claims/ which coordinator works on which point (sld/grid_folder.h
 * lists the files). Any number of coordinators share the folder without a server. */
#ifndef SLD_SWEEP_LEDGER_H
#define SLD_SWEEP_LEDGER_H

#include "sld/grid_folder.h"

typedef struct ledger {
    sld_grid_claims claims; /* as last read */
    double          lease_s;
    char            host[64];
    char            id[SLD_LEASE_ID + 1]; /* of this coordinator; "": it only reads the folder */
    long long       count;                /* beats of this coordinator so far */
    double (*clock_s)(void);
} ledger;

/* ledger.c. Opens the folder for reading. To claim points, call sld_ledger_join() too. */
sld_status sld_ledger_open(sld_ctx *ctx, const sld_grid *grid, ledger *out);
void       sld_ledger_close(ledger *l);
sld_status sld_ledger_scan(ledger *l); /* Reads the folder. */

/* Kills processes on this machine that a former attempt left. Call it before a claim. */
sld_status sld_ledger_prepare(ledger *l, size_t point);
/* Claims the point's next attempt. launcher: the process that will become its launcher. *got false:
 * another coordinator was faster, or the point has ended. */
sld_status sld_ledger_claim(ledger *l, size_t point, sld_process launcher, bool *got);
/* Gives up the newest claim, whose attempt has ended: other coordinators may continue the trial. */
sld_status sld_ledger_give_up(ledger *l, size_t point, const char *why);

sld_status sld_ledger_mark(ledger *l, size_t point, sld_point_state state, const char *text);
sld_status sld_ledger_unmark(ledger *l, size_t point); /* Makes the point wait again. */
/* Records that the attempt failed. */
sld_status sld_ledger_error(ledger *l, size_t point, int64_t attempt, const char *text);
/* Deletes the claims and errors of a point that has ended. */
void sld_ledger_forget(ledger *l, size_t point);

/* set_aside.c. What the point's results, weights, config.yaml and foreign checkpoints are called is *.old
 * from now on: the trial begins anew, or goes on from its own checkpoint. */
sld_status sld_sweep_set_aside(sld_ctx *ctx, const sld_grid *grid, size_t point);
/* The same, but for the trial's own weights. */
sld_status sld_sweep_set_aside_others(sld_ctx *ctx, const sld_grid *grid, size_t point);

/* coordinators.c: the leases of coordinators. */
sld_status sld_ledger_join(ledger *l); /* Gives this coordinator an ID and a lease. */
/* Renews the lease. SLD_ERR_FENCED if others have declared this coordinator dead. */
sld_status sld_ledger_beat(ledger *l);
void       sld_ledger_leave(ledger *l);        /* Gives up the lease. */
double     sld_ledger_beat_s(const ledger *l); /* Seconds between two beats. */
/* *held: a living coordinator holds the point's newest claim. Declares dead ones dead. */
sld_status sld_ledger_held(ledger *l, size_t point, bool *held);

#endif
