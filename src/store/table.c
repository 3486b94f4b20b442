/* table.c: a table of logits into its file. Rank 0 makes the file with everything that is small and
 * the place of what is large; then all ranks open it together and each writes its own rows. What
 * was written is read back and checked before the name is given to others: closing a file on a full
 * disk can pass for success. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "table.h"

size_t table_blocks(const sld_table *table)
{
    return (table->n + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK;
}

sld_range table_block(const sld_table *table, size_t b)
{
    const size_t begin = b * SLD_TABLE_BLOCK, left = table->n - begin;
    return (sld_range){begin, begin + (left < SLD_TABLE_BLOCK ? left : SLD_TABLE_BLOCK)};
}

size_t sld_table_bytes(const sld_table *table)
{
    return table->n * (table->K * sizeof(float) + sizeof(int32_t)) +
           table_blocks(table) * TABLE_SHA_BYTES;
}

static uint8_t nibble(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

void table_block_sha(const sld_table *table, size_t b, const float *rows,
                     uint8_t out[TABLE_SHA_BYTES])
{
    const sld_range range = table_block(table, b);
    const size_t    n     = range.end - range.begin;
    sld_sha256      sha;
    char            hex[65];

    sld_sha256_init(&sha);
    sld_sha256_add(&sha, table->sample + range.begin, n * sizeof *table->sample);
    sld_sha256_add(&sha, rows, n * table->K * sizeof *rows);
    sld_sha256_hex(&sha, hex);
    for (int i = 0; i < TABLE_SHA_BYTES; i++) {
        out[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    }
}

/* ---- rank 0: the file without its rows ---- */

static sld_status put_structure(sld_ctx *ctx, sld_doc *doc, const sld_table *table)
{
    const int64_t version   = TABLE_VERSION;
    const size_t  logits[2] = {table->n, table->K}, sha[2] = {table_blocks(table), TABLE_SHA_BYTES};

    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "format", TABLE_FORMAT));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "format_version", SLD_I64, 0, &version));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "key", table->key));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "epoch", SLD_I64, 0, &table->epoch));
    SLD_TRY(sld_doc_put(ctx, doc, "/sample", SLD_I32, 1, &table->n, table->sample));
    SLD_TRY(sld_doc_axis(ctx, doc, SLD_AXIS_CLASS, 0, table->K));
    SLD_TRY(sld_doc_reserve(ctx, doc, "/logits", SLD_F32, 2, logits));
    SLD_TRY(sld_doc_scale(ctx, doc, "/logits", 0, "/sample", "sample"));
    SLD_TRY(sld_doc_scale(ctx, doc, "/logits", 1, SLD_AXIS_CLASS, "class"));
    return sld_doc_reserve(ctx, doc, "/sha256", SLD_U8, 2, sha);
}

/* The file system promises the bytes now, so that a full disk is told here, by one call. */
static sld_status claim_space(sld_ctx *ctx, const char *path)
{
    struct stat info;
    int         code = 0;
    const int   fd   = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0) {
        code = errno;
    } else {
        code = posix_fallocate(fd, 0, info.st_size);
    }
    if (fd >= 0) {
        close(fd);
    }
    return code == 0 ? SLD_OK
                     : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot be made: %s", path, strerror(code));
}

/* Where the logits lie in the file. */
static sld_status locate(sld_ctx *ctx, sld_doc *doc, const sld_table *table, uint64_t bytes[2])
{
    hid_t dataset;

    SLD_TRY(doc_open_dataset(ctx, doc, "/logits", &dataset));
    const haddr_t begin = H5Dget_offset(dataset);
    H5Dclose(dataset);
    if (begin == HADDR_UNDEF) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: /logits has no place", doc_name(doc));
    }
    bytes[0] = begin;
    bytes[1] = begin + table->n * table->K * sizeof(float);
    return SLD_OK;
}

/* logits: the bytes of the file that are theirs. */
static sld_status make_file(sld_ctx *ctx, const sld_table *table, const char *path,
                            uint64_t logits[2])
{
    sld_doc *doc = NULL;

    if (sld_fault(ctx, "table")) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: a fault was asked for by SLD_FAIL_AT", path);
    }
    SLD_TRY(sld_doc_create_file(ctx, path, &doc));
    sld_status st = put_structure(ctx, doc, table);
    if (st == SLD_OK) {
        st = locate(ctx, doc, table, logits);
    }
    if (st == SLD_OK) {
        st = sld_doc_finish(ctx, &doc);
    }
    sld_doc_close(doc);
    return st == SLD_OK ? claim_space(ctx, path) : st;
}

/* ---- all ranks: the rows ---- */

/* Collective. Opens the file by MPI-IO. */
static sld_status open_together(sld_ctx *ctx, const sld_dist *dist, sld_doc *doc)
{
    const MPI_Comm comm   = MPI_Comm_f2c(sld_dist_comm_f(dist));
    const hid_t    access = H5Pcreate(H5P_FILE_ACCESS);
    sld_status     st     = SLD_OK;

    doc->file = access >= 0 && H5Pset_fapl_mpio(access, comm, MPI_INFO_NULL) >= 0 &&
                        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
                        H5Pset_file_locking(access, false, true) >= 0
                    ? H5Fopen(doc->path, H5F_ACC_RDWR, access)
                    : H5I_INVALID_HID;
    if (doc->file < 0) {
        st = SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot be opened by all ranks: %s", doc_name(doc),
                      doc_reason(doc));
    }
    if (access >= 0) H5Pclose(access);
    return sld_agree(ctx, dist, st);
}

