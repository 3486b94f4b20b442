/* coordinator.h: one process's share of a sweep: attempts that run here. */
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
    sld_ckpt     checkpoint;                   /* the newest when it began */
    char         progress[SLD_PROGRESS_BYTES]; /* last seen */
    double       moved_s;                      /* clock when that was last another */
    bool         stalled;                      /* ended by us for it */
    bool         heard;                        /* a rank has begun */
    bool         told;                         /* that none has */
    double asked_s, ask_at_s;     /* clock of the request to save and stop, of the next; 0: none */
    bool   stepped;               /* it was seen to have made a step */
    bool   skipped;               /* asked to stop, because its point is left out */
    bool   rescales;              /* asked to stop, to go on with other ranks */
    bool   shrinks;               /* with fewer: see growth */
    char   word[SLD_CLAIM_BYTES]; /* that its processes bear */
    int    alive;                 /* ranks seen at the last look on this machine */
    bool   had_ranks;             /* some were seen at an earlier one */
    double missed_s;              /* clock when they were first missed; 0: they are there */
    bool   reaped; /* its launcher stayed without ranks, and was ended by us for it */
} attempt;

/* A point that was given idle cores, and what it would have done without them. On a machine whose
 * cores others use too, more ranks are slower: each waits for the one that is disturbed. */
typedef struct growth {
    char   id[SLD_ID_LENGTH + 1]; /* of the point; "": none */
    bool   back;                  /* it was slower, and stays on its former ranks */
    int    ranks;                 /* before */
    double left_s, asked_s;       /* its estimate when it was asked, and the clock then */
} growth;

enum { GROWTHS_MAX = 64 }; /* at a time */

typedef struct coordinator {
    sld_ctx                    *ctx;
    const sld_grid             *grid;
    const sld_sweep_run_params *params;
    const sld_launch           *launch;
    char                        dir[PATH_MAX]; /* of the sweep, whole */
    ledger                      ledger;
    sld_allocation              allocation; /* of a batch system */
    char         command[8192];             /* launch.command, or a line over machines of the job */
    bool         spans;                     /* the latter */
    char        *hosts;                     /* of a trial by launch.command; owned */
    slots        slots;
    bool         one_rank;                /* is all that a trial can have here: no mpirun works */
    attempt     *attempts;                /* (slots.max_trials) */
    int          stops;                   /* signals that asked for it */
    bool         broken;                  /* attempts fail alike at their start: no use going on */
    char         alike[SLD_REASON_BYTES]; /* of the last that did */
    int          n_alike;
    int          n_unlaunched; /* launches in a row of which no trial came */
    double       start_at_s;   /* clock before which nothing is started */
    bool         awaits_cores; /* other coordinators have them all, and nothing runs here */
    size_t       ended;        /* points, by this coordinator */
    double       ended_s;      /* rank-seconds they took */
    double       beat_at_s;
    double       reap_at_s; /* clock of the next look at launchers */
    index_writer index;
    growth       grown[GROWTHS_MAX];
    double       stop_at_s;               /* clock of the stop for the job's end; 0: none */
    double       sign_s;                  /* longest from a trial's start to its first step */
    bool         too_late;                /* it was told that nothing more is started */
    node_helpers helpers;                 /* coordinators on the job's other machines */
    bool         leaving;                 /* they were asked to leave */
    sld_grid    *own;                     /* the grid as read again; NULL: not yet */
    char         points[SLD_STAMP_BYTES]; /* the file of its points, when read */
    size_t       unreadable;              /* results that were there and could not be read */
    char (*passed)[SLD_ID_LENGTH + 1];    /* trials that cannot go on here; owned */
    size_t n_passed;
} coordinator;

/* attempt_settings.c. What is said to a trial on its command line: all that was said to the sweep,
 * and what the coordinator knows. cpus: as parallel.cpus, "": not said. */
typedef struct attempt_settings {
    char **list; /* (most) */
    size_t n, max;
    bool   failed;
} attempt_settings;
sld_status sld_attempt_settings(const coordinator *c, size_t point, int64_t number,
                                const char *cpus, attempt_settings *s);
