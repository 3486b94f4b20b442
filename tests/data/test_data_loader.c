/* test_data_loader.c: the rows of a step: every sample once per epoch, the same batch for any cut
 * of the rows over ranks, pixels that belong to their labels, normalisation bit by bit. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 150, USED = 107, BATCH = 16, H = 8, W = 8, C = 3, IMAGE = H * W * C, STEPS = 7 };

static uint8_t  pixels[N * IMAGE];
static int32_t  labels[N];
static uint32_t used[USED]; /* a subset: the loader must go through it, not through 0..USED */

static const sld_dataset SET = {.train   = {.pixels = pixels, .labels = labels, .n = N},
                                .H       = H,
                                .W       = W,
                                .C       = C,
                                .K       = 10,
                                .image_H = H,
                                .image_W = W,
                                .mean    = {0.5071f, 0.4867f, 0.4408f},
                                .std     = {0.2675f, 0.2565f, 0.2761f}};

static int make_set(void **state)
{
    for (size_t i = 0; i < sizeof pixels; i++) {
        pixels[i] = fixture_byte(3, i);
    }
    for (uint32_t i = 0; i < N; i++) {
        labels[i] = (int32_t)(i * 7 % 10);
    }
    for (uint32_t i = 0; i < USED; i++) {
        used[i] = N - 1 - i;
    }
    return fixture_begin(state);
}

static sld_loader_params usual(void)
{
    return (sld_loader_params){
        .index        = used,
        .n            = USED,
        .global_batch = BATCH,
        .views        = {true, true},
        .order_seed   = 9,
        .augment      = {.crop_pad = 2, .flip = 0.5, .strong_ops = 2, .cutout = 0.5, .seed = 4},
        .max_rows     = BATCH};
}

/* No augmentation: the weak view is the image. */
static sld_loader_params plain(void)
{
    sld_loader_params params = usual();
    params.augment           = (sld_augment_params){.seed = 4};
    params.views[1]          = false;
    return params;
}

static sld_loader *create(fixture *f, sld_loader_params params)
{
    sld_loader *loader = NULL;

    if (sld_loader_create(&f->ctx, &SET, &params, &loader) != SLD_OK) {
        fail_msg("%s", f->ctx.err.msg);
    }
    return loader;
}

static sld_batch next(fixture *f, sld_loader *loader, int64_t epoch, int64_t step, size_t begin,
                      size_t end)
{
    sld_batch batch;

    if (sld_loader_next(&f->ctx, loader, epoch, step, (sld_range){begin, end}, &batch) != SLD_OK) {
        fail_msg("%s", f->ctx.err.msg);
    }
    assert_int_equal(batch.n, end - begin);
    return batch;
}

static void read_epoch(fixture *f, sld_loader *loader, int64_t epoch, uint32_t order[USED])
{
    size_t n = 0;

    for (int64_t step = 0; step < sld_loader_steps(loader); step++) {
        const size_t    rows  = sld_loader_rows(loader, step);
        const sld_batch batch = next(f, loader, epoch, step, 0, rows);

        memcpy(order + n, batch.sample, rows * sizeof *order);
        n += rows;
    }
    assert_int_equal(n, USED);
}

static void an_epoch_is_a_permutation_of_the_index(void **state)
{
    fixture    *f      = *state;
    sld_loader *loader = create(f, plain());
    uint32_t    order[4][USED];

    assert_int_equal(sld_loader_steps(loader), STEPS);
    assert_int_equal(sld_loader_rows(loader, 0), BATCH);
    assert_int_equal(sld_loader_rows(loader, STEPS - 1), USED - (STEPS - 1) * BATCH); /* the tail */
    for (int e = 0; e < 3; e++) {
        bool seen[N] = {false};

        read_epoch(f, loader, e + 1, order[e]);
        for (int i = 0; i < USED; i++) {
            assert_false(seen[order[e][i]]);
            seen[order[e][i]] = true;
            assert_true(order[e][i] >= N - USED); /* in the index */
        }
        for (int other = 0; other < e; other++) {
            assert_memory_not_equal(order[e], order[other], sizeof order[e]);
        }
    }
    read_epoch(f, loader, 1, order[3]); /* back to an earlier epoch, as after a resume */
    assert_memory_equal(order[3], order[0], sizeof order[0]);

    sld_loader_params params = plain();
    params.order_seed        = 10;
    sld_loader *other        = create(f, params);
    read_epoch(f, other, 1, order[3]);
    assert_memory_not_equal(order[3], order[0], sizeof order[0]);
    sld_loader_destroy(other);
    sld_loader_destroy(loader);
}

/* Every cut of the rows gives the bytes of the whole, in fresh loaders and at steps in any order.
 */
