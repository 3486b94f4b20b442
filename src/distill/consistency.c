/* consistency.c: mlkd's terms over the global batch (docs/methods.md, "MLKD"). P (B,K) the
 * student's softmax, Q the teacher's, summed over temperatures without tau^2:
 *   batch  |PP' - QQ'|^2 / B, row i of the B x B matrix weighted (1 where the term is not masked)
 *   class  |P'P - Q'Q|^2 / K, row k of the K x K matrix weighted
 * Neither needs a K x K matrix: with m the class weights on a diagonal, row i of PP', PQ', QQ' is
 * a, c, d and of P m P', P m Q', Q m Q' is a_m, c_m, d_m, and the class term is the sum over all
 * pairs of rows of a_m a - 2 c_m c + d_m d. A row that the correction skips is a row of zeros. */
#include <math.h>
#include <string.h>

#include "term.h"

/* The softmaxes of all rows in both layouts, and memory for one row of this rank. */
typedef struct pairs {
    size_t  B, K;
    double *P, *Q;                             /* (B,K) */
    double *Pt, *Qt;                           /* (K,B) */
    double *a, *c, *d, *am, *cm, *dm, *factor; /* (B) */
    double *mine, *grad;                       /* (K) */
} pairs;

static size_t scratch_doubles(size_t B, size_t K)
{
    return 4 * B * K + 7 * B + 2 * K;
}

static pairs lay_out(const sld_term *term, const sld_global_batch *w)
{
    const size_t B = w->B, K = w->K;
    double      *P = term->scratch, *rows = P + 4 * B * K;
    return (pairs){.B      = B,
                   .K      = K,
                   .P      = P,
                   .Q      = P + B * K,
                   .Pt     = P + 2 * B * K,
                   .Qt     = P + 3 * B * K,
                   .a      = rows,
                   .c      = rows + B,
                   .d      = rows + 2 * B,
                   .am     = rows + 3 * B,
                   .cm     = rows + 4 * B,
                   .dm     = rows + 5 * B,
                   .factor = rows + 6 * B,
                   .mine   = rows + 7 * B,
                   .grad   = rows + 7 * B + K};
}

/* p: (K), row i. It is also written as column i of the transposed (K,B). */
static void softmax(const float *z, double tau, bool kept, size_t i, const pairs *m, double *p,
                    double *transposed)
{
    const double z_top = (double)z[sld_argmax(z, m->K)];
    double       sum   = 0.0;
    for (size_t k = 0; k < m->K; k++) {
        p[k] = exp(((double)z[k] - z_top) / tau);
        sum += p[k];
    }
    const double scale = kept ? 1.0 / sum : 0.0;
    for (size_t k = 0; k < m->K; k++) {
        p[k] *= scale;
        transposed[k * m->B + i] = p[k];
    }
}

static void softmax_of_batch(const sld_global_batch *w, double tau, const pairs *m)
{
    for (size_t i = 0; i < w->B; i++) {
        const bool kept = sld_batch_kept(w, i);
        softmax(sld_batch_student(w, i), tau, kept, i, m, m->P + i * w->K, m->Pt);
        softmax(sld_batch_teacher(w, i), tau, kept, i, m, m->Q + i * w->K, m->Qt);
    }
}

/* out[c] += sum_r factor[r] row_r[c], rows of n one after another; r ascending in every element.
 * Four rows at a time: out is then read and written a quarter as often. */
static void add_rows(const double *factor, const double *rows, size_t n_rows, size_t n, double *out)
{
    size_t r = 0;
    for (; r + 4 <= n_rows; r += 4) {
        const double *x = rows + r * n, *f = factor + r;
        for (size_t c = 0; c < n; c++) {
            out[c] =
                out[c] + f[0] * x[c] + f[1] * x[n + c] + f[2] * x[2 * n + c] + f[3] * x[3 * n + c];
        }
    }
    for (; r < n_rows; r++) {
        for (size_t c = 0; c < n; c++) {
            out[c] += factor[r] * rows[r * n + c];
        }
    }
}

/* out[j] = row . column j of the transposed (K,B). */
static void products(const double *row, const double *transposed, const pairs *m, double *out)
{
    memset(out, 0, m->B * sizeof *out);
    add_rows(row, transposed, m->K, m->B, out);
}

/* Turns grad = d/dP into d/dz, where P = softmax(z / tau), and adds it to g. */
static void pull_back(const double *p, const double *grad, double tau, size_t K, double *g)
{
    double mean = 0.0;
    for (size_t k = 0; k < K; k++) {
        mean += p[k] * grad[k];
    }
    for (size_t k = 0; k < K; k++) {
        g[k] += p[k] * (grad[k] - mean) / tau;
    }
}

/* Returns row i of the batch term; m->grad: the gradient of the value times B. weight NULL: no
 * mask. */
