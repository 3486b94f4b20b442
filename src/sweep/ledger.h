/* ledger.h: who works on what, in the folder claims/ alone. Any number of coordinators share it
 * without a server.
 *
 *   ID.N        attempt N at point ID is somebody's: made whole by link(2), which fails where it
 *               exists; never changed. The highest N is the one that counts.
 *   ID.N.error  attempt N failed: how far it came, and why
 *   ID.done ID.diverged ID.failed ID.skipped   how the point ended: made once
 *   HOLDER.beat a coordinator that lives: it rewrites a count; gone: it has left, or was found dead
 */
#ifndef SLD_SWEEP_LEDGER_H
#define SLD_SWEEP_LEDGER_H

#include <sys/types.h>

#include "grid.h"

enum { HOLDER_LENGTH = 16, MACHINE_BYTES = 96, REASON_BYTES = 256 };

/* A process that cannot be mistaken for a later one of the same number. */
typedef struct sld_process {
    pid_t     pid;
    long long start; /* in the kernel's ticks since boot; 0: not there */
} sld_process;

/* process.c. */
sld_process sld_process_self(void);
sld_process sld_process_of(pid_t pid);        /* start 0: there is none, or it is a zombie */
bool        sld_process_lives(sld_process p); /* on this machine */
/* "boot id/pid namespace": where a pid means something. SLD_TEST_MACHINE overrides it for tests. */
void sld_process_machine(char machine[MACHINE_BYTES]);
/* Calls seen for each process on this machine that bears a word of sld_ledger_word(). */
typedef void (*sld_process_seen)(pid_t pid, const char *word, void *user);
void sld_process_list(sld_process_seen seen, void *user);
bool sld_process_runs(pid_t pid, const char *program); /* that very file; a zombie runs none */
/* Ends all processes on this machine whose environment holds the word, and waits for their end.
 * Returns how many there were. */
int sld_process_end_marked(const char *word);

typedef struct ledger_entry { /* what claims/ says of a point */
    sld_point_state mark;     /* WAITING: none */
    int64_t         claim;    /* highest N; 0: none */
    int64_t         known;    /* the claim whose holder is known */
    int             holder;   /* index; -1: cannot be read, and then it is dead */
    int             errors;   /* attempts that failed */
} ledger_entry;

typedef struct ledger_holder {
    char        id[HOLDER_LENGTH + 1], machine[MACHINE_BYTES];
    sld_process process;
    double      beat_s; /* how often it says it will beat */
    long long   count;  /* last seen */
    double      seen_s; /* clock when the count was last another */
    bool        dead;
} ledger_holder;

typedef struct ledger {
    sld_ctx         *ctx;
    const sld_sweep *sweep;
    char             dir[4096]; /* claims/ */
    ledger_entry    *entries;   /* (points) */
    ledger_holder   *holders;
    size_t           n_holders;
    double           lease_s;
    char             machine[MACHINE_BYTES], host[64];
    char             id[HOLDER_LENGTH + 1]; /* own; "": reads only */
    long long        count;
} ledger;

/* ledger.c. Opens for reading; sld_ledger_join() makes this process a holder. */
sld_status sld_ledger_open(sld_ctx *ctx, const sld_sweep *sweep, ledger *out);
void       sld_ledger_close(ledger *l);
/* Reads the folder. */
sld_status sld_ledger_scan(ledger *l);
sld_status sld_ledger_mark(ledger *l, size_t point, sld_point_state state, const char *text);
sld_status sld_ledger_unmark(ledger *l, size_t point);
/* Text of a mark or error file, without its newlines at the end; "" when there is none. */
void       sld_ledger_text(const ledger *l, size_t point, const char *suffix, char *text, size_t n);
sld_status sld_ledger_error(ledger *l, size_t point, int64_t attempt, const char *text);
/* After the end: claims and errors of the point are of no use any more. */
void        sld_ledger_forget(ledger *l, size_t point);
const char *sld_ledger_mark_name(sld_point_state state); /* "done" */

/* holders.c. */
sld_status sld_ledger_join(ledger *l);
/* SLD_ERR_FENCED when others have declared this one dead. */
sld_status sld_ledger_beat(ledger *l);
void       sld_ledger_leave(ledger *l);
double     sld_ledger_beat_s(const ledger *l);
/* Whether the point's newest claim is held by one that lives. Takes note of dead holders. */
sld_status sld_ledger_held(ledger *l, size_t point, bool *held);

/* claims.c. Claims attempt N = highest + 1; leftovers of the one before are ended first. *got
 * false: another was faster. launcher: the process that waits to become the attempt's. */
sld_status sld_ledger_prepare(ledger *l, size_t point);
sld_status sld_ledger_claim(ledger *l, size_t point, sld_process launcher, bool *got);
/* The word in the environment of all processes of an attempt: "SLD_CLAIM=ID.N.HOLDER". */
#define SLD_CLAIM_NAME "SLD_CLAIM="
void sld_ledger_word(const char *id, int64_t attempt, const char *holder, char word[96]);

#endif
