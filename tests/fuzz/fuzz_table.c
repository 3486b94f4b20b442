/* fuzz_table.c: a table of teacher logits whose last line is right, so that all behind it is reached:
 * what a hostile neighbour could write. */
#include "fuzz.h"
#include "internal.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const int32_t sample[] = {0, 2, 3};
    static float         rows[3 * 4];
    const sld_table table = {.key = "teacher: x\n", .epoch = 1, .sample = sample, .n = 3, .K = 4};
    sld_ctx         ctx   = fuzz_ctx();
    char            path[128];

    fuzz_file("table.h5", bytes, n, path);
    (void)sld_table_read(&ctx, &table, path, (sld_range){0, 3}, rows);
    sld_err_clear(&ctx);
    if (table_trailer_write(&ctx, path, 0, 0) == SLD_OK) {
        (void)sld_table_read(&ctx, &table, path, (sld_range){0, 3}, rows);
    }
    return 0;
}
