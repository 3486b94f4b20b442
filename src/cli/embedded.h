/* embedded.h: files of the project that the program carries along. cmake/embed.cmake. */
#ifndef SLD_CLI_EMBEDDED_H
#define SLD_CLI_EMBEDDED_H

#include <stddef.h>

typedef struct sld_embedded {
    const char          *name;  /* its path in the source; NULL: past the last */
    const unsigned char *bytes; /* a zero follows them: a text file is a string */
    size_t               n;
} sld_embedded;

extern const sld_embedded sld_embedded_files[];

/* Local. name: of a file that CMakeLists.txt embeds. */
const sld_embedded *sld_embedded_find(const char *name);

#endif
