/* table_write.c: the bytes of a table into its file: rank 0 all but the logits, then every rank its
 * rows, each to its own place. By plain writes: what HDF5 or MPI-IO could not write they keep, and
 * try again when the program ends, where they crash or wait for ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "table.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are stored as they lie in memory");

static bool write_at(int fd, const void *bytes, size_t n, uint64_t at)
{
    const char *next = bytes;

    while (n > 0) {
        const ssize_t put = pwrite(fd, next, n, (off_t)at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            errno = put < 0 ? errno : ENOSPC;
            return false;
        }
        next += put;
        n -= (size_t)put;
        at += (uint64_t)put;
    }
    return true;
}

/* The file system reserves the bytes first, so that this one call reports a full disk. */
static bool write_image(int fd, const char *image, size_t n, uint64_t begin, uint64_t end)
{
    errno = posix_fallocate(fd, 0, (off_t)n);
    return errno == 0 && write_at(fd, image, begin, 0) && write_at(fd, image + end, n - end, end);
}

/* Closing is a part of writing. */
static sld_status end_write(sld_ctx *ctx, const char *path, const char *what, int fd, bool good)
{
    int why = errno;

    if (fd >= 0 && close(fd) != 0 && good) {
        good = false;
        why  = errno;
    }
    return good ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s cannot be written: %s", path, what,
                           strerror(why));
}

sld_status table_image_write(sld_ctx *ctx, const table_places *places, const void *image, size_t n,
                             const char *path)
{
    const int  fd   = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    const bool good = fd >= 0 && write_image(fd, image, n, places->logits, places->end);

    return end_write(ctx, path, "the table", fd, good);
}

/* rows, shas: of the range alone, which begins a block. */
static bool write_range(int fd, const sld_table *table, const table_places *places, sld_range mine,
                        const float *rows, const uint8_t *shas)
{
    const size_t row = table->K * sizeof *rows, first = mine.begin / SLD_TABLE_BLOCK,
                 last = (mine.end + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK;

    return write_at(fd, rows, (mine.end - mine.begin) * row, places->logits + mine.begin * row) &&
           write_at(fd, shas, (last - first) * TABLE_SHA_BYTES,
                    places->shas + first * TABLE_SHA_BYTES);
}

/* Checksums of the range's blocks; the caller frees them. */
static sld_status make_shas(sld_ctx *ctx, const sld_table *table, sld_range mine, const float *rows,
                            uint8_t **out)
{
    uint8_t *sha = *out = malloc(table_blocks(table) * TABLE_SHA_BYTES + 1);

    if (!*out) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: checksums of %zu rows", table->n);
    }
    for (size_t at = mine.begin; at < mine.end; at += SLD_TABLE_BLOCK, sha += TABLE_SHA_BYTES) {
        table_block_sha(table, at / SLD_TABLE_BLOCK, rows + (at - mine.begin) * table->K, sha);
    }
    return SLD_OK;
}

sld_status table_rows_write(sld_ctx *ctx, const sld_table *table, const table_places *places,
                            sld_range mine, const float *rows, const char *path)
{
    uint8_t *shas = NULL;

    if (mine.begin == mine.end) {
        return SLD_OK;
    }
    SLD_TRY(make_shas(ctx, table, mine, rows, &shas));
    const int  fd   = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    const bool good = fd >= 0 && write_range(fd, table, places, mine, rows, shas) && fsync(fd) == 0;
    const sld_status st = end_write(ctx, path, "a rank's rows", fd, good);
    free(shas);
    return st;
}
