/* sld/base_read.h: short texts that others have written: marks, progress, logs, pages. What lies under
 * such a name may be anything. */
#ifndef SLD_BASE_READ_H
#define SLD_BASE_READ_H

#include <stdio.h>

/* Local. Opens a regular file for reading and waits for nobody; NULL: there is none, or something else
 * lies there, as a pipe, at whose opening one would wait for ever. The caller closes it. */
FILE *sld_file_stream(const char *path);

#endif
