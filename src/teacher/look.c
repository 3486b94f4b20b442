/* look.c: whether the rows of an outside teacher's tables can be logits, and how often the teacher is
 * right. Any finite numbers could be logits, so what seems wrong is told and not refused. */
#include <math.h>
#include <stdio.h>

#include "parts.h"
#include "sld/distill.h"

/* row: (K). */
static bool is_flat(const float *row, size_t K)
{
    size_t k = 1;

    while (k < K && row[k] == row[0]) {
        k++;
    }
    return k == K;
}

/* row: (K). */
static bool is_probabilities(const float *row, size_t K)
{
    double sum = 0.0;

    for (size_t k = 0; k < K; k++) {
        if (!(row[k] >= 0.0f && row[k] <= 1.0f)) {
            return false;
        }
        sum += row[k];
    }
    return fabs(sum - 1.0) <= 0.01; /* half precision rounds each to 11 bits */
}

void sld_look_at(const float *logits, const int32_t *labels, const uint32_t *index, size_t n,
                 size_t K, sld_look *out)
{
    for (size_t i = 0; i < n; i++) {
        const float *row  = logits + i * K;
        const bool   flat = is_flat(row, K);
        out->rows += 1.0f;
        out->right += sld_argmax(row, K) == (size_t)labels[index ? index[i] : i];
        out->flat += flat;
        out->probabilities += !flat && is_probabilities(row, K);
    }
}

static bool has_flat(const sld_look *l)
{
    return l->flat > 0.0f;
}

static bool holds_probabilities(const sld_look *l)
{
    return l->probabilities > 0.0f && l->probabilities + l->flat == l->rows;
}

/* look: (n, SLD_VIEWS). Of the tables for which it holds the number, and the path of the first. */
static size_t find(const char *folder, const sld_look *look, size_t n,
                   bool (*holds)(const sld_look *), char first[PATH_MAX])
{
    size_t found = 0;

    for (size_t i = 0; i < n * SLD_VIEWS; i++) {
        if (!holds(&look[i])) {
            continue;
        }
        if (found == 0 && look[i].epoch == SLD_LOOK_TEST) {
            snprintf(first, PATH_MAX, "%.4000s/" SLD_TEACHER_TEST_FILE ": /logits", folder);
        } else if (found == 0) {
            snprintf(first, PATH_MAX, "%.4000s/epoch-%05d.h5: /logits_%s", folder,
                     (int)look[i].epoch, sld_view_name[i % SLD_VIEWS]);
        }
        found++;
    }
    return found;
}

/* "in this table" or "in 3 tables, of which this is the first". */
static const char *how_many(size_t tables, char text[64])
{
    snprintf(text, 64, tables == 1 ? "in this table" : "in %zu tables, of which this is the first",
             tables);
    return text;
}

static void tell_accuracy(sld_ctx *ctx, const char *folder, const sld_look *look, size_t n)
{
    char   text[96] = "";
    size_t at       = 0;

    for (int v = 0; v < SLD_VIEWS; v++) {
        double rows = 0.0, right = 0.0;
        for (size_t i = 0; i < n; i++) {
            rows += look[i * SLD_VIEWS + (size_t)v].rows;
            right += look[i * SLD_VIEWS + (size_t)v].right;
        }
        if (rows > 0.0) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%.2f %% on %s%s",
                                   at > 0 ? ", " : "", 100.0 * right / rows,
                                   look[0].epoch == SLD_LOOK_TEST ? "test" : sld_view_name[v],
                                   look[0].epoch == SLD_LOOK_TEST ? "" : " views");
        }
    }
    sld_log(ctx, SLD_LOG_INFO, "teacher of %s: top-1 %s", folder, text);
}

void sld_look_tell(sld_ctx *ctx, const char *folder, const sld_look *look, size_t n)
{
    char   first[PATH_MAX], many[64];
    size_t found;

    tell_accuracy(ctx, folder, look, n);
    if ((found = find(folder, look, n, has_flat, first)) > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: expected logits that tell classes apart, got rows with one value for all "
                "classes %s: they teach nothing, and may not have been written",
                first, how_many(found, many));
    }
    if ((found = find(folder, look, n, holds_probabilities, first)) > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: expected logits, got rows of numbers from 0 to 1 with the sum 1 %s: a softmax "
                "is taken of them once more; write the logits, or the logarithms of probabilities",
                first, how_many(found, many));
    }
}
