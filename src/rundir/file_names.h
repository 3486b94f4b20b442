/* file_names.h: what a name in a trial's folder says of its file. All are Local. */
#ifndef SLD_FILE_NAMES_H
#define SLD_FILE_NAMES_H

#include "sld/rundir.h"

bool    sld_name_is_own(const char *name); /* a run gives a file this name, in whatever attempt */
bool    sld_name_is_weights(const char *name); /* last.h5, best.h5, epoch-E.h5 */
bool    sld_name_is_checkpoint(const char *name);
bool    sld_name_is_epoch_of_attempt(const char *name, int64_t last); /* epoch-E-aN.h5, N from 1 */
int64_t sld_name_attempt_of_log(const char *name);                    /* log-aN.txt; 0: no log */

#endif
