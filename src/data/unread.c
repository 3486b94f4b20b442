/* unread.c: tells what an HDF5 data set has under other names or in other places than those that
 * are read (docs/experiment.md, "Data sets"). A short list, of what people do write. */
#include <stdio.h>

#include "unread.h"

enum { MOMENTS, CLASS_NAMES, COARSE_NAMES, KINDS };

/* An attribute of an object, or a data set where name is NULL. */
typedef struct place {
    int         kind;
    const char *object, *name;
} place;

static const place PLACES[] = {
    {MOMENTS, "/", "Mean"},
    {MOMENTS, "/", "Std"},
    {MOMENTS, "/train", "mean"},
    {MOMENTS, "/train", "std"},
    {MOMENTS, "/train/images", "mean"},
    {MOMENTS, "/train/images", "std"},
    {MOMENTS, "/mean", NULL},
    {MOMENTS, "/std", NULL},
    {MOMENTS, "/Mean", NULL},
    {MOMENTS, "/Std", NULL},
    {MOMENTS, "/train/mean", NULL},
    {MOMENTS, "/train/std", NULL},
    {CLASS_NAMES, "/", "class_names"},
    {CLASS_NAMES, "/", "label_names"},
    {CLASS_NAMES, "/train", "class_names"},
    {CLASS_NAMES, "/train/labels", "class_names"},
    {CLASS_NAMES, "/train/labels", "names"},
    {CLASS_NAMES, "/classes", NULL},
    {CLASS_NAMES, "/label_names", NULL},
    {CLASS_NAMES, "/train/class_names", NULL},
    {COARSE_NAMES, "/", "coarse_names"},
    {COARSE_NAMES, "/train", "coarse_names"},
    {COARSE_NAMES, "/train/coarse", "names"},
};

static const char *const CURE[KINDS] = {
    "mean and std are two attributes of the file, of pixel/255: f.attrs[\"mean\"]; they are "
    "measured",
    "names of classes are the data set /class_names: f[\"class_names\"]",
    "names of superclasses are the data set /coarse_names beside /train/coarse and /test/coarse",
};

static void warn(sld_ctx *ctx, const sld_doc *doc, const place *at)
{
    sld_log(ctx, SLD_LOG_WARN, "%s: %s%s%s%s is not read: %s", sld_doc_path(doc),
            at->name ? "the attribute " : "", at->name ? at->name : "", at->name ? " of " : "",
            at->object, CURE[at->kind]);
}

/* A third split in the file is easily taken for the one that data.val_fraction makes. */
static void warn_of_val(sld_ctx *ctx, sld_doc *doc)
{
    static const char *const paths[] = {"/val", "/valid", "/validation", "/dev"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (sld_doc_has(doc, paths[i])) {
            sld_log(ctx, SLD_LOG_WARN,
                    "%s: %s is not read: a validation split is a part of train "
                    "(data.val_fraction); join its samples to train or leave them out",
                    sld_doc_path(doc), paths[i]);
        }
    }
}

void sld_data_warn_unread(sld_ctx *ctx, sld_doc *doc, const data_shape *shape)
{
    bool quiet[KINDS] = {shape->has_moments, shape->has_class_names, shape->has_coarse_names};

    warn_of_val(ctx, doc);
    if (!shape->n_coarse && sld_doc_has(doc, "/coarse_names")) {
        warn(ctx, doc, &(place){COARSE_NAMES, "/coarse_names", NULL});
        quiet[COARSE_NAMES] = true;
    }
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        const place *at = &PLACES[i];

        if (!quiet[at->kind] && (at->name ? sld_doc_has_attr(doc, at->object, at->name)
                                          : sld_doc_has(doc, at->object))) {
            warn(ctx, doc, at);
            quiet[at->kind] = true;
        }
    }
}
