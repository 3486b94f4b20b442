/* fuzz_weights.c: a weights file, held against two tensors. */
#include <math.h>

#include "fuzz.h"
#include "sld/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static float    kernel[2 * 3], variance[2];
    const sld_named tensors[] = {
        {.name = "fc.weight", .n_dims = 2, .dims = {2, 3}, .values = kernel},
        {.name = "bn.running_var", .n_dims = 1, .dims = {2}, .values = variance}};
    sld_ctx          ctx = fuzz_ctx();
    sld_doc         *doc = NULL;
    sld_weights_info info;
    char             path[128];

    fuzz_file("weights.h5", bytes, n, path);
    if (sld_doc_open(&ctx, path, &doc) == SLD_OK) {
        if (sld_weights_info_get(&ctx, doc, &info) == SLD_OK) {
            for (int c = 0; c < info.channels; c++) {
                if (!(info.std[c] > 0) || !isfinite(info.mean[c]) || !isfinite(info.std[c])) {
                    abort();
                }
            }
        }
        sld_err_clear(&ctx);
        if (sld_tensors_get(&ctx, doc, "/model", tensors, 2) == SLD_OK &&
            (variance[0] < 0 || variance[1] < 0)) {
            abort();
        }
    }
    sld_doc_close(doc);
    return 0;
}
