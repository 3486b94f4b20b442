/* table_layout.c: the blocks of a table of logits, and their checksums. */
#include <string.h>

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
