/* schedule.h: when a term of the objective has a weight. */
#ifndef SLD_CONFIG_SCHEDULE_H
#define SLD_CONFIG_SCHEDULE_H

#include "sld/config.h"

typedef struct sld_active {      /* the options that decide it, for one term */
    double         weak, strong; /* weights */
    sld_when_value after, until;
    double         boost;
    sld_when_value boost_after;
} sld_active;

sld_active sld_active_ce(const sld_options *options);
sld_active sld_active_kd(const sld_options *options);
sld_active sld_active_lss(const sld_options *options);

/* The number of epochs of the run in which the term has a weight. */
int64_t sld_active_epochs(const sld_options *options, const sld_active *term);

#endif
