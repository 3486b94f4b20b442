/* swap.c: the swap of a row of logits, and the student against its own swapped logits
 * (docs/methods.md, "Swap" and "Student swap"). */
#include "sld/distill.h"

#include <string.h>

#include "term.h"

bool sld_swap(const float *z, int32_t y, size_t K, float *out)
{
    const size_t top = sld_argmax(z, K), label = (size_t)y;
    const float  z_top = z[top], z_label = z[label];

    if (out != z) memcpy(out, z, K * sizeof *out);
    out[label] = z_top;
    out[top]   = z_label;
    return top != label;
}

/* A swap keeps the multiset of logits. Therefore tau^2 KL(softmax(S(z)/tau) || softmax(z/tau)) has
 * the closed form tau (p_m - p_y)(z_m - z_y), where m is the maximum and y the label. It is 0 if
 * the student is right. */
static double row_loss(const sld_term *term, const sld_row *row, double *g)
{
    const size_t K = row->K, y = row->label, m = row->s.top;
    if (m == y) return 0.0;

    const double margin = row->s.z[m] - row->s.z[y]; /* z_m - z_y >= 0 */
    double       loss   = 0.0;
    for (size_t j = 0; j < term->n_taus[row->view]; j++) {
        const double  tau = term->tau[j];
        const double *p   = row->s.soft[term->at[j]].p;
        const double  gap = p[m] - p[y];
        loss += tau * gap * margin;

        /* The gradient through the right-hand side of the KL, as if the swapped side were
         * constant. */
        g[m] += tau * gap;
        g[y] -= tau * gap;
        if (term->detach) continue;

        /* The gradient through the swapped side too, as in the public code: margin d(tau
         * gap)/dz. */
        for (size_t k = 0; k < K; k++) {
            g[k] -= margin * gap * p[k];
        }
        g[m] += margin * p[m];
        g[y] -= margin * p[y];
    }
    return loss;
}

const sld_term_kind sld_term_student_swap = {.row = row_loss};
