/* unread_settings.h: settings of the command line that a verb does not read, though an experiment has
 * them. */
#ifndef SLD_CLI_UNREAD_SETTINGS_H
#define SLD_CLI_UNREAD_SETTINGS_H

#include "sld/config.h"

/* What is made of the experiment: metrics of a split, the description of its data, its views, its steps
 * on batches of a file. */
enum {
    SLD_MAKES_TEST  = 1,
    SLD_MAKES_TRAIN = 2,
    SLD_MAKES_VAL   = 4,
    SLD_MAKES_INFO  = 8,
    SLD_MAKES_VIEWS = 16,
    SLD_MAKES_STEPS = 32,
    SLD_MAKES_EVAL  = SLD_MAKES_TEST | SLD_MAKES_TRAIN | SLD_MAKES_VAL
};

/* Local. Of --split; of another word all of them, for sld_eval_run() refuses it. */
int sld_eval_makes(const char *split);

/* Local. Refuses a setting of the command line that cannot change what is made. hash: the data set is
 * held against the SHA-256 that the weights keep, to which both splits belong. */
sld_status sld_unread_check(sld_ctx *ctx, const sld_config *config, int makes, bool hash);

#endif
