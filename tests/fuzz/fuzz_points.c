/* fuzz_points.c: the file points of a sweep's folder. */
#include "fuzz.h"
#include "sld/grid.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sld_ctx   ctx   = fuzz_ctx();
    sld_grid *sweep = NULL;
    char      path[128];

    fuzz_file("points", bytes, n, path);
    if (sld_grid_open(&ctx, fuzz_folder(), &sweep) == SLD_OK) {
        for (size_t i = 0; i < sld_grid_count(sweep); i++) {
            if (sld_grid_find(sweep, sld_grid_point(sweep, i)->id) < 0) {
                abort();
            }
        }
    }
    sld_grid_close(sweep);
    return 0;
}