static double batch_row(const pairs *m, size_t i, const double *weight)
{
    double loss = 0.0;
    products(m->P + i * m->K, m->Pt, m, m->a);
    products(m->Q + i * m->K, m->Qt, m, m->d);
    memset(m->grad, 0, m->K * sizeof *m->grad);
    for (size_t j = 0; j < m->B; j++) {
        const double gap = m->a[j] - m->d[j];
        const double own = weight ? weight[i] : 1.0, both = own + (weight ? weight[j] : 1.0);
        loss += own * gap * gap;
        m->factor[j] = 2.0 * both * gap;
    }
    add_rows(m->factor, m->P, m->B, m->K, m->grad);
    return loss;
}

/* out[k] = weight of class k times row[k]. */
static void weigh(const double *row, const double *weight, size_t K, double *out)
{
    for (size_t k = 0; k < K; k++) {
        out[k] = weight[k] * row[k];
    }
}

/* out[j] = factor * in[j]. */
static void scaled(double factor, const double *in, size_t n, double *out)
{
    for (size_t j = 0; j < n; j++) {
        out[j] = factor * in[j];
    }
}

/* sum_j of factor (x_j P_j - y_j Q_j), added to m->grad. */
static void add_pairs(const pairs *m, double factor, const double *x, const double *y)
{
    scaled(factor, x, m->B, m->factor);
    add_rows(m->factor, m->P, m->B, m->K, m->grad);
    scaled(-factor, y, m->B, m->factor);
    add_rows(m->factor, m->Q, m->B, m->K, m->grad);
}

static double sum_up(const pairs *m, const double *am, const double *cm, const double *dm)
{
    double sum = 0.0;
    for (size_t j = 0; j < m->B; j++) {
        sum += am[j] * m->a[j] - 2.0 * cm[j] * m->c[j] + dm[j] * m->d[j];
    }
    return sum;
}

/* Returns row i of the class term; m->grad: the gradient of the value times K. */
static double class_row(const pairs *m, size_t i, const double *weight)
{
    const double *P = m->P + i * m->K, *Q = m->Q + i * m->K;

    products(P, m->Pt, m, m->a);
    products(P, m->Qt, m, m->c);
    products(Q, m->Qt, m, m->d);
    memset(m->grad, 0, m->K * sizeof *m->grad);
    if (!weight) { /* a_m = a and so on */
        add_pairs(m, 4.0, m->a, m->c);
        return sum_up(m, m->a, m->c, m->d);
    }
    weigh(P, weight, m->K, m->mine);
    products(m->mine, m->Pt, m, m->am);
    products(m->mine, m->Qt, m, m->cm);
    weigh(Q, weight, m->K, m->mine);
    products(m->mine, m->Qt, m, m->dm);

    /* d/dP_ik = 2 sum_j [(a_m + m_k a) P_jk - (c_m + m_k c) Q_jk], the part with m_k first. */
    add_pairs(m, 2.0, m->a, m->c);
    weigh(m->grad, weight, m->K, m->grad);
    add_pairs(m, 2.0, m->am, m->cm);
    return sum_up(m, m->am, m->cm, m->dm);
}

typedef double (*row_of)(const pairs *m, size_t i, const double *weight);

/* scale: the batch over the divisor of the value. As coded, all weights are their mean, so that
 * they are one factor. */
static void run(sld_term *term, const sld_global_batch *w, int view, row_of row,
                const double *weight, double scale, double *loss, double *g)
{
    const pairs   m    = lay_out(term, w);
    const size_t  K    = w->K;
    const double *each = term->masked[view] && w->as_described ? weight : NULL;

    scale *= term->masked[view] && !w->as_described ? weight[0] : 1.0;
    for (size_t j = 0; j < term->n_taus[view]; j++) {
        softmax_of_batch(w, term->tau[j], &m);
        for (size_t i = w->begin; i < w->end; i++) {
            loss[i - w->begin] += scale * row(&m, i, each);
            for (size_t k = 0; k < K; k++) {
                m.grad[k] *= scale;
            }
            pull_back(m.P + i * K, m.grad, term->tau[j], K, g + (i - w->begin) * K);
        }
    }
}

static void batch_view(sld_term *term, const sld_global_batch *w, int view, double *loss, double *g)
{
    run(term, w, view, batch_row, w->row_weight, 1.0, loss, g);
}

static void class_view(sld_term *term, const sld_global_batch *w, int view, double *loss, double *g)
{
    run(term, w, view, class_row, w->class_weight, (double)w->B / (double)w->K, loss, g);
}

const sld_term_kind sld_term_batch_consistency = {
    .uses_teacher = true, .batch = batch_view, .scratch_doubles = scratch_doubles};
const sld_term_kind sld_term_class_consistency = {
    .uses_teacher = true, .batch = class_view, .scratch_doubles = scratch_doubles};
