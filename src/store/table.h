/* table.h: what the files of a logit table share. */
#ifndef SLD_STORE_TABLE_H
#define SLD_STORE_TABLE_H

#include <limits.h>

#include "sld/store.h"

#define TABLE_FORMAT    "sld-teacher-logits"
#define TABLE_VERSION   1
#define TABLE_SHA_BYTES 32

/* Local. PATH.HOST.PROCESS.RANDOM.tmp: who writes it can be seen from the name. */
void table_temporary(const char *path, char name[PATH_MAX]);

/* Local. SHA-256 of the rows of block b. rows: of the block alone. */
void table_block_sha(const sld_table *table, size_t b, const float *rows,
                     uint8_t sha[TABLE_SHA_BYTES]);

/* Local. */
size_t    table_blocks(const sld_table *table);
sld_range table_block(const sld_table *table, size_t b); /* its rows */

/* Where the values lie in the file, in bytes. */
typedef struct table_places {
    uint64_t logits, end; /* of the logits */
    uint64_t shas;
} table_places;

/* Local. The file, with the n bytes of image but for the logits, whose place stays empty.
 * SLD_ERR_IO. */
sld_status table_image_write(sld_ctx *ctx, const table_places *places, const void *image, size_t n,
                             const char *path);

/* Local. A rank's rows, with their checksums, written and synced. rows: (mine, K). SLD_ERR_IO. */
sld_status table_rows_write(sld_ctx *ctx, const sld_table *table, const table_places *places,
                            sld_range mine, const float *rows, const char *path);

/* Local. The checksum line over all of the file but the bytes [begin,end), the logits. */
sld_status table_trailer_write(sld_ctx *ctx, const char *path, uint64_t begin, uint64_t end);
sld_status table_trailer_check(sld_ctx *ctx, const char *path);

#endif
