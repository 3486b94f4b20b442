/* sld/grid_folder.h: what a sweep's folder says of its points, read by whoever wants to know: status,
 * report, and the coordinators themselves. Nothing here writes: src/sweep alone does. Everything is
 * local.
 *
 * claims/ID.N        attempt N at point ID is somebody's: made whole by link(2), which fails where it
 *                    exists; never changed. The highest N is the one that counts.
 * claims/ID.N.error  attempt N failed: how far it came, and why
 * claims/ID.N.left   attempt N could not go on where it was started, and is nobody's any more
 * claims/ID.done ID.diverged ID.failed ID.skipped   how the point ended: made once
 * claims/COORDINATOR.beat  the lease of a coordinator that lives: it rewrites a count; gone: it has
 *                    left, or was found dead
 * trials/ID/         the files of the point's trial
 * late-claims        a line for each claim of the spec that came, changed its words or the trials that
 *                    it compares, or went after trials had ended; written by whoever gives the folder
 *                    a spec */
#ifndef SLD_GRID_FOLDER_H
#define SLD_GRID_FOLDER_H

#include <limits.h>

#include "sld/base_process.h"
#include "sld/grid.h"

enum { SLD_LEASE_ID = 16, SLD_REASON_BYTES = 256 };

#define SLD_LATE_CLAIMS "late-claims"
/* Stands there in place of a claim's name where the baseline became other trials. */
#define SLD_LATE_BASELINE "the baseline"

/* ---- claims/ ---- */

typedef struct sld_grid_claim { /* what claims/ says of a point */
    sld_point_state mark;       /* WAITING: none */
    int64_t         claim;      /* highest N; 0: none */
    int64_t         known;      /* the claim whose lease is known */
    int64_t         left;       /* highest N that is nobody's any more; 0: none */
    int             lease;      /* index */
    int             errors;     /* attempts that failed */
} sld_grid_claim;

typedef struct sld_lease { /* of a coordinator */
    char        id[SLD_LEASE_ID + 1], machine[SLD_MACHINE_BYTES];
    sld_process process;
    double      beat_s; /* how often it says it will beat */
    long long   count;  /* last seen; 0: never looked at */
    double      seen_s; /* clock when the count was last another, kept by those that time it */
    bool        dead;
    bool        unread; /* whose claim cannot be read now: somebody holds it, nobody knows who */
} sld_lease;

typedef struct sld_grid_claims {
    sld_ctx        *ctx;
    const sld_grid *grid;
    char            dir[4096];                  /* claims/ */
    char            machine[SLD_MACHINE_BYTES]; /* this one */
    sld_grid_claim *entries;                    /* (points) */
    sld_lease      *leases;
    size_t          n_leases;
    sld_lease       unread; /* what a claim that cannot be read now stands for */
} sld_grid_claims;

sld_status sld_grid_claims_open(sld_ctx *ctx, const sld_grid *grid, sld_grid_claims *out);
void       sld_grid_claims_close(sld_grid_claims *c);
/* For another grid in the same folder; what is known of leases stays. To be scanned then. */
sld_status sld_grid_claims_regrid(sld_grid_claims *c, const sld_grid *grid);
sld_status sld_grid_claims_scan(sld_grid_claims *c); /* Reads the folder. */
/* Text of a mark or error file, without its newlines at the end; "" when there is none. */
void sld_grid_claims_text(const sld_grid_claims *c, size_t point, const char *suffix, char *text,
                          size_t n);
/* The rest of the line of such a text that begins with "KEY "; "" when there is none. */
void sld_grid_claims_value(const char *text, const char *key, char *value, size_t n);
/* DIR/claims/ID.SUFFIX. */
void sld_grid_claims_path(const sld_grid_claims *c, size_t point, const char *suffix,
                          char path[PATH_MAX]);
/* DIR/claims/COORDINATOR.beat. */
void sld_grid_claims_beat_path(const sld_grid_claims *c, const char *id, char path[PATH_MAX]);

/* *out: the lease of the coordinator that holds the point's newest claim, NULL when there is none; one
 * marked unread where the claim cannot be read now, whose beat is not to be looked at. Valid until the
 * next call. SLD_ERR_IO: this user may not read the claim. */
sld_status sld_grid_claims_lease(sld_grid_claims *c, size_t point, sld_lease **out);
/* Reads its beat again. False: there is none, it has left or was declared dead. True also where the
 * beat cannot be read now: the lease stays as it was. */
bool sld_grid_claims_look(const sld_grid_claims *c, sld_lease *lease);
/* Its process was on this machine and certainly is no more: what cannot be seen is judged by its beat. */
bool sld_grid_claims_gone(const sld_grid_claims *c, const sld_lease *lease);

/* "done" for SLD_POINT_DONE ...; also the suffix of its mark. */
const char *sld_point_state_name(sld_point_state state);

/* ---- trials/ID/: sld/rundir.h says what lies there ---- */

void sld_grid_trial_dir(const sld_grid *grid, size_t point, char path[PATH_MAX]);
bool sld_grid_has_results(const sld_grid *grid, size_t point); /* marked or not */
/* Seconds of all attempts, as results.h5 of the point has them; 0: it does not tell. */
double sld_grid_seconds(const sld_grid *grid, size_t point);

typedef enum {
    SLD_RESULTS_NONE,
    SLD_RESULTS_DONE,
    SLD_RESULTS_DIVERGED,
    SLD_RESULTS_BAD,        /* damaged, of another trial, or not what a trial writes */
    SLD_RESULTS_UNREADABLE, /* perhaps by this user, perhaps now: nobody trains it anew for that */
} sld_results_kind;

typedef struct sld_results {
    sld_results_kind kind;
    char reason[SLD_REASON_BYTES]; /* of divergence, or of what is wrong with the file */
    /* Tables of the teacher's logits that a store was to give and the trial computed; why, the first
     * time. */
    int64_t live;
    char    live_reason[SLD_LIVE_BYTES];
} sld_results;

/* results.c. Reads results.h5 of the point whole and looks whether it is its trial's. SLD_OK with
 * whatever it finds. */
sld_status sld_grid_results(sld_ctx *ctx, const sld_grid *grid, size_t point, sld_results *out);
/* What a mark keeps of results that were looked at: while the file is the same nobody has to look
 * again. */
enum { SLD_MARK_BYTES = SLD_REASON_BYTES + SLD_LIVE_BYTES + 3 * SLD_STAMP_BYTES + 64 };
void sld_grid_results_mark(const sld_grid *grid, size_t point, const sld_results *results,
                           char text[SLD_MARK_BYTES]);
/* Of a point that is marked done or diverged: whether results.h5 still is that file. */
bool sld_grid_results_marked(const sld_grid_claims *c, size_t point, sld_results *out);
/* Where the point stands by its mark and its results: of every point that does not run. held: a
 * coordinator works on it. */
sld_status sld_grid_judge(sld_grid_claims *c, size_t point, bool held, sld_point_status *out);

#endif
