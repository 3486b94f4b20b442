/* sld/grid.h: a grid of trials: from the text of a spec to points, the folder that records them, and
 * where each of them stands. Status and report read that folder, coordinators of src/sweep write it.
 * Everything is local. */
#ifndef SLD_GRID_H
#define SLD_GRID_H

#include "sld/base.h"
#include "sld/config.h"
#include "sld/grid_id.h"

/* ---- points: what a spec expands to ---- */

/* One trial of the grid. Text is owned by the sweep. */
typedef struct sld_point {
    const char *id;  /* names the folder trials/ID; the same wherever the folder lies */
    const char *arm; /* readable; trials of one arm differ in seed alone */
    int64_t     seed;
    bool        is_teacher; /* trained because others need its weights */
    int         teacher;    /* index of the point whose weights it needs; -1: none of them */
    size_t      n_axes;
    const char *const
        *axis; /* (n_axes) names, in the spec's order; the same for all but teachers */
    const char *const *value;      /* (n_axes) label of the value on that axis */
    const char        *experiment; /* the whole experiment as YAML that sld_config_parse() takes */
    const char *asked; /* keys that change no result, set otherwise than the folder records: what
                        * ended before was trained without them; NULL: none */
    /* What a coordinator asks of it, taken from the experiment once. */
    int         max_ranks;    /* that its trial can use; 0: not known yet (sld_grid_complete) */
    const char *teacher_file; /* the weights that its teacher makes, in the folder; NULL: none */
    bool shares_logits;       /* its teacher's are for the sweep's store, unless another is named */
} sld_point;

typedef struct sld_grid sld_grid;

typedef struct sld_grid_teacher { /* as far as it is known */
    const char       *name;
    const sld_config *described; /* its own experiment; NULL: none is given */
    const char       *weights;   /* that exist; NULL: it is yet to be trained */
    const sld_config *student;   /* whom it is to teach; NULL: asked of the teacher alone */
} sld_grid_teacher;

typedef struct sld_grid_params {
    const char        *path; /* of the spec: names it, and a relative base starts at its folder */
    const void        *text;
    size_t             n;         /* bytes of text */
    const char *const *overrides; /* "key=value" */
    size_t             n_overrides;
    sld_defaults_find  method;
    /* Checks that need more than the option table, and names; NULL: none. */
    sld_status (*check)(sld_ctx *ctx, void *user, sld_config *config);
    sld_content_name content; /* grid_id.h */
    /* Whether what is known of a teacher goes together: its weights and how it is described, or a
     * student's teacher.network, classes and images and what it has been trained on. Asked once for
     * the same teacher, teacher.network and data. NULL: not checked. */
    sld_status (*teacher)(sld_ctx *ctx, void *user, const sld_grid_teacher *teacher);
    /* The side of an experiment's images; 0: they cannot be read. NULL: not known. */
    size_t (*side)(sld_ctx *ctx, void *user, const sld_config *config);
    void *user;
    /* (n_metrics) columns of a report, which a claim may name; NULL: not checked. */
    const char *const *metrics;
    size_t             n_metrics;
    int                id_version; /* 1: IDs as in folders of sld 0.1; 0: today's */
} sld_grid_params;

/* A spec becomes points: those of seed 1 first, in a seed the first axis slowest; teachers before
 * all. Every point is checked as `sld run` would. Errors are SLD_ERR_CONFIG as of
 * sld_config_parse(); points that compute the same are one. The sweep has no folder yet ("."). */
sld_status sld_grid_expand(sld_ctx *ctx, const sld_grid_params *params, sld_grid **out);
size_t     sld_grid_dropped(const sld_grid *grid); /* points that another already was */
/* Labels of the grid whose trial is another label's: each with its own arm, seed and values, and
 * with the ID of that trial. Seeds that an arm's trial does not depend on are none. */
size_t           sld_grid_count_same(const sld_grid *grid);
const sld_point *sld_grid_same(const sld_grid *grid, size_t i);

/* For those who want an experiment: SLD_ERR_CONFIG naming `sld sweep` when the text is a spec. */
sld_status sld_grid_refuse_spec(sld_ctx *ctx, const char *path, const void *text, size_t n);

/* The sweep that was recorded in a folder; no hashing, no validation: quick. SLD_ERR_DATA when the
 * folder holds none. */
sld_status sld_grid_open(sld_ctx *ctx, const char *dir, sld_grid **out);
/* Local. Of such a sweep: tells in the log that its sweep.yaml is another text than the spec that was
 * given. Folders of earlier builds do not say. */
sld_status sld_grid_tell_edited(sld_ctx *ctx, const sld_grid *grid);

