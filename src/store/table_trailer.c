/* table_trailer.c: the last line of a table's file, behind HDF5's own bytes:
 *   sld-table: BEGIN END HEX
 * HEX is the SHA-256 of all bytes of the file before the line but [BEGIN,END), the logits, which
 * have checksums of their own among those bytes. So HDF5 never sees a damaged file, and a rank
 * reads no more of the logits than it wants. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "table.h"

#define LINE_BYTES (11 + 21 + 21 + 64 + 1)

/* The line that the first n bytes of the file ask for. */
static bool make_line(int fd, uint64_t n, uint64_t begin, uint64_t end, char line[LINE_BYTES + 1])
{
    sld_sha256 sha;
    char       hex[65];

    sld_sha256_init(&sha);
    if (!sha_add_file(&sha, fd, 0, begin) || !sha_add_file(&sha, fd, end, n)) {
        return false;
    }
    sld_sha256_hex(&sha, hex);
    snprintf(line, LINE_BYTES + 1, "sld-table: %020" PRIu64 " %020" PRIu64 " %s\n", begin, end,
             hex);
    return true;
}

sld_status table_trailer_write(sld_ctx *ctx, const char *path, uint64_t begin, uint64_t end)
{
    struct stat info;
    char        line[LINE_BYTES + 1];
    sld_status  st = SLD_OK;

    errno        = 0; /* a write that is cut short sets none */
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 ||
        !make_line(fd, (uint64_t)info.st_size, begin, end, line) ||
        pwrite(fd, line, LINE_BYTES, info.st_size) != LINE_BYTES) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write its last line: %s", path,
                      strerror(errno ? errno : ENOSPC));
    }
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

static sld_status check(sld_ctx *ctx, const char *path, int fd, uint64_t n)
{
    char     found[LINE_BYTES + 1] = "", wanted[LINE_BYTES + 1];
    uint64_t begin, end;

    if (n < LINE_BYTES || pread(fd, found, LINE_BYTES, (off_t)(n - LINE_BYTES)) != LINE_BYTES ||
        sscanf(found, "sld-table: %20" SCNu64 " %20" SCNu64, &begin, &end) != 2 || begin > end ||
        end > n - LINE_BYTES) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected a table of logits, whose last line says \"sld-table:\", got "
                        "another or a cut one",
                        path);
    }
    if (!make_line(fd, n - LINE_BYTES, begin, end, wanted)) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    }
    if (memcmp(found, wanted, LINE_BYTES) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: damaged: the SHA-256 of all but its logits is not the stored one",
                        path);
    }
    return SLD_OK;
}

sld_status table_trailer_check(sld_ctx *ctx, const char *path)
{
    size_t bytes;
    int    fd;

    sld_status st = sld_file_open(ctx, path, &fd, &bytes);
    if (st == SLD_ERR_CONFIG) { /* others wrote it, and closed it to this user: no fault of his */
        const sld_err err = ctx->err;
        sld_err_clear(ctx);
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s", err.msg);
    }
    SLD_TRY(st);
    st = check(ctx, path, fd, bytes);
    close(fd);
    return st;
}
