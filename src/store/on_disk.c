/* on_disk.c: documents too large for memory, where they lie: opened to be read, or written to a
 * temporary file and published from there. HDF5 may report success on a full disk (it extends the
 * file without writing it), so space is reserved first, and the finished file's length is held
 * against what its superblock says. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "sld/store_large.h"

/* How a file that is too large for memory is accessed; the caller closes it. It has no locks,
 * because a published file never changes, and nobody else uses an unpublished one. It has no sieve,
 * so that a failed write is reported by the write, not by the close of its data set. */
static hid_t file_access(void)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);

    if (access >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_sieve_buf_size(access, 0) >= 0 && H5Pset_file_locking(access, false, true) >= 0) {
        return access;
    }
    if (access >= 0) H5Pclose(access);
    return H5I_INVALID_HID;
}

/* On failure doc->reason is set. */
static bool open_in_place(sld_doc *doc)
{
    const hid_t access = file_access();

    doc->file = access < 0 ? H5I_INVALID_HID : H5Fopen(doc->path, H5F_ACC_RDONLY, access);
    if (doc->file < 0) (void)doc_reason(doc);
    if (access >= 0) H5Pclose(access);
    return doc->file >= 0;
}

typedef enum { UNCHECKED, LINE_TRUSTED, CHECKED } trust;

/* By its line, or by a process that reads it. */
static sld_status check_file(sld_ctx *ctx, sld_doc *doc, int fd, trust how)
{
    if (how == UNCHECKED || (how == LINE_TRUSTED && trailer_is_there(fd, doc->file_bytes))) {
        return SLD_OK;
    }
    bool has_line;
    SLD_TRY(trailer_check_file(ctx, doc->path, fd, doc->file_bytes, &has_line));
    return has_line ? SLD_OK : foreign_check(ctx, doc, open_in_place);
}

static sld_status open_file(sld_ctx *ctx, const char *path, trust how, sld_doc **out)
{
    sld_doc *doc = NULL;
    int      fd;
    *out = NULL;
    SLD_TRY(doc_new(ctx, path, &doc));

    sld_status st = sld_file_open(ctx, path, &fd, &doc->file_bytes);
    if (st == SLD_OK) st = check_file(ctx, doc, fd, how);
    if (fd >= 0) close(fd);
    if (st == SLD_OK && !open_in_place(doc)) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", path, doc->reason);
    }
    if (st == SLD_OK) st = doc_check_format(ctx, doc);
    if (st != SLD_OK) {
        sld_doc_close(doc);
        doc = NULL;
    }
    *out = doc;
    return st;
}

sld_status sld_doc_open_file(sld_ctx *ctx, const char *path, sld_doc **out)
{
    return open_file(ctx, path, CHECKED, out);
}

sld_status sld_doc_open_checked(sld_ctx *ctx, const char *path, sld_doc **out)
{
    return open_file(ctx, path, UNCHECKED, out);
}

sld_status doc_open_trusting(sld_ctx *ctx, const char *path, sld_doc **out)
{
    return open_file(ctx, path, LINE_TRUSTED, out);
}

/* Reserves the file's first bytes; a file system that cannot is left alone. */
static sld_status reserve(sld_ctx *ctx, sld_doc *doc, const char *path, uint64_t bytes)
{
    void *handle = NULL;
    if (bytes == 0 || H5Fget_vfd_handle(doc->file, H5P_DEFAULT, &handle) < 0) return SLD_OK;
    const int error = posix_fallocate(*(int *)handle, 0, (off_t)bytes);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: no room for its %" PRIu64 " bytes: %s", path, bytes,
                        strerror(error));
    }
    return SLD_OK;
}

static sld_status create_file(sld_ctx *ctx, sld_doc *doc, const char *path)
{
    const hid_t access     = file_access();
    const hid_t file_plist = H5Pcreate(H5P_FILE_CREATE);
    sld_status  st         = SLD_OK;

    /* Virtual data sets are of format 1.10; all else stays readable as before. */
    const bool made =
        access >= 0 && file_plist >= 0 && doc_make_property_lists(doc, file_plist) &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110) >= 0 &&
        (doc->file = H5Fcreate(doc->temporary, H5F_ACC_TRUNC, file_plist, access)) >= 0;
    if (!made) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot make the file: %s", path, doc_reason(doc));
    }
    if (access >= 0) H5Pclose(access);
    if (file_plist >= 0) H5Pclose(file_plist);
    return st;
}

sld_status sld_doc_create_on_disk(sld_ctx *ctx, const char *path, uint64_t bytes, sld_doc **out)
{
    sld_doc *doc = NULL;
    char     temporary[PATH_MAX];
    int      fd;
    *out = NULL;
    SLD_TRY(doc_new(ctx, path, &doc));

    doc->in_file  = true;
    sld_status st = sld_file_temporary(ctx, path, temporary, &fd);
    if (st == SLD_OK) {
        close(fd);
        doc->temporary = strdup(temporary);
        if (!doc->temporary) {
            unlink(temporary);
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: its name", path);
        }
    }
    if (st == SLD_OK) st = create_file(ctx, doc, path);
    if (st == SLD_OK) st = reserve(ctx, doc, path, bytes);
    if (st != SLD_OK) {
        sld_doc_close(doc);
        doc = NULL;
    }
    *out = doc;
    return st;
}

/* Holds the closed file's length against what its superblock says; gives back what was reserved too
 * much. */
static sld_status settle_length(sld_ctx *ctx, const char *temporary, const char *path)
{
    unsigned char superblock[SUPERBLOCK_BYTES] = {0};
    uint64_t      stated                       = 0;
    const int     fd                           = open(temporary, O_RDONLY | O_CLOEXEC);
    const off_t   found                        = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (found >= SUPERBLOCK_BYTES && pread(fd, superblock, sizeof superblock, 0) > 0) {
        stated = image_length(superblock, sizeof superblock);
    }
    const int why = errno;
    if (fd >= 0) close(fd);
    if (found < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot be read again: %s", path, strerror(why));
    }
    if (stated == 0 || stated > (uint64_t)found) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 states %" PRIu64 " bytes, %jd were written",
                        path, stated, (intmax_t)found);
    }
    if (stated < (uint64_t)found && truncate(temporary, (off_t)stated) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot be cut to %" PRIu64 " bytes: %s", path, stated,
                        strerror(errno));
    }
    return SLD_OK;
}

static sld_status sync_file(sld_ctx *ctx, const char *temporary, const char *path)
{
    const int  fd = open(temporary, O_RDONLY | O_CLOEXEC);
    sld_status st = SLD_OK;
    if (fd < 0 || fsync(fd) != 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    if (fd >= 0) close(fd);
    return st;
}

sld_status doc_publish_on_disk(sld_ctx *ctx, sld_doc *doc, const char *path, bool replace)
{
    if (!doc_complete(doc)) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: HDF5 cannot complete it: %s", path, doc->reason);
    }
    SLD_TRY(settle_length(ctx, doc->temporary, path));
    SLD_TRY(sync_file(ctx, doc->temporary, path));
    return sld_file_publish_as(ctx, doc->temporary, path, replace);
}