void       sld_attempt_settings_free(attempt_settings *s);

/* attempt_log.c. The first error line of a log, or what else may explain its end. Whether a trial
 * that had begun has written into it; else it holds what its launcher had to say. */
bool sld_attempt_log_reason(const char *log, char reason[SLD_REASON_BYTES]);

/* attempts.c. *got false: another was faster, or the point has ended meanwhile. */
sld_status sld_attempt_start(coordinator *c, size_t point, int ranks, bool *got);
/* Asks it to save and stop; sld_attempt_end_stalled() asks again until it does. */
void sld_attempt_ask(const coordinator *c, attempt *a);
/* Stops those whose points are skipped. */
void sld_attempt_stop_skipped(coordinator *c);
/* Ends those that make no step for too long, and those that were asked to stop and have not begun. */
void sld_attempt_end_stalled(coordinator *c);
/* attempt_end.c */
sld_status sld_attempt_end(coordinator *c, attempt *a, int wait_status);
sld_status sld_attempt_mark_result(coordinator *c, size_t point, const sld_results *results,
                                   double seconds, int64_t number);

/* pass_over.c. What an attempt has found to be begun with other libraries or another instruction set:
 * not started here again; its claim is given up. message: of the attempt. */
sld_status sld_pass_over(coordinator *c, const attempt *a, const char *message);
bool       sld_passed_over(const coordinator *c, size_t point);
/* Whether nothing is left that this coordinator, or one that lives, could do: then that is told. To be
 * asked where nothing runs here. */
sld_status sld_pass_over_rest(coordinator *c, bool *rest);

/* walltime.c. The end of the job's time: found, come, near; and what is learnt of a trial's start. */
void sld_walltime_begin(coordinator *c);
bool sld_walltime_over(const coordinator *c);
bool sld_walltime_allows(coordinator *c); /* Whether a trial is still worth its start. */
void sld_walltime_learn(coordinator *c, attempt *a, const sld_progress *progress);

/* nodes.c. Coordinators on the job's other machines. */
sld_status sld_nodes_begin(coordinator *c);
/* c->hosts: all machines of the job where this coordinator alone speaks for them, else this one. */
sld_status sld_nodes_name(coordinator *c);
bool       sld_nodes_run(const coordinator *c); /* Whether one does. */
void       sld_nodes_end(coordinator *c, pid_t pid, int status);
sld_status sld_nodes_tend(coordinator *c); /* Starts again what failed. */
void       sld_nodes_signal(const coordinator *c, int number);
void       sld_nodes_leave(coordinator *c); /* Stops them and waits for their end. */

/* span.c. c->command and how many trials run at a time by it. */
void sld_span_choose(coordinator *c);

/* schedule.c. Index of a point to start now, and how many could; -1: none. */
sld_status sld_schedule_next(coordinator *c, int *point, size_t *waiting);
/* Whether all points have ended; students of a teacher that failed fail with it. */
sld_status sld_schedule_settle(coordinator *c, bool *all_ended, bool *some_failed);
/* Where cores are idle and nothing waits, one running trial is asked to stop, to go on with more
 * ranks. */
sld_status sld_schedule_rescale(coordinator *c);
/* extend.c. Takes up points that have been added to the sweep. */
sld_status sld_sweep_extend(coordinator *c);

/* recheck.c. Points that are marked as ended and whose results are gone, damaged or others' are
 * made ready to be trained anew; teachers too whose weights are gone while students wait for them.
 * *again: how many. */
sld_status sld_sweep_recheck(coordinator *c, size_t *again);
/* Where that has made one slower, it is asked once more, to go back. */
void sld_schedule_set_back(coordinator *c);
/* The most ranks that the point can have here. */
int sld_schedule_most(const coordinator *c, size_t point);
/* Ranks that the point is to have of those that it could. */
int sld_schedule_ranks(coordinator *c, size_t point, int ranks);
/* Ends launchers that stay when their ranks have left. */
void sld_schedule_reap(coordinator *c);

#endif
