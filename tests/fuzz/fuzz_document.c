/* fuzz_document.c: an HDF5 file, from memory and in place: all its members, as numbers and as texts.
 * HDF5's own crashes are met by the process that tries the file first. */
#include "fuzz.h"
#include "sld/store.h"

enum { MAX = 4096 }; /* values read of one object */

static void read_all(sld_ctx *ctx, sld_doc *doc)
{
    static double      values[MAX];
    static const char *texts[MAX];
    const char        *name;
    char               path[600];

    for (size_t i = 0; (name = sld_doc_member(doc, "/", i)); i++) {
        size_t dims[SLD_DOC_DIMS], n = 1;
        int    n_dims = 0;

        snprintf(path, sizeof path, "/%s", name);
        if (sld_doc_dims(ctx, doc, path, &n_dims, dims) == SLD_OK) {
            for (int d = 0; d < n_dims; d++) {
                n *= dims[d];
            }
            if (n <= MAX) {
                (void)sld_doc_get(ctx, doc, path, SLD_F64, n, values);
                (void)sld_doc_get_text(ctx, doc, path, n, texts);
            }
        }
        sld_err_clear(ctx);
    }
    (void)sld_doc_get_attr_text(ctx, doc, "/", "format", texts);
    (void)sld_doc_get_attr(ctx, doc, "/", "mean", SLD_F32, 3, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sld_ctx  ctx = fuzz_ctx();
    sld_doc *doc = NULL;
    char     path[128];

    fuzz_file("document.h5", bytes, n, path);
    if (sld_doc_open(&ctx, path, &doc) == SLD_OK) {
        read_all(&ctx, doc);
    }
    sld_doc_close(doc);
    sld_err_clear(&ctx);
    if (sld_doc_open_file(&ctx, path, &doc) == SLD_OK) {
        read_all(&ctx, doc);
    }
    sld_doc_close(doc);
    return 0;
}
