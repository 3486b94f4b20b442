/* Gradients and sums have the same bits for every rank count, with full and tail batches. The run
 * with one rank leaves its checksums in the file that is its argument, the others compare. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fixture.h"

enum { SHARDS = 8, K = FIXTURE_K };

static const char *reference_path;

static void add_views(fixture *f, const sld_objective_params *p, size_t n, sld_sha256 *sha)
{
    for (int view = 0; view < SLD_VIEWS; view++) {
        batch         b;
        float         dz[FIXTURE_ROWS * K];
        sld_view_sums sums;
        batch_fill(&b, n, K, 10 + (uint64_t)view);
        sld_objective *o = NULL;
        assert_int_equal(sld_objective_create(&f->ctx, p, FIXTURE_ROWS, &o), SLD_OK);
        evaluate_on(f, o, SHARDS, &b, view, 151, dz, &sums);
        const double slope = sld_objective_parameter_gradient(o);
        assert_true((slope != 0.0) == sld_objective_trains(o));
        sld_objective_destroy(o);
        assert_true(sums.rows == (double)n);
        sld_sha256_add(sha, &slope, sizeof slope);
        sld_sha256_add(sha, dz, n * K * sizeof *dz);
        sld_sha256_add(sha, &sums, sizeof sums);
    }
}

static void checksum(fixture *f, char hex[65])
{
    const size_t sizes[] = {64, 16, 13, 5, 1}; /* 5 and 1: empty shards, ranks without rows */
    sld_sha256   sha;
    sld_sha256_init(&sha);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        sld_objective_params p = params_sld(K);
        add_views(f, &p, sizes[i], &sha);
        p.correction      = SLD_CORRECT_RANDOM;
        p.seed            = 77;
        p.lss_detach      = true;
        p.label_smoothing = 0.1;
        add_views(f, &p, sizes[i], &sha);

        p.zscore = true;
        for (int loss = SLD_TEACHER_LOSS_KL; loss < SLD_TEACHER_LOSSES; loss++) {
            p.loss                    = (sld_teacher_loss)loss;
            p.mlkd_strong_consistency = sizes[i] % 2 == 1;
            p.mlkd_as_described       = sizes[i] > 13;
            p.correction = loss == SLD_TEACHER_LOSS_MLKD ? SLD_CORRECT_SKIP : SLD_CORRECT_GA;
            add_views(f, &p, sizes[i], &sha);
        }
    }
    sld_sha256_hex(&sha, hex);
}

static void test_same_bits_as_one_rank(void **state)
{
    fixture *f = *state;
    char     hex[65], want[65] = "";
    checksum(f, hex);
    if (sld_comm_size(f->comm) == 1) {
        assert_int_equal(sld_file_publish(&f->ctx, reference_path, hex, 64, true), SLD_OK);
        return;
    }
    FILE *file = fopen(reference_path, "r");
    assert_non_null(file);
    assert_int_equal(fread(want, 1, 64, file), 64);
    fclose(file);
    assert_string_equal(hex, want);
}

static void test_a_row_does_not_know_its_neighbours(void **state)
{
    enum { N = 11 };
    fixture             *f = *state;
    batch                b, turned;
    float                dz[N * K], dz_turned[N * K];
    sld_view_sums        sums;
    sld_objective_params p = params_sld(K);
    p.correction           = SLD_CORRECT_RANDOM;
    batch_fill(&b, N, K, 20);
    turned = b;
    for (size_t i = 0; i < N; i++) {
        const size_t from = (i + 4) % N;
        memcpy(turned.z_s + i * K, b.z_s + from * K, K * sizeof *b.z_s);
        memcpy(turned.z_t + i * K, b.z_t + from * K, K * sizeof *b.z_t);
        turned.labels[i] = b.labels[from];
        turned.sample[i] = b.sample[from];
    }
    evaluate(f, &p, SHARDS, &b, SLD_WEAK, 151, dz, &sums);
    evaluate(f, &p, SHARDS, &turned, SLD_WEAK, 151, dz_turned, &sums);
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(dz_turned + i * K, dz + (i + 4) % N * K, K * sizeof *dz);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    reference_path                  = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_as_one_rank),
        cmocka_unit_test(test_a_row_does_not_know_its_neighbours),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
