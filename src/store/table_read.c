/* table_read.c: a table of logits out of its file: is it the one wanted, and is it whole? */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "table.h"

/* Finds the first line in which two keys differ, for a message. */
static void first_difference(const char *found, const char *wanted, char line[2][128])
{
    while (*found && *found == *wanted) {
        const size_t n = strcspn(found, "\n"), m = strcspn(wanted, "\n");
        if (n != m || strncmp(found, wanted, n) != 0) {
            break;
        }
        found += n + (found[n] != '\0');
        wanted += m + (wanted[m] != '\0');
    }
    const char *at[2] = {found, wanted};
    for (int i = 0; i < 2; i++) {
        const size_t n = strcspn(at[i], "\n");
        memcpy(line[i], at[i], n < 127 ? n : 127);
        line[i][n < 127 ? n : 127] = '\0';
    }
}

static sld_status check_key(sld_ctx *ctx, sld_doc *doc, const sld_table *table)
{
    const char *format, *key;
    int64_t     version, epoch;
    char        line[2][128];

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "format", &format));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "format_version", SLD_I64, 0, &version));
    if (strcmp(format, TABLE_FORMAT) != 0 || version != TABLE_VERSION) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: expected the format %s, version %d, got %.40s, version %lld",
                        sld_doc_path(doc), TABLE_FORMAT, TABLE_VERSION, format, (long long)version);
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "key", &key));
    if (strcmp(key, table->key) != 0) {
        first_difference(key, table->key, line);
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected logits of \"%s\", got those of \"%s\"",
                        sld_doc_path(doc), line[1], line[0]);
    }
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "epoch", SLD_I64, 0, &epoch));
    if (epoch != table->epoch) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected epoch %lld, got %lld", sld_doc_path(doc),
                        (long long)table->epoch, (long long)epoch);
    }
    SLD_TRY(sld_doc_check_shape(ctx, doc, "/logits", 2, (const size_t[]){table->n, table->K}));
    return sld_doc_check_shape(ctx, doc, "/sha256", 2,
                               (const size_t[]){table_blocks(table), TABLE_SHA_BYTES});
}

static sld_status check_samples(sld_ctx *ctx, sld_doc *doc, const sld_table *table, size_t b)
{
    const sld_range range = table_block(table, b);
    int32_t         found[SLD_TABLE_BLOCK];

    SLD_TRY(sld_doc_get_rows(ctx, doc, "/sample", SLD_I32, range, found));
    for (size_t i = 0; i < range.end - range.begin; i++) {
        if (found[i] != table->sample[range.begin + i]) {
            return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: row %zu: expected sample %d, got %d",
                            sld_doc_path(doc), range.begin + i, (int)table->sample[range.begin + i],
                            (int)found[i]);
        }
    }
    return SLD_OK;
}

/* rows: of the block alone. */
static sld_status read_block(sld_ctx *ctx, sld_doc *doc, const sld_table *table, size_t b,
                             float *rows)
{
    const sld_range range = table_block(table, b);
    uint8_t         stored[TABLE_SHA_BYTES], sha[TABLE_SHA_BYTES];

    SLD_TRY(check_samples(ctx, doc, table, b));
    SLD_TRY(sld_doc_get_rows(ctx, doc, "/logits", SLD_F32, range, rows));
    SLD_TRY(sld_doc_get_rows(ctx, doc, "/sha256", SLD_U8, (sld_range){b, b + 1}, stored));
    table_block_sha(table, b, rows, sha);
    if (memcmp(stored, sha, sizeof sha) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: damaged: the SHA-256 of rows %zu to %zu is not the stored one",
                        sld_doc_path(doc), range.begin, range.end - 1);
    }
    return SLD_OK;
}

sld_status sld_table_read(sld_ctx *ctx, const sld_table *table, const char *path, sld_range part,
                          float *out)
{
    sld_doc *doc  = NULL;
    float   *rows = NULL; /* (SLD_TABLE_BLOCK,K) where none are wanted */

    SLD_TRY(table_trailer_check(ctx, path));
    SLD_TRY(sld_doc_open_checked(ctx, path, &doc)); /* by its own last line */
    sld_status st = check_key(ctx, doc, table);
    if (st == SLD_OK && !out && !(rows = malloc(SLD_TABLE_BLOCK * table->K * sizeof *rows))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %d rows of %zu logits", SLD_TABLE_BLOCK,
                      table->K);
    }
    for (size_t at = part.begin; st == SLD_OK && at < part.end; at += SLD_TABLE_BLOCK) {
        st = read_block(ctx, doc, table, at / SLD_TABLE_BLOCK, out ? out + at * table->K : rows);
    }
    free(rows);
    sld_doc_close(doc);
    return st;
}
