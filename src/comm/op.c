/* op.c: combines two nodes of a reduction, element by element in a fixed expression, so that the
 * value depends on left and right alone. */
#include <string.h>

#include "internal.h"

/* In all loops out may be left or right itself; other overlaps are not allowed. */

static void sum_f32(const float *left, const float *right, float *out, size_t n)
{
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        out[i] = left[i] + right[i];
    }
}

static void sum_f64(const double *left, const double *right, double *out, size_t n)
{
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        out[i] = left[i] + right[i];
    }
}

/* [count, mean(C), m2(C)], m2 = sum of squared deviations from the mean (Chan, Golub, LeVeque,
 * "Updating formulae and a pairwise algorithm for computing sample variances", 1979, eq. 2.1). */
static void merge_moments(const double *left, const double *right, double *out, size_t n)
{
    if (left[0] == 0.0 || right[0] == 0.0) {
        memmove(out, left[0] == 0.0 ? right : left, n * sizeof *out);
        return;
    }
    const size_t  c      = (n - 1) / 2;
    const double  count  = left[0] + right[0];
    const double  share  = right[0] / count;
    const double  scale  = left[0] * share;
    const double *mean_l = left + 1, *mean_r = right + 1, *m2_l = mean_l + c, *m2_r = mean_r + c;
    double       *mean = out + 1, *m2 = mean + c;

    out[0] = count;
#pragma GCC ivdep
    for (size_t i = 0; i < c; i++) {
        const double delta = mean_r[i] - mean_l[i];
        mean[i]            = mean_l[i] + delta * share;
        m2[i]              = m2_l[i] + m2_r[i] + delta * delta * scale;
    }
}

void sld_op_apply(sld_op op, const void *left, const void *right, void *out, size_t n)
{
    switch (op) {
    case SLD_SUM_F32:
        sum_f32(left, right, out, n);
        break;
    case SLD_SUM_F64:
        sum_f64(left, right, out, n);
        break;
    case SLD_MOMENTS:
        merge_moments(left, right, out, n);
        break;
    }
}

void sld_op_combine(sld_op op, void *dst, const void *src, size_t n)
{
    sld_op_apply(op, dst, src, dst, n);
}
