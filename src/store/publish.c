/* publish.c: a finished document becomes a file. */
#include "internal.h"

sld_status sld_doc_publish(sld_ctx *ctx, sld_doc **doc, const char *path, bool replace)
{
    size_t     n = 0;
    sld_status st;

    if ((*doc)->temporary) {
        st = doc_publish_on_disk(ctx, *doc, path, replace);
    } else {
        st = doc_seal(ctx, *doc, path, &n);
        if (st == SLD_OK) st = sld_file_publish(ctx, path, (*doc)->image, n, replace);
    }
    sld_doc_close(*doc);
    *doc = NULL;
    return st;
}
