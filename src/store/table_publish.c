/* table_publish.c: a table of logits into its file. Rank 0 makes the file with everything that is small and
 * the place of what is large; then each rank writes its own rows. What was written is read back and
 * checked before the name is given to others: closing a file on a full disk can pass for success.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "table.h"

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

static sld_status locate(sld_ctx *ctx, sld_doc *doc, const char *name, uint64_t *place)
{
    hid_t dataset;

    SLD_TRY(doc_open_dataset(ctx, doc, name, &dataset));
    const haddr_t begin = H5Dget_offset(dataset);
    H5Dclose(dataset);
    if (begin == HADDR_UNDEF) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s has no address in the file", doc_name(doc), name);
    }
    *place = begin;
    return SLD_OK;
}

/* Made in memory, where HDF5 meets no disk. */
static sld_status make_image(sld_ctx *ctx, sld_doc *doc, const sld_table *table,
                             table_places *places)
{
    SLD_TRY(put_structure(ctx, doc, table));
    SLD_TRY(locate(ctx, doc, "/logits", &places->logits));
    places->end = places->logits + table->n * table->K * sizeof(float);
    return locate(ctx, doc, "/sha256", &places->shas);
}

static sld_status make_file(sld_ctx *ctx, const sld_table *table, const char *path,
                            table_places *places)
{
    sld_doc *doc = NULL;
    size_t   n   = 0;

    if (sld_fault(ctx, "table")) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: a fault was asked for by SLD_FAIL_AT", path);
    }
    SLD_TRY(sld_doc_create(ctx, &doc));
    sld_status st = make_image(ctx, doc, table, places);
    if (st == SLD_OK) {
        st = doc_image(ctx, doc, path, &n);
    }
    if (st == SLD_OK) {
        st = table_image_write(ctx, places, doc->image, n, path);
    }
    sld_doc_close(doc);
    return st;
}

/* ---- all ranks ---- */

/* Collective. The checksum line, then the file as it now stands on the disk: is it what it should
 * be? */
static sld_status complete(sld_ctx *ctx, const sld_comm *comm, const sld_table *table,
                           const table_places *places, const char *temporary)
{
    const sld_range mine = sld_comm_share(comm, table->n, SLD_TABLE_BLOCK);
    sld_status      st   = SLD_OK;

    if (sld_comm_rank(comm) == 0) {
        st = table_trailer_write(ctx, temporary, places->logits, places->end);
    }
    SLD_TRY(sld_agree(ctx, comm, st));
    st = sld_file_sync(ctx, temporary); /* this rank's pages of it */
    if (st == SLD_OK) {
        st = sld_table_read(ctx, table, temporary, mine, NULL);
    }
    return sld_agree(ctx, comm, st);
}

/* Rank 0. Somebody else's file of that name is as good as ours. */
static sld_status publish_once(sld_ctx *ctx, const char *temporary, const char *path, bool replace)
{
    const sld_status st = sld_file_publish_as(ctx, temporary, path, replace);

    if (st != SLD_OK && !replace && access(path, F_OK) == 0) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    return st;
}

sld_status sld_table_publish(sld_ctx *ctx, const sld_comm *comm, const sld_table *table,
                             const float *rows, const char *path, bool replace)
{
    const bool      first = sld_comm_rank(comm) == 0;
    const sld_range mine  = sld_comm_share(comm, table->n, SLD_TABLE_BLOCK);
    sld_status      st    = SLD_OK;
    struct {
        table_places places;
        char         name[PATH_MAX];
    } file = {.name = ""};

    if (first) {
        table_temporary(path, file.name);
        st = make_file(ctx, table, file.name, &file.places);
    }
    st = sld_agree(ctx, comm, st);
    if (st == SLD_OK) {
        st = sld_comm_bcast(ctx, comm, &file, sizeof file, 0);
    }
    if (st == SLD_OK) {
        st = sld_agree(ctx, comm,
                       table_rows_write(ctx, table, &file.places, mine,
                                        rows + mine.begin * table->K, file.name));
    }
    if (st == SLD_OK) {
        st = complete(ctx, comm, table, &file.places, file.name);
    }
    if (st == SLD_OK) {
        st = sld_agree(ctx, comm, first ? publish_once(ctx, file.name, path, replace) : SLD_OK);
    }
    if (first) {
        unlink(file.name);
    }
    return st;
}
