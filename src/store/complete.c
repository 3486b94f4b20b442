/* complete.c: how a document that lies in its file is closed. A close that fails in the middle
 * leaves HDF5 with a file that it would try to write again. So all is written before, by a flush
 * that may fail, and the close then has a descriptor that leads nowhere. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static int descriptor(const sld_doc *doc)
{
    void *handle = NULL;

    return H5Fget_vfd_handle(doc->file, H5P_DEFAULT, &handle) < 0 ? -1 : *(const int *)handle;
}

void doc_give_up(sld_doc *doc)
{
    const int nowhere = memfd_create("given up", MFD_CLOEXEC), fd = descriptor(doc);

    if (nowhere >= 0 && fd >= 0) (void)dup2(nowhere, fd);
    if (nowhere >= 0) close(nowhere);
    H5Fclose(doc->file);
    doc->file = H5I_INVALID_HID;
}

bool doc_complete(sld_doc *doc)
{
    bool good = H5Fflush(doc->file, H5F_SCOPE_GLOBAL) >= 0;
    if (!good) {
        (void)doc_reason(doc);
    } else if (fsync(descriptor(doc)) != 0) {
        snprintf(doc->reason, sizeof doc->reason, "cannot sync it: %s", strerror(errno));
        good = false;
    }
    doc_give_up(doc);
    return good;
}