static void any_cut_of_the_rows_gives_the_same_batch(void **state)
{
    fixture    *f     = *state;
    sld_loader *whole = create(f, usual());

    for (int64_t step = STEPS - 1; step >= 0; step -= 3) {
        const size_t    rows = sld_loader_rows(whole, step);
        const sld_batch all  = next(f, whole, 2, step, 0, rows);

        for (size_t ranks = 1; ranks <= 8; ranks++) {
            for (size_t r = 0; r < ranks; r++) {
                sld_loader     *loader = create(f, usual());
                const size_t    begin = r * rows / ranks, end = (r + 1) * rows / ranks;
                const sld_batch part = next(f, loader, 2, step, begin, end);

                for (int v = 0; v < 2; v++) {
                    assert_memory_equal(part.view[v], all.view[v] + begin * IMAGE,
                                        (end - begin) * IMAGE * sizeof(float));
                }
                assert_memory_equal(part.labels, all.labels + begin, (end - begin) * 4);
                assert_memory_equal(part.sample, all.sample + begin, (end - begin) * 4);
                sld_loader_destroy(loader);
            }
        }
    }
    sld_loader_destroy(whole);
}

static void labels_and_pixels_belong_to_the_sample(void **state)
{
    fixture    *f      = *state;
    sld_loader *loader = create(f, plain());

    for (int64_t step = 0; step < STEPS; step++) {
        const sld_batch batch = next(f, loader, 5, step, 0, sld_loader_rows(loader, step));

        assert_null(batch.view[1]);
        for (size_t i = 0; i < batch.n; i++) {
            const uint8_t *image = pixels + batch.sample[i] * IMAGE;

            assert_int_equal(batch.labels[i], labels[batch.sample[i]]);
            for (size_t p = 0; p < IMAGE; p++) {
                /* what torchvision computes, operation by operation in float32: equal bits */
                const volatile float unit    = (float)image[p] / 255.0f;
                const volatile float centred = unit - SET.mean[p % 3];
                const float          wanted  = centred / SET.std[p % 3];
                assert_memory_equal(&batch.view[0][i * IMAGE + p], &wanted, sizeof wanted);
            }
        }
    }
    sld_loader_destroy(loader);
}

/* A view depends on epoch and sample, not on the step that the order puts it in. */
static void views_follow_the_sample(void **state)
{
    fixture          *f      = *state;
    sld_loader_params params = usual();
    sld_loader       *a      = create(f, params);
    int               found  = 0;

    params.order_seed = 77;
    params.views[0]   = false;
    sld_loader *b     = create(f, params);
    for (int64_t step = 0; step < STEPS; step++) {
        const sld_batch x = next(f, a, 3, 0, 0, BATCH);
        const sld_batch y = next(f, b, 3, step, 0, sld_loader_rows(b, step));

        assert_null(y.view[0]);
        for (size_t i = 0; i < x.n; i++) {
            for (size_t j = 0; j < y.n; j++) {
                if (x.sample[i] == y.sample[j]) {
                    found++;
                    assert_memory_equal(x.view[1] + i * IMAGE, y.view[1] + j * IMAGE,
                                        IMAGE * sizeof(float));
                }
            }
        }
    }
    assert_int_equal(found, BATCH);
    sld_loader_destroy(a);
    sld_loader_destroy(b);
}

static void an_evaluation_block_is_normalised_alike(void **state)
{
    fixture        *f       = *state;
    sld_loader     *loader  = create(f, plain());
    const sld_batch batch   = next(f, loader, 1, 0, 0, BATCH);
    float          *indexed = malloc(BATCH * IMAGE * sizeof(float));
    float          *ordered = malloc(BATCH * IMAGE * sizeof(float));

    sld_data_normalise(&SET, &SET.train, batch.sample, 3, BATCH - 3, indexed);
    assert_memory_equal(indexed, batch.view[0] + 3 * IMAGE, (BATCH - 3) * IMAGE * sizeof(float));
    sld_data_normalise(&SET, &SET.train, NULL, batch.sample[5], 1, ordered);
    assert_memory_equal(ordered, batch.view[0] + 5 * IMAGE, IMAGE * sizeof(float));
    free(indexed);
    free(ordered);
    sld_loader_destroy(loader);
}

/* The window of a normalised image whose corner is (top,left), all channels. */
static bool is_window(const float *view, const float *image, size_t h, size_t w, size_t top,
                      size_t left)
{
    for (size_t y = 0; y < h; y++) {
        if (memcmp(view + y * w * C, image + ((top + y) * W + left) * C, w * C * sizeof *view)) {
            return false;
        }
    }
    return true;
}