void              sld_grid_close(sld_grid *grid); /* Accepts NULL. */
const char       *sld_grid_name(const sld_grid *grid);
const char       *sld_grid_dir(const sld_grid *grid);
const char       *sld_grid_baseline(const sld_grid *grid); /* an arm; "" when none is named */
size_t            sld_grid_count(const sld_grid *grid);
const sld_point  *sld_grid_point(const sld_grid *grid, size_t i);
int               sld_grid_find(const sld_grid *grid, const char *id); /* index, or -1 */
const sld_launch *sld_grid_launch(const sld_grid *grid);

/* What a coordinator asks of the points, for a folder that an earlier build recorded without it. */
sld_status sld_grid_complete(sld_ctx *ctx, sld_grid *grid, sld_defaults_find method);

/* ---- the folder ---- */

/* Local. How the points in DIR are named: a sweep's ID version stays what it was when its folder was
 * made. 0: no sweep is there. */
int sld_grid_id_version(const char *dir);

/* Local. Gives an expanded sweep its folder: makes it, or compares with what is recorded there.
 * text: the spec as given, which reports read. Another text takes the place of the one that is
 * recorded. New points extend what is recorded; points that are gone or changed are shown and
 * refused (SLD_ERR_CONFIG) unless accepted. dry: writes nothing. */
typedef struct sld_grid_change {
    size_t known, added, gone; /* points */
    char   example[320];       /* of a change; "": none */
    char   renamed[320];       /* labels that name other trials than the folder has under them */
    bool   text;               /* the spec is not the recorded one to the byte */
    bool   report;             /* this part of it says something else */
    /* Some claim is new ("named"), means something else ("changed") or is gone ("taken out"): the first
     * of these that holds; NULL: none. What a claim means is its column and the trials that it
     * compares, of the seeds that both have. */
    const char *claims;
    char        meant[200];  /* claims with other trials, though they say the same */
    bool        fewer;       /* claims compare fewer seeds: trials that had ended went */
    bool        baseline;    /* there and here, but other trials */
    bool        accepted;    /* points may go */
    size_t      ended, left; /* points that have ended: of both; of the folder alone */
} sld_grid_change;
sld_status sld_grid_record(sld_ctx *ctx, sld_grid *grid, const char *dir, const void *text,
                           size_t n, bool accept, bool dry, sld_grid_change *out);

/* Local. For a sweep opened from its folder: words "launch.KEY=value" change how trials are started
 * and are taken out of the list; what is left must be options that change no result. */
sld_status sld_grid_set_launch(sld_ctx *ctx, sld_grid *grid, const char **words, size_t *n);

/* Local. *point: the only one whose ID begins so. */
sld_status sld_grid_which(sld_ctx *ctx, const sld_grid *grid, const char *which, size_t *point);

/* ---- status: where each point stands, read from the folder alone ---- */

typedef enum {
    SLD_POINT_WAITING,
    SLD_POINT_RUNNING,
    SLD_POINT_DONE,
    SLD_POINT_DIVERGED, /* an outcome, not a failure */
    SLD_POINT_FAILED,
    SLD_POINT_SKIPPED,
} sld_point_state;

enum { SLD_LIVE_BYTES = 200 };

typedef struct sld_point_status {
    sld_point_state state;
    char            reason[256];   /* of a failure: its error line; else "" */
    int             attempts;      /* begun so far */
    int64_t         epoch, epochs; /* of a running one; 0: not known yet */
    double          left_s;        /* seconds to its end at its present pace; 0: no step yet */
    int             ranks;         /* of a running one; 0: not known yet */
    /* Of one that has ended: tables of its teacher's logits that the store was to give and the trial
     * computed in its steps, and why. */
    int64_t live;
    char    live_reason[SLD_LIVE_BYTES];
} sld_point_status;

/* status: (count). Reads, never writes; quick at 10,000 points. */
sld_status sld_grid_status(sld_ctx *ctx, const sld_grid *grid, sld_point_status *status);

/* Where the whole stands. */
typedef struct sld_grid_totals {
    size_t n, count[SLD_POINT_SKIPPED + 1]; /* points, by state */
    int    ranks;                           /* at work, of those that say so */
    double slowest_s;                       /* of the running one that has longest to go */
    double left_s;                          /* a guess of the whole; 0: nothing to guess from */
    size_t live;       /* points that computed logits which the store was to give */
    size_t live_first; /* the first of them */
} sld_grid_totals;
void sld_grid_count_states(const sld_point_status *status, size_t n,
                           sld_grid_totals *out); /* Local. */

/* Local. What happened last to the points: how they ended, which attempts began. out: (max), newest
 * first. *n: how many were written, at most max. */
typedef struct sld_grid_event {
    size_t  point;
    int64_t at;       /* UTC, seconds */
    char    what[40]; /* "done", "failed", "attempt 2" */
} sld_grid_event;
sld_status sld_grid_events(sld_ctx *ctx, const sld_grid *grid, size_t max, sld_grid_event *out,
                           size_t *n);

/* Local. The newest log of a point: path, "" when it has none. */
void sld_grid_log_path(const sld_grid *grid, size_t point, char *path, size_t n);

#endif
