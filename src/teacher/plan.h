/* plan.h: a store of teacher logits as rank 0 sees it, and what it decides for all. */
#ifndef SLD_TEACHER_PLAN_H
#define SLD_TEACHER_PLAN_H

#include <sys/types.h>

#include "parts.h"

/* Another trial's claim, as last seen, and since when it looks so. */
typedef struct sld_claim_sight {
    int64_t epoch;
    char    record[SLD_CLAIM_BYTES];
    double  since_s;
} sld_claim_sight;

typedef struct sld_view_store {
    bool    used;
    char    key[SLD_KEY_BYTES], folder[PATH_MAX];
    int64_t in_memory; /* epoch of the table that the rows hold; -1: none */
    /* on rank 0 */
    sld_claims      claims;
    sld_claim_sight sight;
    int64_t         bad_epoch; /* of a file found bad, 0 standing for itself; -1: none */
    ino_t           bad_file;
    int             bad_times;
    bool            live; /* this epoch is computed live */
} sld_view_store;

struct sld_teacher_store {
    const sld_teacher_env *env; /* borrowed */
    int32_t               *sample;
    sld_view_store         view[SLD_VIEWS];
    bool                   closed, warned; /* on rank 0: nothing can be written; of the budget */
};

/* What rank 0 has decided. */
typedef struct sld_plan {
    enum { SLD_PLAN_LOAD, SLD_PLAN_FILL, SLD_PLAN_WAIT } action;
    int     view;    /* to fill */
    int64_t epoch;   /* of the table */
    bool    replace; /* a bad file stands there */
    bool    claimed;
    bool    live[SLD_VIEWS];
} sld_plan;

/* Local, store.c. Warns "REASON; THEN", and keeps the first reason for the results. */
void sld_store_live(sld_ctx *ctx, const sld_teacher_store *s, const char *then, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

/* Local. */
void      sld_table_path(const sld_teacher_store *s, int view, int64_t epoch, char path[PATH_MAX]);
sld_table sld_table_of(const sld_teacher_store *s, int view, int64_t epoch);

/* Local, rank 0. What to do next for the epoch: load when all of its tables that will be there are,
 * fill one that is missing and unclaimed, or, while another trial fills it, one of a later epoch;
 * else wait. Claims what it is to fill. */
void sld_plan_make(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch, const bool wanted[SLD_VIEWS],
                   sld_plan *out);

#endif
