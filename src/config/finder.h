/* finder.h: findings on a configuration that sld_config_each_unreached() hands over. */
#ifndef SLD_CONFIG_FINDER_H
#define SLD_CONFIG_FINDER_H

#include "config_state.h"

typedef enum {
    PAST_THE_END,
    NEVER,
    NO_EPOCH,
    ONE_EPOCH,
    NO_FULL_WEIGHT,
    NO_BOOST,
    NO_TERM,
    NO_FULL_RATE,
    LATE_STAGE,
    MEETING_STAGES,
    OTHER_LENGTH,
    SPARE_SHARDS,
    NO_PART,
    WHOLE_IMAGE,
    PINNED_SEED,
    SAME_AS,
    UNREAD_LABELS,
    NO_RATE
} finding;

typedef struct finder {
    const sld_config    *config;
    const sld_options   *o;
    sld_unreached_report report;
    void                *user;
} finder;

void sld_found(const finder *f, const char *key, finding kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Whether the user has set the option: a resolved document repeats what its method and the table say. */
bool sld_finder_given(const finder *f, const char *key);

/* ---- pinned.c: a `seed` from which nothing follows ---- */
void sld_find_pinned_seed(const finder *f);

/* ---- same.c: what computes the same as another setting, under another ID ---- */
void sld_find_same(const finder *f);

/* ---- windows.c: the epochs in which terms act ---- */
void sld_find_windows(const finder *f);

/* ---- stages.c: stages of the rate in a run of this length ---- */
void sld_find_stages(const finder *f);

#endif
