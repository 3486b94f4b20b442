/* broken_listing.h: readdir() in place of the C library's, which fails while broken_listing is set.
 * The including file defines _GNU_SOURCE first. */
#ifndef BROKEN_LISTING_H
#define BROKEN_LISTING_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static bool broken_listing; /* the folder's file system */

struct dirent *readdir(DIR *dir)
{
    struct dirent *(*real)(DIR *);

    *(void **)&real = dlsym(RTLD_NEXT, "readdir");
    if (broken_listing) {
        errno = EIO;
        return NULL;
    }
    return real(dir);
}

#endif
