/* coordinator.h: the state of one coordinator, and the steps of its loop. An attempt is one start
 * of a trial. "Here" means: started by this coordinator. */
#ifndef SLD_SWEEP_COORDINATOR_H
#define SLD_SWEEP_COORDINATOR_H

#include <limits.h>

#include "index_writer.h"
#include "launcher.h"
#include "ledger.h"
#include "nodes.h"
#include "process.h"
#include "sld/rundir.h"
#include "sld/sweep.h"
#include "slots.h"

typedef struct attempt {
    bool         active;
    size_t       point;
    int64_t      number;
    launch_child child;
    int          ranks, cores[SLD_CPUS_MAX], n_cores;
    double       started_s;
    char         log[PATH_MAX];
    long         log_read;                     /* bytes of the log that were read for warnings */
    sld_ckpt     checkpoint;                   /* the trial's newest when the attempt began */
    char         progress[SLD_PROGRESS_BYTES]; /* the line as last read */
    double       moved_s;                      /* clock when that line last changed */
    bool         stalled;                      /* killed because it made no step for too long */
    bool         rank_seen;                    /* at least one rank has begun */
    bool         warned;                       /* that no rank has begun */
    double asked_s, ask_at_s;     /* clock of the first request to stop, of the next one; 0: none */
    bool   stepped;               /* it has made a step */
    bool   skipped;               /* asked to stop because the user skips its point */
    bool   rescales;              /* asked to stop, to go on with another number of ranks */
    bool   shrinks;               /* that number is smaller: see growth */
    char   word[SLD_CLAIM_BYTES]; /* NAME=value in the environment of its processes */
    int    alive;                 /* ranks that run on this machine, as last counted */
    bool   had_ranks;             /* some ran here at an earlier count */
    double missed_s;              /* clock when none was found any more; 0: some run */
    bool   reaped;                /* its launcher was killed because it outlived the ranks */
} attempt;

/* A point that was given idle cores, and what was known of it before. More ranks can be slower: if
 * other programs use the cores, all ranks wait for the one that is disturbed. */
typedef struct growth {
    char   id[SLD_ID_LENGTH + 1]; /* of the point; "": unused entry */
    bool   back;                  /* it was slower, and keeps its former number of ranks */
    int    ranks;                 /* the former number */
    double left_s, asked_s;       /* seconds it had left when asked to grow; clock then */
} growth;

typedef struct passed_over {
    char id[SLD_ID_LENGTH + 1];
    bool unread; /* its results cannot be read; else it began with other libraries */
} passed_over;

enum { GROWTHS_MAX = 64 };                         /* points remembered at a time */
enum { SLD_KIND_BYTES = 160, SLD_KINDS_MAX = 64 }; /* kinds of trials' warnings */

typedef struct coordinator {
    sld_ctx                    *ctx;
    const sld_grid             *grid;
    const sld_sweep_run_params *params;
    const sld_launch           *launch;
    char                        dir[PATH_MAX]; /* of the sweep; absolute, without links */
    ledger                      ledger;
    sld_allocation              allocation;    /* the batch job; scheduler NONE outside of one */
    char                        command[8192]; /* launch.command, or the line that span.c makes */
    bool                        spans;   /* span.c made it: a trial runs on several machines */
    bool                        by_srun; /* and it is one of srun */
    char                       *hosts;   /* for {hosts} in launch.command; owned */
    slots                       slots;
    bool                        one_rank; /* mpirun cannot work here, so each trial gets one rank */
    attempt                    *attempts; /* (slots.max_trials) */
    int                         signals;  /* signalfd of what ends it or a child; -1: not open */
    int                         stops;    /* 1: trials save and stop; 2: they are killed */
    bool                        interrupted; /* a SIGINT came: one more ends all at once */
    bool                        broken;      /* starts fail again and again, so the sweep stops */
    char   alike[SLD_REASON_BYTES]; /* reason of the last attempt that failed at its start; no ID */
    int    n_alike;                 /* attempts in a row that failed for that reason */
    char   alike_id[SLD_ID_LENGTH + 1]; /* the trial of the first of them */
    bool   alike_several;               /* they were of more than that trial */
    int    n_unlaunched;                /* launches in a row in which no rank began */
    double start_at_s;                  /* clock before which no trial is started */
    bool   awaits_cores; /* other coordinators have all cores, and no trial runs here */
    size_t ended;        /* points that this coordinator finished */
    double ended_s;      /* rank-seconds they took */
    double beat_at_s;    /* clock of the next beat */
    double reap_at_s;    /* clock of the next look at launchers */
    index_writer index;
    growth       grown[GROWTHS_MAX];
    double       stop_at_s;          /* clock when trials stop for the job's end; 0: never */
    double       startup_s;          /* longest time from a trial's start to its first step */
    bool         too_late;           /* no trial is started any more, and the log says so */
    node_helpers helpers;            /* coordinators on the job's other machines */
    bool         leaving;            /* the helpers were asked to leave */
    sld_grid    *own;                /* the grid as read again; NULL: not read again */
    char   points[SLD_STAMP_BYTES];  /* stamp of DIR/points when it was read; "": not known yet */
    char   refused[SLD_STAMP_BYTES]; /* its stamp when it could not be read */
    size_t unreadable;               /* results files that exist but could not be read */
    passed_over *passed;             /* (n_passed) owned */
    size_t       n_passed;
    char   kinds[SLD_KINDS_MAX][SLD_KIND_BYTES]; /* (n_kinds) of warnings that were passed on */
    size_t n_kinds;
} coordinator;

