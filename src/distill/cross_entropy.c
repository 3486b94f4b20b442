/* cross_entropy.c: cross-entropy with label smoothing e: the target is (1-e) one-hot + e/K. */
#include "term.h"

static double row_loss(const sld_term *term, const sld_row *row, double *g)
{
    const sld_softmax *p = &row->s.soft[term->at[0]]; /* temperature 1 */
    const size_t       K = row->K, y = row->label;
    const double       spread = term->smoothing / (double)K, hit = 1.0 - term->smoothing;

    /* -log p_k = log_sum - z_k; the target's entries sum to 1. */
    double z_target = hit * row->s.z[y];
    for (size_t k = 0; k < K; k++) {
        g[k] = p->p[k] - spread;
    }
    g[y] -= hit;
    if (spread > 0.0) {
        for (size_t k = 0; k < K; k++) {
            z_target += spread * row->s.z[k];
        }
    }
    return p->log_sum - z_target;
}

const sld_term_kind sld_term_cross_entropy = {.row = row_loss};
