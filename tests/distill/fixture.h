/* fixture.h: a batch of made-up logits and one call that evaluates an objective on it, whatever the
 * rank count. */
#ifndef SLD_TESTS_DISTILL_FIXTURE_H
#define SLD_TESTS_DISTILL_FIXTURE_H

#include "sld/distill.h"

#define FIXTURE_ROWS 64
#define FIXTURE_K    12

typedef struct fixture {
    sld_ctx   ctx;
    sld_comm *comm;
} fixture;

int fixture_open(void **state); /* cmocka group setup: *state is a fixture */
int fixture_close(void **state);

/* A global batch, the same on every rank. */
typedef struct batch {
    size_t   n, K;
    float    z_s[FIXTURE_ROWS * FIXTURE_K], z_t[FIXTURE_ROWS * FIXTURE_K];
    int32_t  labels[FIXTURE_ROWS];
    uint32_t sample[FIXTURE_ROWS];
} batch;

/* Normal logits on a grid of 2^-6 and uniform labels, so that shifts by small powers of two are
 * exact in float32. */
void batch_fill(batch *b, size_t n, size_t K, uint64_t seed);

/* Every weight 0, temperature 4, each schedule active from epoch 1. */
sld_objective_params params_empty(size_t K);
/* CE 0.1, KD 0.9 with swap, LSS 0.9, temperatures 1..6, both views, LSS after epoch 150. */
sld_objective_params params_sld(size_t K);

/* Collective. dz: (n,K) complete on every rank; NULL when not wanted. */
void evaluate(fixture *f, const sld_objective_params *params, int shards, const batch *b, int view,
              int64_t epoch, float *dz, sld_view_sums *sums);
/* The same on an objective that exists. */
void evaluate_on(fixture *f, sld_objective *o, int shards, const batch *b, int view, int64_t epoch,
                 float *dz, sld_view_sums *sums);

/* d(mean of term `t`'s unweighted loss)/dz_s at (row, k): Richardson's central differences with
 * steps 2^-9 and 2^-8. t = -1: of the weighted total. */
double numeric_gradient(fixture *f, sld_objective *o, const batch *b, int view, int64_t epoch,
                        int t, size_t row, size_t k);

#endif