/* attempt_settings.c. Options on the command line of a trial: those given to the sweep, then those
 * of the coordinator. cpus: value of parallel.cpus; "" leaves it out. */
typedef struct attempt_settings {
    char **list; /* (max) */
    size_t n, max;
    bool   failed;
} attempt_settings;
sld_status sld_attempt_settings(const coordinator *c, size_t point, int64_t number,
                                const char *cpus, attempt_settings *s);
void       sld_attempt_settings_free(attempt_settings *s);

/* attempt_log.c. reason: the first error line of the log, else its first line that is not sld's,
 * else "". Returns whether sld wrote into the log; if not, all of it comes from the launcher. */
bool sld_attempt_log_reason(const char *log, char reason[SLD_REASON_BYTES]);

/* pass_on.c. Logs what the attempt's log has warned of since the last call, each kind once a sweep. */
void sld_attempt_pass_on(coordinator *c, attempt *a);

/* attempts.c. *got false: another coordinator was faster, or the point has a result already. */
sld_status sld_attempt_start(coordinator *c, size_t point, int ranks, bool *got);
/* Asks the trial to save and stop. sld_attempt_end_stalled() repeats the request until it ends. */
void sld_attempt_ask(const coordinator *c, attempt *a);
/* Asks the trials to stop whose points the user has skipped. */
void sld_attempt_stop_skipped(coordinator *c);
/* Kills attempts that made no step for too long, and those that were asked to stop before any rank
 * began. */
void sld_attempt_end_stalled(coordinator *c);
/* attempt_end.c */
sld_status sld_attempt_end(coordinator *c, attempt *a, int wait_status);
sld_status sld_attempt_mark_result(coordinator *c, size_t point, const sld_results *results,
                                   double seconds, int64_t number);

/* pass_over.c. The attempt found that its trial began with other libraries or another instruction
 * set. This coordinator gives up the claim and does not start the trial again. message: the
 * reason. */
sld_status sld_pass_over(coordinator *c, const attempt *a, const char *message);
/* The point's results are there and cannot be read. It is not started while that is so. */
sld_status sld_pass_over_unread(coordinator *c, size_t point, const char *why);
bool       sld_passed_over(const coordinator *c, size_t point);
/* *rest: only passed-over trials remain, and no living coordinator runs one; the log then names
 * them. Call it only while no trial runs here. */
sld_status sld_pass_over_rest(coordinator *c, bool *rest);

/* walltime.c. The time limit of the batch job. */
void sld_walltime_begin(coordinator *c);      /* Computes c->stop_at_s. */
bool sld_walltime_over(const coordinator *c); /* Whether trials must stop now. */
bool sld_walltime_allows(coordinator *c);     /* Whether a new trial could still make a step. */
/* Measures from the trial's progress how long a start takes. */
void sld_walltime_learn(coordinator *c, attempt *a, const sld_progress *progress);

/* nodes.c. Helpers: coordinators that this one starts on the job's other machines. */
sld_status sld_nodes_begin(coordinator *c);
/* Sets c->hosts: all machines of the job if this coordinator is the only one in it, else its
 * own. */
sld_status sld_nodes_name(coordinator *c);
bool       sld_nodes_run(const coordinator *c); /* Whether any helper runs. */
/* Call it when the child pid has ended: it may have been the srun of a helper. */
void       sld_nodes_end(coordinator *c, pid_t pid, int status);
sld_status sld_nodes_tend(coordinator *c); /* Restarts helpers that failed, after a pause. */
void       sld_nodes_signal(const coordinator *c, int number);
void       sld_nodes_leave(coordinator *c); /* Stops the helpers and waits for their end. */

/* span.c. Sets c->command and slots.max_trials for trials that need several machines each. */
void sld_span_choose(coordinator *c);

/* schedule.c. *point: the next point to start; -1: none. *waiting: how many could start, counted up
 * to slots.max_trials + 1. */
sld_status sld_schedule_next(coordinator *c, int *point, size_t *waiting);
/* *all_ended: no point waits any more. Also marks students as failed whose teacher has ended
 * without weights. */
sld_status sld_schedule_settle(coordinator *c, bool *all_ended, bool *some_failed);
/* If cores are idle and no point waits, asks one running trial to stop, to go on with more
 * ranks. */
sld_status sld_schedule_rescale(coordinator *c);
/* Asks a trial that became slower by that to stop once more and to go back. */
void sld_schedule_set_back(coordinator *c);
/* The most ranks that the point can have here. */
int sld_schedule_most(const coordinator *c, size_t point);
/* How many of the offered ranks the point gets: one that went back keeps its former number. */
int sld_schedule_ranks(coordinator *c, size_t point, int ranks);
/* Kills launchers that outlive their ranks by launch.leave_s. */
void sld_schedule_reap(coordinator *c);

/* coordinator.c. Takes the signals that have come since: asks trials and helpers to stop, or ends
 * them. Returns whether a child has ended. */
bool sld_sweep_take_signals(coordinator *c);

/* extend.c. Reads the grid again if points were added to the sweep. */
sld_status sld_sweep_extend(coordinator *c);

/* recheck.c. Makes points trainable again that are marked as ended but whose results are gone,
 * damaged or of another trial; also teachers whose weights are gone while students need them.
 * *again: how many. */
sld_status sld_sweep_recheck(coordinator *c, size_t *again);

#endif
