/* embedded_find.c: finds an embedded file by its name. */
#include "embedded.h"

#include <assert.h>
#include <string.h>

const sld_embedded *sld_embedded_find(const char *name)
{
    const sld_embedded *file = sld_embedded_files;

    while (file->name && strcmp(file->name, name) != 0) {
        file++;
    }
    assert(file->name);
    return file;
}
