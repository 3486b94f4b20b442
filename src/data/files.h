/* files.h: reading the files of a data set. Whatever is wrong with a file that can be opened is
 * SLD_ERR_DATA with its path, what was found and what was wanted. Everything here is local. */
#ifndef SLD_DATA_FILES_H
#define SLD_DATA_FILES_H

#include <limits.h>
#include <stdio.h>

#include "sld/base.h"

typedef struct data_file {
    FILE  *stream; /* NULL when closed */
    size_t bytes;
    char   path[PATH_MAX];
} data_file;

/* path: folder + "/" + name; name NULL: folder alone. */
sld_status sld_data_path(sld_ctx *ctx, const char *folder, const char *name, char path[PATH_MAX]);
bool       sld_data_exists(const char *folder, const char *name);

/* The folder of a data set: SLD_ERR_DATA when there is none of this name. wanted: for the message.
 */
sld_status sld_data_folder(sld_ctx *ctx, const char *folder, const char *wanted);

/* Opens a regular, readable, non-empty, uncompressed file. */
sld_status sld_data_file_open(sld_ctx *ctx, const char *folder, const char *name, data_file *file);
sld_status sld_data_file_read(sld_ctx *ctx, data_file *file, void *bytes, size_t n);
void       sld_data_file_close(data_file *file);

/* Appends the n lines of a text file to *names (malloc'ed, *names_bytes long), each ended by a zero
 * byte; blank lines at the end do not count. Another number of lines is an error. */
sld_status sld_data_names(sld_ctx *ctx, const char *folder, const char *name, size_t n,
                          char **names, uint64_t *names_bytes);

#endif
