/* describe.c: says what an HDF5 file is, and what takes it, to who gave it where a file of another kind was
 * wanted. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static void of_results(const char *path, char *text, size_t n)
{
    const char *slash = strrchr(path, '/');
    char        folder[200];

    if (strcmp(slash ? slash + 1 : path, "results.h5") != 0) {
        snprintf(text, n,
                 "the results of a run under another name; a run is the folder of its results.h5: "
                 "copy it into a folder of its own under that name");
        return;
    }
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    snprintf(text, n, "the results of a run; sld report %.180s, sld eval %.180s/last.h5", folder,
             folder);
}

static void of_format(const char *path, const char *format, char *text, size_t n)
{
    char shown[64];

    if (strcmp(format, "sld-results") == 0) {
        of_results(path, text, n);
    } else if (strcmp(format, "sld-study") == 0) {
        snprintf(text, n, "a study; sld report %.180s", path);
    } else {
        snprintf(text, n, "a file of the format %.40s (docs/files.md)",
                 sld_text_printable(format, shown, sizeof shown));
    }
}

void sld_doc_describe(sld_doc *doc, char *text, size_t n)
{
    sld_ctx     quiet;
    const char *format = NULL, *path = doc_name(doc);

    sld_ctx_init(&quiet);
    if (sld_doc_has_attr(doc, "/", "network") && sld_doc_has(doc, "/model")) {
        snprintf(text, n,
                 "a weights file; sld eval %.180s, or teacher.weights and student.weights in an "
                 "experiment",
                 path);
    } else if (sld_doc_has_attr(doc, "/", "format") &&
               sld_doc_get_attr_text(&quiet, doc, "/", "format", &format) == SLD_OK) {
        of_format(path, format, text, n);
    } else if (sld_doc_has(doc, "/train/images")) {
        snprintf(text, n,
                 "a data set; an experiment names it by data.path, and sld data info describes it");
    } else if (sld_doc_has_attr(doc, "/", "split") &&
               (sld_doc_has(doc, "/logits") || sld_doc_has(doc, "/features"))) {
        snprintf(text, n, "what sld eval wrote of weights by --logits; give these weights");
    } else if (sld_doc_has(doc, "/logits_weak") || sld_doc_has(doc, "/logits_strong")) {
        snprintf(text, n, "a teacher's logits; teacher.logits_files names their folder");
    } else {
        snprintf(text, n,
                 "an HDF5 file of another kind; a data set is named by data.path, weights of "
                 "PyTorch are converted by sld_analysis (docs/teachers.md)");
    }
}