/* The set with a smaller input: evaluation takes the middle, training a window anywhere. */
static void a_smaller_input_is_cut_out(void **state)
{
    enum { h = 5, w = 4, PLACES = (H - h + 1) * (W - w + 1) };
    fixture    *f     = *state;
    sld_dataset inner = SET;
    sld_loader *loader;
    float       whole[IMAGE], cut[h * w * C];
    bool        seen[PLACES] = {false};
    int         n_seen       = 0;

    inner.H                        = h;
    inner.W                        = w;
    const sld_loader_params params = plain();
    assert_int_equal(sld_loader_create(&f->ctx, &inner, &params, &loader), SLD_OK);
    for (uint32_t sample = 0; sample < N; sample++) {
        int found = -1;
        sld_data_normalise(&SET, &SET.train, NULL, sample, 1, whole);
        sld_data_normalise(&inner, &inner.train, NULL, sample, 1, cut);
        assert_true(is_window(cut, whole, h, w, 2, 2)); /* 3 / 2 to the even number, 4 / 2 */
        sld_loader_view(loader, 0, 1, &sample, 1, cut);
        for (int at = 0; at < PLACES; at++) {
            const size_t top = (size_t)at / (W - w + 1), left = (size_t)at % (W - w + 1);
            found = is_window(cut, whole, h, w, top, left) ? at : found;
        }
        assert_true(found >= 0);
        n_seen += !seen[found];
        seen[found] = true;
    }
    assert_int_equal(n_seen, PLACES); /* each of 20 among 150: missed with probability 5e-4 * 20 */
    sld_loader_destroy(loader);
}

static void a_rank_may_have_no_rows(void **state)
{
    fixture          *f      = *state;
    sld_loader_params params = usual();

    params.max_rows    = 0;
    sld_loader *loader = create(f, params);
    next(f, loader, 1, 0, 7, 7);
    sld_loader_destroy(loader);
    sld_loader_destroy(NULL);
}

static void impossible_requests_are_refused(void **state)
{
    fixture          *f      = *state;
    sld_loader_params params = usual();
    sld_loader       *loader = NULL;
    sld_batch         batch;
    uint32_t          outside[1] = {N};
    const struct {
        int64_t   epoch, step;
        sld_range mine;
    } bad[] = {{1, STEPS, {0, 1}},         {1, -1, {0, 1}}, {-1, 0, {0, 1}},
               {1, STEPS - 1, {0, BATCH}}, {1, 0, {3, 2}},  {1, 0, {0, 9}}};

    params.max_rows = 8;
    loader          = create(f, params);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(
            sld_loader_next(&f->ctx, loader, bad[k].epoch, bad[k].step, bad[k].mine, &batch),
            SLD_ERR_ARG);
        sld_err_clear(&f->ctx);
    }
    sld_loader_destroy(loader);

    params.index = outside;
    params.n     = 1;
    assert_int_equal(sld_loader_create(&f->ctx, &SET, &params, &loader), SLD_ERR_ARG);
    assert_null(loader);
    assert_non_null(strstr(f->ctx.err.msg, "150"));
    sld_err_clear(&f->ctx);
}

/* A batch carries index, the label trained on, the true label, and the coarse one where there is
 * one. */
static void labels_trained_on_stand_beside_the_true_ones(void **state)
{
    fixture          *f = *state;
    int32_t           other[N], coarse[N];
    sld_dataset       set    = SET;
    sld_loader_params params = plain();
    sld_loader       *loader = NULL;
    sld_batch         batch;

    for (int i = 0; i < N; i++) {
        other[i]  = (labels[i] + i % 3) % 10;
        coarse[i] = labels[i] / 2;
    }
    assert_int_equal(sld_loader_create(&f->ctx, &SET, &params, &loader), SLD_OK);
    assert_int_equal(sld_loader_next(&f->ctx, loader, 1, 0, (sld_range){0, BATCH}, &batch), SLD_OK);
    assert_null(batch.coarse);
    assert_memory_equal(batch.labels, batch.truth, BATCH * sizeof *batch.labels);
    sld_loader_destroy(loader);

    set.train.coarse = coarse;
    params.labels    = other;
    assert_int_equal(sld_loader_create(&f->ctx, &set, &params, &loader), SLD_OK);
    assert_int_equal(sld_loader_next(&f->ctx, loader, 1, 0, (sld_range){0, BATCH}, &batch), SLD_OK);
    for (size_t i = 0; i < BATCH; i++) {
        assert_int_equal(batch.labels[i], other[batch.sample[i]]);
        assert_int_equal(batch.truth[i], labels[batch.sample[i]]);
        assert_int_equal(batch.coarse[i], coarse[batch.sample[i]]);
    }
    sld_loader_destroy(loader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_a_permutation_of_the_index),
        cmocka_unit_test(any_cut_of_the_rows_gives_the_same_batch),
        cmocka_unit_test(labels_and_pixels_belong_to_the_sample),
        cmocka_unit_test(views_follow_the_sample),
        cmocka_unit_test(an_evaluation_block_is_normalised_alike),
        cmocka_unit_test(a_smaller_input_is_cut_out),
        cmocka_unit_test(a_rank_may_have_no_rows),
        cmocka_unit_test(impossible_requests_are_refused),
        cmocka_unit_test(labels_trained_on_stand_beside_the_true_ones),
    };
    return cmocka_run_group_tests(tests, make_set, fixture_end);
}
