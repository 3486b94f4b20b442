/* embedded.h: files of the project that are compiled into the program, by cmake/embed.cmake. */
#ifndef SLD_CLI_EMBEDDED_H
#define SLD_CLI_EMBEDDED_H

#include <stddef.h>

typedef struct sld_embedded {
    const char          *name;  /* path in the source tree; NULL: end of the list */
    const unsigned char *bytes; /* (n + 1) the last is a zero, so that a text is a string */
    size_t               n;
} sld_embedded;

extern const sld_embedded sld_embedded_files[];

/* Local. Finds a file by its name, which CMakeLists.txt must list. */
const sld_embedded *sld_embedded_find(const char *name);

#endif
