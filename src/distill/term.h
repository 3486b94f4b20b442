/* term.h: what a term of the objective is, and how to add one.
 * Axes: N rows of this rank in one view, B rows of all ranks, K classes.
 *
 * A term's value is the mean, over the global batch, of a loss per row. The term computes this loss
 * and g, its gradient with respect to the student's logits, both without the division by the global
 * batch. The objective does all else: weights, the mean, sums over shards and ranks, the correction
 * of the teacher's logits and, for terms of rows, their standardisation.
 *
 * How to add a method or a loss of the teacher: CONTRIBUTING.md, "Add a method". Corrections,
 * z-scoring, views, temperatures, schedules, sums over ranks and records then work for it as for
 * the others. */
#ifndef SLD_DISTILL_TERM_H
#define SLD_DISTILL_TERM_H

#include "global_batch.h"
#include "row.h"
#include "sld/distill.h"

/* The most slots of a tree (sld_tree_slots): they grow with log2 of its shards, which are an
 * int. */
#define SLD_MAX_SLOTS 32

typedef struct sld_term sld_term;

typedef struct sld_term_kind {
    bool uses_teacher;

    /* Exactly one of row and batch is set. */

    /* Local. For a term that looks at one row at a time. Returns the row's loss; g: (K), zero on
     * entry. */
    double (*row)(const sld_term *term, const sld_row *row, double *g);

    /* Local. For a term with a trained temperature. Returns d loss / d temperature of the row. */
    double (*slope)(const sld_term *term, const sld_row *row);

    /* Local. For a term over the global batch, which every rank holds complete. Its results for a
     * row must not depend on which rows are this rank's. It is also called on a rank without rows.
     * loss: (N), g: (N,K), both zero on entry. The term may distribute its value over the rows as
     * it likes. */
    void (*batch)(sld_term *term, const sld_global_batch *batch, int view, double *loss, double *g);
    size_t (*scratch_doubles)(size_t B, size_t K); /* of term->scratch */
} sld_term_kind;

struct sld_term {
    const sld_term_kind *kind;
    const char          *name; /* in records */
    double               weight[SLD_VIEWS];
    sld_schedule         schedule;

    size_t n_taus[SLD_VIEWS]; /* the term sums over so many of its temperatures, the first ones */
    double tau[SLD_MAX_TEMPERATURES];
    size_t at[SLD_MAX_TEMPERATURES]; /* tau[j] is number at[j] of a row's softmaxes */

    double smoothing;         /* cross-entropy: label smoothing */
    bool   detach;            /* student swap: no gradient through the swapped logits */
    bool   zscore;            /* the term sees standardised rows */
    bool   masked[SLD_VIEWS]; /* rows or classes have the weights of sld_global_batch */

    const sld_objective_params *params; /* of the objective */

    double *scratch, *loss, *g; /* of a batch term: its own memory, (max_rows), (max_rows,K) */
};

extern const sld_term_kind sld_term_cross_entropy, sld_term_kl, sld_term_student_swap,
    sld_term_dkd_target, sld_term_dkd_non_target, sld_term_nkd, sld_term_class_consistency,
    sld_term_batch_consistency;

/* Local. tau^2 KL of (t_class, the others) of the teacher against (label, the others) of the
 * student, of softmaxes number `at`; its gradient is added to g. */
double sld_two_bins_row(const sld_row *row, size_t t_class, size_t at, double tau, double *g);
/* Local. tau^2 KL(q || p) of one row at the softmaxes number `at`; its gradient is added to g. */
double sld_kl_row(const sld_row *row, size_t at, double tau, double *g);

#endif