/* Collective. shas: of this rank's blocks. */
static sld_status write_rows(sld_ctx *ctx, const sld_dist *dist, sld_doc *doc,
                             const sld_table *table, const float *rows, const uint8_t *shas)
{
    const sld_range mine     = sld_dist_share(dist, table->n, SLD_TABLE_BLOCK);
    const sld_range blocks   = {mine.begin / SLD_TABLE_BLOCK,
                                (mine.end + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK};
    const hid_t     transfer = H5Pcreate(H5P_DATASET_XFER);
    const bool      ready = transfer >= 0 && H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE) >= 0;
    sld_status      st =
        ready ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_IO, "%s: no property list", doc_name(doc));

    st = sld_agree(ctx, dist, st);
    if (st == SLD_OK) {
        st = doc_rows_write(ctx, doc, "/logits", SLD_F32, mine, transfer,
                            rows + mine.begin * table->K);
        st = sld_agree(ctx, dist, st);
    }
    if (st == SLD_OK) {
        st = doc_rows_write(ctx, doc, "/sha256", SLD_U8,
                            mine.begin < mine.end ? blocks : (sld_range){0, 0}, transfer, shas);
        st = sld_agree(ctx, dist, st);
    }
    if (transfer >= 0) H5Pclose(transfer);
    return st;
}

/* Local. Checksums of this rank's blocks, with one byte to spare where it has none; the caller
 * frees them. */
static sld_status make_shas(sld_ctx *ctx, const sld_table *table, sld_range mine, const float *rows,
                            uint8_t **out)
{
    const size_t first = mine.begin / SLD_TABLE_BLOCK;

    *out = malloc(table_blocks(table) * TABLE_SHA_BYTES + 1);
    if (!*out) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: checksums of %zu rows", table->n);
    }
    for (size_t at = mine.begin; at < mine.end; at += SLD_TABLE_BLOCK) {
        const size_t b = at / SLD_TABLE_BLOCK;
        table_block_sha(table, b, rows + at * table->K, *out + (b - first) * TABLE_SHA_BYTES);
    }
    return SLD_OK;
}

/* Collective. The rows into the file that rank 0 has made. */
static sld_status fill(sld_ctx *ctx, const sld_dist *dist, const sld_table *table,
                       const float *rows, const char *temporary)
{
    const sld_range mine = sld_dist_share(dist, table->n, SLD_TABLE_BLOCK);
    uint8_t        *shas = NULL;
    sld_doc        *doc  = NULL;
    sld_status      st   = make_shas(ctx, table, mine, rows, &shas);

    if (st == SLD_OK) {
        st = doc_for_file(ctx, temporary, &doc);
    }
    st = sld_agree(ctx, dist, st);
    if (st == SLD_OK) {
        st = open_together(ctx, dist, doc);
    }
    if (st == SLD_OK) {
        st                      = write_rows(ctx, dist, doc, table, rows, shas);
        const sld_status closed = sld_doc_finish(ctx, &doc); /* collective: also after a failure */
        st                      = sld_agree(ctx, dist, st == SLD_OK ? closed : st);
    }
    free(shas);
    sld_doc_close(doc);
    return st;
}

/* Collective. The checksum line, then the file as it now stands on the disk: is it what it should
 * be? logits: on rank 0. */
static sld_status complete(sld_ctx *ctx, const sld_dist *dist, const sld_table *table,
                           const uint64_t logits[2], const char *temporary)
{
    const sld_range mine = sld_dist_share(dist, table->n, SLD_TABLE_BLOCK);
    sld_status      st   = SLD_OK;

    if (sld_dist_rank(dist) == 0) {
        st = table_trailer_write(ctx, temporary, logits[0], logits[1]);
    }
    SLD_TRY(sld_agree(ctx, dist, st));
    st = sld_file_sync(ctx, temporary); /* this rank's pages of it */
    if (st == SLD_OK) {
        st = sld_table_read(ctx, table, temporary, mine, NULL);
    }
    return sld_agree(ctx, dist, st);
}

/* Rank 0. Somebody else's file of that name is as good as ours. */
static sld_status publish(sld_ctx *ctx, const char *temporary, const char *path, bool replace)
{
    const sld_status st = sld_file_publish_as(ctx, temporary, path, replace);

    if (st != SLD_OK && !replace && access(path, F_OK) == 0) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    return st;
}

sld_status sld_table_publish(sld_ctx *ctx, const sld_dist *dist, const sld_table *table,
                             const float *rows, const char *path, bool replace)
{
    const bool first          = sld_dist_rank(dist) == 0;
    uint64_t   logits[2]      = {0, 0};
    char       name[PATH_MAX] = "";
    sld_status st             = SLD_OK;

    if (first) {
        table_temporary(path, name);
        st = make_file(ctx, table, name, logits);
    }
    st = sld_agree(ctx, dist, st);
    if (st == SLD_OK) {
        st = sld_dist_bcast(ctx, dist, name, sizeof name, 0);
    }
    if (st == SLD_OK) {
        st = fill(ctx, dist, table, rows, name);
    }
    if (st == SLD_OK) {
        st = complete(ctx, dist, table, logits, name);
    }
    if (st == SLD_OK) {
        st = sld_agree(ctx, dist, first ? publish(ctx, name, path, replace) : SLD_OK);
    }
    if (first) {
        unlink(name);
    }
    return st;
}
