#include "fixture.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

int fixture_open(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    sld_ctx_init(&f->ctx);
    *state = f;
    return sld_comm_create(&f->ctx, &f->comm) == SLD_OK ? 0 : -1;
}

int fixture_close(void **state)
{
    fixture *f = *state;
    sld_comm_destroy(f->comm);
    free(f);
    return 0;
}

void batch_fill(batch *b, size_t n, size_t K, uint64_t seed)
{
    assert_true(n <= FIXTURE_ROWS && K <= FIXTURE_K);
    memset(b, 0, sizeof *b);
    b->n = n;
    b->K = K;
    for (size_t i = 0; i < n; i++) {
        sld_rng rng = sld_rng_make(seed, SLD_RNG_SYNTH, 0, i);
        for (size_t k = 0; k < K; k++) {
            b->z_s[i * K + k] = (float)(rint(64.0 * 1.5 * sld_rng_normal(&rng)) / 64.0);
            b->z_t[i * K + k] = (float)(rint(64.0 * 3.0 * sld_rng_normal(&rng)) / 64.0);
        }
        b->labels[i] = (int32_t)sld_rng_below(&rng, (uint32_t)K);
        b->sample[i] = (uint32_t)(1000 + 7 * i);
    }
}

sld_objective_params params_empty(size_t K)
{
    const sld_term_params absent = {.temperatures = {.n = 1, .t = {4.0}},
                                    .schedule     = sld_schedule_from(0)};
    return (sld_objective_params){.classes            = K,
                                  .ce                 = absent,
                                  .kd                 = absent,
                                  .lss                = absent,
                                  .ga_omega           = 1.5,
                                  .mix_share          = 0.25,
                                  .dkd_alpha          = 1.0,
                                  .dkd_beta           = 8.0,
                                  .mlkd_cc            = 1.0,
                                  .mlkd_bc            = 1.0,
                                  .nkd_gamma          = 1.5,
                                  .rld_alpha          = 1.0,
                                  .rld_beta           = 8.0,
                                  .rld_confidence_tau = 1.5,
                                  .rc_weight          = 0.1,
                                  .lr_logits          = 4.0,
                                  .lr_soft =
                                      50.0, /* so that the right rows do not hide the wrong */
                                  .lr_eta       = 0.8,
                                  .ctkd_start   = 1.0,
                                  .ctkd_range   = 20.0,
                                  .ctkd_initial = -1.0,
                                  .ctkd_ramp    = 10};
}

sld_objective_params params_sld(size_t K)
{
    sld_objective_params   p   = params_empty(K);
    const sld_temperatures six = {.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    p.correction               = SLD_CORRECT_SWAP;
    p.kd.temperatures = p.lss.temperatures = six;
    p.lss.schedule                         = sld_schedule_from(150);
    for (int view = 0; view < SLD_VIEWS; view++) {
        p.ce.weight[view] = 0.1;
        p.kd.weight[view] = p.lss.weight[view] = 0.9;
    }
    return p;
}

/* Shards put their rows into matrices of zeros, the tree adds them up: exact. */
static void gather(fixture *f, sld_tree *tree, size_t K, const float *mine, float *all)
{
    const size_t n     = sld_tree_rows(tree) * K;
    const size_t begin = sld_tree_mine(tree).begin;
    float       *slots = calloc((size_t)sld_tree_slots(tree) * n, sizeof *slots);
    assert_non_null(slots);
    for (int s = sld_tree_first(tree); s < sld_tree_first(tree) + sld_tree_count(tree); s++) {
        const sld_range r = sld_tree_shard(tree, s);
        if (r.begin == r.end) continue;
        float *slot = slots + (size_t)sld_tree_slot(tree, s) * n;
        memset(slot, 0, n * sizeof *slot);
        memcpy(slot + r.begin * K, mine + (r.begin - begin) * K,
               (r.end - r.begin) * K * sizeof *slot);
        for (int m = sld_tree_merges(tree, s); m > 0; m--, slot -= n) {
            sld_op_combine(SLD_SUM_F32, slot - n, slot, n);
        }
    }
    assert_int_equal(sld_tree_reduce(&f->ctx, tree, SLD_SUM_F32, slots, n * sizeof *slots, n),
                     SLD_OK);
    memcpy(all, slots, n * sizeof *all);
    free(slots);
}

void evaluate_on(fixture *f, sld_objective *o, int shards, const batch *b, int view, int64_t epoch,
                 float *dz, sld_view_sums *sums)
{
    size_t    message = b->n * b->K * sizeof(float);
    float     own[FIXTURE_ROWS * FIXTURE_K];
    sld_tree *tree = NULL;

    if (message < sld_objective_message_bytes(o)) message = sld_objective_message_bytes(o);
    assert_int_equal(sld_tree_create(&f->ctx, f->comm, shards, b->n, message, &tree), SLD_OK);

    const size_t   begin = sld_tree_mine(tree).begin;
    const sld_rows rows  = {.z_s    = b->z_s + begin * b->K,
                            .z_t    = b->z_t + begin * b->K,
                            .labels = b->labels + begin,
                            .sample = b->sample + begin,
                            .view   = view,
                            .epoch  = epoch};
    assert_int_equal(sld_objective_view(&f->ctx, o, tree, &rows, own, sums), SLD_OK);
    if (dz != NULL) gather(f, tree, b->K, own, dz);
    sld_tree_destroy(tree);
}

void evaluate(fixture *f, const sld_objective_params *params, int shards, const batch *b, int view,
              int64_t epoch, float *dz, sld_view_sums *sums)
{
    sld_objective *o = NULL;
    assert_int_equal(sld_objective_create(&f->ctx, params, FIXTURE_ROWS, &o), SLD_OK);
    evaluate_on(f, o, shards, b, view, epoch, dz, sums);
    sld_objective_destroy(o);
}

static double mean_at(fixture *f, sld_objective *o, batch *b, int view, int64_t epoch, int t,
                      size_t at, float z)
{
    sld_view_sums sums;
    const float   kept = b->z_s[at];
    b->z_s[at]         = z;
    evaluate_on(f, o, 8, b, view, epoch, NULL, &sums);
    b->z_s[at] = kept;
    return (t < 0 ? sums.total : sums.loss[t]) / sums.rows;
}

double numeric_gradient(fixture *f, sld_objective *o, const batch *b, int view, int64_t epoch,
                        int t, size_t row, size_t k)
{
    batch        moved = *b;
    const size_t at    = row * b->K + k;
    const float  z     = b->z_s[at];
    double       slope[2];
    for (int i = 0; i < 2; i++) {
        const float h = i == 0 ? 0x1p-9f : 0x1p-8f;
        slope[i]      = (mean_at(f, o, &moved, view, epoch, t, at, z + h) -
                    mean_at(f, o, &moved, view, epoch, t, at, z - h)) /
                   (2.0 * (double)h);
    }
    return (4.0 * slope[0] - slope[1]) / 3.0;
}
