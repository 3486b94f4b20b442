/* trailer.c: the checksum of a stored file. HDF5 knows the length of its own part of a file and
 * ignores what follows, and so does everything built on it (h5py, ncdump, h5dump, h5repack). There
 * sld puts one line of text, "sld-sha256:HEX", over all the bytes before it. A program that
 * rewrites the file (h5py in mode r+, h5repack) drops the line, and the file is then read as a
 * foreign one.
 *
 * No cut goes unseen: within HDF5's part the superblock's end-of-file address tells, within the
 * line the number of bytes behind that address. A cut exactly between the two loses no data. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define MARK       "sld-sha256:"
#define MARK_BYTES (sizeof MARK - 1)

static const uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

static void make_line(sld_sha256 *sha, char trailer[TRAILER_BYTES])
{
    char hex[65];

    sld_sha256_hex(sha, hex);
    memcpy(trailer, MARK, MARK_BYTES);
    memcpy(trailer + MARK_BYTES, hex, 64);
    trailer[TRAILER_BYTES - 1] = '\n';
}

void trailer_make(const void *image, size_t n, char trailer[TRAILER_BYTES])
{
    sld_sha256 sha;

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, image, n);
    make_line(&sha, trailer);
}

bool sha_add_file(sld_sha256 *sha, int fd, uint64_t begin, uint64_t end)
{
    uint8_t bytes[1 << 14];

    while (begin < end) {
        const uint64_t left = end - begin;
        const ssize_t  got =
            pread(fd, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes, (off_t)begin);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got < 0 ? errno : EIO;
            return false;
        }
        sld_sha256_add(sha, bytes, (size_t)got);
        begin += (uint64_t)got;
    }
    return true;
}

bool trailer_is_there(int fd, size_t n)
{
    char found[MARK_BYTES];

    return n >= TRAILER_BYTES &&
           pread(fd, found, MARK_BYTES, (off_t)(n - TRAILER_BYTES)) == (ssize_t)MARK_BYTES &&
           memcmp(found, MARK, MARK_BYTES) == 0;
}

static uint64_t little_endian_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) {
        value = value << 8 | bytes[i];
    }
    return value;
}

uint64_t image_length(const void *image, size_t n)
{
    const uint8_t *bytes = image;
    if (n < 52 || memcmp(bytes, signature, sizeof signature) != 0) return 0;
    const unsigned version = bytes[8];
    if (version <= 1 && bytes[13] == 8) {
        return little_endian_u64(bytes + (version == 0 ? 40 : 44));
    }
    if ((version == 2 || version == 3) && bytes[9] == 8) return little_endian_u64(bytes + 28);
    return 0;
}

bool sld_doc_is_hdf5(const char *path)
{
    uint8_t   found[sizeof signature];
    const int fd    = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    off_t     at    = 0;
    bool      whole = fd >= 0, yes = false;

    while (whole && !yes) {
        whole = pread(fd, found, sizeof found, at) == (ssize_t)sizeof found;
        yes   = whole && memcmp(found, signature, sizeof found) == 0;
        at    = at == 0 ? 512 : 2 * at;
    }
    if (fd >= 0) close(fd);
    return yes;
}

/* The signature stands at byte 0, or behind a user block at 512, 1024, 2048, ... */
static bool has_signature(const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at + sizeof signature <= n; at = at == 0 ? 512 : 2 * at) {
        if (memcmp(bytes + at, signature, sizeof signature) == 0) return true;
    }
    return false;
}

/* found: the line of the file; wanted: the one that its first n bytes ask for. */
static sld_status compare(sld_ctx *ctx, const char *path, size_t n, const char *found,
                          const char *wanted)
{
    return memcmp(found, wanted, TRAILER_BYTES) == 0
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "%s: damaged: the SHA-256 of its first %zu bytes is %.12s..., its last "
                          "line says %.12s...",
                          path, n, wanted + MARK_BYTES, found + MARK_BYTES);
}

/* Of a file of n bytes without a whole line: length: as its superblock states it; behind: what stands
 * behind that length, as far as it may be the line's begin. */
static sld_status check_end(sld_ctx *ctx, const char *path, uint64_t length, size_t n,
                            const void *behind)
{
    if (length > n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: truncated: %zu bytes, its superblock states %" PRIu64, path, n,
                        length);
    }
    if (length > 0 && length < n) {
        const size_t n_behind  = n - (size_t)length;
        const size_t n_compare = n_behind < MARK_BYTES ? n_behind : MARK_BYTES;
        if (n_behind == TRAILER_BYTES || memcmp(behind, MARK, n_compare) == 0) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: damaged: its checksum line, %d bytes behind byte %" PRIu64
                            ", is cut or altered (%zu bytes are there)",
                            path, TRAILER_BYTES, length, n_behind);
        }
    }
    return SLD_OK;
}

static sld_status check_line(sld_ctx *ctx, const char *path, int fd, size_t n)
{
    char         found[TRAILER_BYTES], wanted[TRAILER_BYTES];
    const size_t n_front = n - TRAILER_BYTES;
    sld_sha256   sha;

    sld_sha256_init(&sha);
    if (!sha_add_file(&sha, fd, 0, n_front) ||
        pread(fd, found, sizeof found, (off_t)n_front) != (ssize_t)sizeof found) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
    }
    make_line(&sha, wanted);
    return compare(ctx, path, n_front, found, wanted);
}

sld_status trailer_check_file(sld_ctx *ctx, const char *path, int fd, size_t n, bool *has_line)
{
    uint8_t superblock[SUPERBLOCK_BYTES] = {0};
    char    behind[MARK_BYTES]           = "";

    *has_line = trailer_is_there(fd, n);
    if (*has_line) return check_line(ctx, path, fd, n);
    const ssize_t  got    = pread(fd, superblock, sizeof superblock, 0);
    const uint64_t length = got > 0 ? image_length(superblock, (size_t)got) : 0;
    if (length < n) (void)!pread(fd, behind, sizeof behind, (off_t)length);
    return check_end(ctx, path, length, n, behind);
}

sld_status trailer_check(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                         size_t *n_image)
{
    *n_image = n;
    if (n >= TRAILER_BYTES) {
        const size_t n_front = n - TRAILER_BYTES;
        const char  *found   = (const char *)bytes + n_front;
        if (memcmp(found, MARK, MARK_BYTES) == 0) {
            char wanted[TRAILER_BYTES];
            trailer_make(bytes, n_front, wanted);
            *n_image = n_front;
            return compare(ctx, path, n_front, found, wanted);
        }
    }
    if (n == 0)
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected an HDF5 file, got an empty one", path);
    if (!has_signature(bytes, n)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected an HDF5 file, got %zu bytes without its signature", path, n);
    }
    const uint64_t length = image_length(bytes, n);
    return check_end(ctx, path, length, n, (const uint8_t *)bytes + (length < n ? length : 0));
}
