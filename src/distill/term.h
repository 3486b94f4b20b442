/* term.h: what a term of the objective is. A new one is a file with a sld_term_kind and a line in
 * objective.c. Axes: N rows of this rank in one view, K classes.
 *
 * A term's value is the mean over the global batch of a loss per row; it hands over that loss and
 * g, its gradient with respect to the student's logits, times the global batch. Weights, the mean
 * and the sums over shards and ranks are the objective's. */
#ifndef SLD_DISTILL_TERM_H
#define SLD_DISTILL_TERM_H

#include "row.h"
#include "sld/distill.h"

/* No tree has more slots (sld_tree_slots): they grow with log2 of its shards, an int. */
#define SLD_MAX_SLOTS 32

typedef struct sld_term sld_term;

typedef struct sld_term_kind {
    bool uses_teacher;

    /* Exactly one of row and view is set. */

    /* Local. A term whose rows do not know of each other. Returns the row's loss; g: (K), zero on
     * entry. */
    double (*row)(const sld_term *term, const sld_row *row, double *g);

    /* Collective. A term over the whole global batch: all rows of this rank at once (the teacher's
     * already corrected), the tree for sums over the others. Also called on a rank with no rows.
     * loss: (N), g: (N,K), both zero on entry; how the value is shared out over the rows is free,
     * as long as it does not depend on the rank count. */
    sld_status (*view)(sld_ctx *ctx, sld_term *term, sld_tree *tree, const sld_rows *rows,
                       double *loss, double *g);

    /* For view; may be NULL. Doubles of term->scratch, and of its largest reduction. */
    size_t (*scratch_doubles)(size_t N, size_t K);
    size_t (*message_doubles)(size_t K);
} sld_term_kind;

struct sld_term {
    const sld_term_kind *kind;
    const char          *name; /* in records */
    double               weight[SLD_VIEWS];
    sld_schedule         schedule;

    size_t n_taus; /* temperatures of this term, summed over */
    double tau[SLD_MAX_TEMPERATURES];
    size_t at[SLD_MAX_TEMPERATURES]; /* tau[j] is number at[j] of a row's softmaxes */

    double smoothing; /* cross-entropy: label smoothing */
    bool   detach;    /* student swap: no gradient through the swapped logits */

    double *scratch, *loss, *g; /* of a view term: own memory, (max_rows), (max_rows,K) */
};

extern const sld_term_kind sld_term_cross_entropy, sld_term_kl, sld_term_student_swap;

#endif
