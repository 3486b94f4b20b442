/* sld/sweep.h: a grid of trials in one folder: spec and expansion, ledger of claims, slots,
 * launcher, coordinator, status, report. Nothing here calls MPI: the coordinator starts MPI
 * programs. DESIGN.md section 6. Everything is local. */
#ifndef SLD_SWEEP_H
#define SLD_SWEEP_H

#include "sld/base.h"
#include "sld/config.h"

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
} sld_point;

typedef struct sld_sweep sld_sweep;

void             sld_sweep_close(sld_sweep *sweep); /* Accepts NULL. */
const char      *sld_sweep_name(const sld_sweep *sweep);
const char      *sld_sweep_dir(const sld_sweep *sweep);
const char      *sld_sweep_baseline(const sld_sweep *sweep); /* an arm; "" when none is named */
size_t           sld_sweep_count(const sld_sweep *sweep);
const sld_point *sld_sweep_point(const sld_sweep *sweep, size_t i);

/* ---- survey: where each point stands, read from the folder alone ---- */

typedef enum {
    SLD_POINT_WAITING,
    SLD_POINT_RUNNING,
    SLD_POINT_DONE,
    SLD_POINT_DIVERGED, /* an outcome, not a failure */
    SLD_POINT_FAILED,
    SLD_POINT_SKIPPED,
} sld_point_state;

typedef struct sld_standing {
    sld_point_state state;
    char            reason[256]; /* of a failure: its error line; else "" */
    int             attempts;
} sld_standing;

/* standing: (count). Reads, never writes; quick at 10,000 points. */
sld_status sld_sweep_survey(sld_ctx *ctx, const sld_sweep *sweep, sld_standing *standing);

#endif
