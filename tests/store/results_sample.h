/* results_sample.h: a small results file as a run would leave it. */
#ifndef SLD_TESTS_STORE_RESULTS_SAMPLE_H
#define SLD_TESTS_STORE_RESULTS_SAMPLE_H

#include <math.h>

#include "sld/store.h"

#define SAMPLE_EPOCHS  3
#define SAMPLE_SAMPLES 5
#define SAMPLE_CLASSES 4

/* Fills doc; the first failure is returned. */
static inline sld_status put_results_sample(sld_ctx *ctx, sld_doc *doc)
{
    const double      lr[]          = {0.05, 0.05, 0.005};
    const double      loss[]        = {2.5, 1.5, NAN};
    const int32_t     labels[]      = {3, 1, 0, 2, 2};
    const char *const class_names[] = {"apple", "B\xc3\xa4r", "cat", "dog"};
    float             logits[SAMPLE_SAMPLES * SAMPLE_CLASSES];

    for (int i = 0; i < SAMPLE_SAMPLES * SAMPLE_CLASSES; i++) {
        logits[i] = 0.5F * (float)i;
    }
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "format", "sld results"));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "config", "student:\n  network: resnet8\n"));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "ranks", SLD_I32, 0, &(int32_t){2}));
    SLD_TRY(sld_doc_put_column(ctx, doc, "/epoch/lr", "1", lr, SAMPLE_EPOCHS));
    SLD_TRY(sld_doc_put_column(ctx, doc, "/epoch/loss_ce_weak", "1", loss, SAMPLE_EPOCHS));
    SLD_TRY(
        sld_doc_put_logits(ctx, doc, "/logits/test_last", logits, SAMPLE_SAMPLES, SAMPLE_CLASSES));
    SLD_TRY(
        sld_doc_put_logits(ctx, doc, "/logits/test_best", logits, SAMPLE_SAMPLES, SAMPLE_CLASSES));
    SLD_TRY(sld_doc_put_labels(ctx, doc, "/labels/test", labels, SAMPLE_SAMPLES));
    return sld_doc_put_class_names(ctx, doc, class_names, SAMPLE_CLASSES);
}

#endif
