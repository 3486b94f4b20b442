/* bench_objective.c: microseconds per row of the objective under SLD, all terms active, and MLKD,
 * on one rank. Not a test: run by hand. */
#include <stdio.h>
#include <stdlib.h>

#include "sld/distill.h"

enum { REPEATS = 50 };

static sld_status measure(sld_ctx *ctx, sld_comm *comm, sld_teacher_loss form, size_t N, size_t K)
{
    const sld_term_params term   = {.weight       = {0.9, 0.9},
                                    .temperatures = {.n = 6, .t = {1, 2, 3, 4, 5, 6}},
                                    .schedule     = sld_schedule_from(0)};
    sld_objective_params  params = {.classes    = K,
                                    .ce         = term,
                                    .kd         = term,
                                    .loss       = form,
                                    .mlkd_cc    = 1.0,
                                    .mlkd_bc    = 1.0,
                                    .correction = SLD_CORRECT_SWAP};
    if (form == SLD_TEACHER_LOSS_KL) {
        params.lss = term;
    } else {
        params.kd.temperatures = (sld_temperatures){.n = 5, .t = {4, 3, 5, 2, 6}};
    }
    sld_objective *o    = NULL;
    sld_tree      *tree = NULL;
    float         *z    = malloc(3 * N * K * sizeof *z);
    int32_t       *y    = calloc(N, sizeof *y);
    uint32_t      *id   = calloc(N, sizeof *id);
    sld_view_sums  sums;
    sld_rng        rng = sld_rng_make(1, SLD_RNG_SYNTH, 0, 0);

    if (z == NULL || y == NULL || id == NULL) return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%zu rows", N);
    for (size_t i = 0; i < 2 * N * K; i++) {
        z[i] = (float)(3.0 * sld_rng_normal(&rng));
    }
    SLD_TRY(sld_objective_create(ctx, &params, N, &o));
    SLD_TRY(sld_tree_create(ctx, comm, 8, N, sld_objective_message_bytes(o), &tree));
    const sld_rows rows = {.z_s = z, .z_t = z + N * K, .labels = y, .sample = id, .epoch = 1};

    double best_s = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        const double start = sld_clock_s();
        SLD_TRY(sld_objective_view(ctx, o, tree, &rows, z + 2 * N * K, &sums));
        const double elapsed_s = sld_clock_s() - start;
        if (elapsed_s < best_s) best_s = elapsed_s;
    }
    printf("%-4s %4zu rows %5zu classes: %8.2f us per row, %8.3f ms for both views\n",
           form == SLD_TEACHER_LOSS_KL ? "sld" : "mlkd", N, K, 1e6 * best_s / (double)N,
           2e3 * best_s);
    sld_tree_destroy(tree);
    sld_objective_destroy(o);
    free(id);
    free(y);
    free(z);
    return SLD_OK;
}

int main(void)
{
    sld_ctx   ctx;
    sld_comm *comm = NULL;
    sld_ctx_init(&ctx);
    sld_status st = sld_comm_create(&ctx, &comm);
    for (int i = 0; i < 2; i++) {
        const sld_teacher_loss form = i == 0 ? SLD_TEACHER_LOSS_KL : SLD_TEACHER_LOSS_MLKD;
        for (size_t K = 10; K <= 1000 && st == SLD_OK; K *= 10) {
            st = measure(&ctx, comm, form, 64, K);
        }
    }
    if (st != SLD_OK) fprintf(stderr, "%s\n", ctx.err.msg);
    sld_comm_destroy(comm);
    return st == SLD_OK ? 0 : 1;
}
