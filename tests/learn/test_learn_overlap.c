/* The teacher's forwards where there is time: the logits are those of a plain evaluation however
 * the work is spread over a step and the one before; a learner's rank that waits for another one
 * does them meanwhile. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comm/world.h"
#include "overlap.h"
#include "sld/learn.h"

enum { SIDE = 32, IMAGE = SIDE * SIDE * 3, CLASSES = 10, BATCH = 32, N = 11 };

static float *random_floats(size_t n, uint64_t seed)
{
    sld_rng rng = sld_rng_make(seed, SLD_RNG_SYNTH, 0, 0);
    float  *x   = aligned_alloc(64, (n * sizeof *x + 64) / 64 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)sld_rng_normal(&rng);
    }
    return x;
}

static sld_model *make_model(uint64_t seed)
{
    sld_model *model = NULL;
    assert_int_equal(sld_model_create(&ctx, "resnet8", SIDE, SIDE, 3, CLASSES, &model), SLD_OK);
    sld_model_init(model, seed);
    return model;
}

/* ---- one rank by itself ---- */

typedef struct fixture {
    sld_model  *model;
    sld_infer  *infer;
    sld_overlap overlap;
    float      *x[SLD_VIEWS], *wanted[SLD_VIEWS], *got[SLD_VIEWS];
} fixture;

static void set_up(fixture *f)
{
    f->model = make_model(1);
    assert_int_equal(sld_infer_create(&ctx, f->model, &f->infer), SLD_OK);
    assert_int_equal(sld_infer_refresh(&ctx, f->infer), SLD_OK);
    sld_overlap_init(&f->overlap, f->infer);
    for (int v = 0; v < SLD_VIEWS; v++) {
        f->x[v]      = random_floats(N * IMAGE, 1 + (uint64_t)v);
        f->wanted[v] = random_floats(N * CLASSES, 0);
        f->got[v]    = random_floats(N * CLASSES, 9);
        assert_int_equal(sld_infer_run(&ctx, f->infer, f->x[v], N, f->wanted[v]), SLD_OK);
    }
}

static void tear_down(fixture *f)
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        free(f->x[v]);
        free(f->wanted[v]);
        free(f->got[v]);
    }
    sld_infer_destroy(f->infer);
    sld_model_destroy(f->model);
}

static const sld_forwards nothing;

/* A step of both views. */
static sld_forwards both_views(const fixture *f)
{
    return (sld_forwards){.images = {f->x[SLD_WEAK], f->x[SLD_STRONG]},
                          .logits = {f->got[SLD_WEAK], f->got[SLD_STRONG]},
                          .n      = N};
}

static void forget_logits(fixture *f)
{
    for (int v = 0; v < SLD_VIEWS; v++) {
        memset(f->got[v], 0, N * CLASSES * sizeof(float));
    }
}

static bool complete(const fixture *f, int view)
{
    return memcmp(f->got[view], f->wanted[view], N * CLASSES * sizeof(float)) == 0;
}

/* Up to n slices; how many were done. */
static int do_slices(fixture *f, int n)
{
    sld_work *work = &f->overlap.work;
    bool      did  = true;
    int       done = 0;
    while (done < n && did) {
        assert_int_equal(work->advance(&ctx, work->own, &did), SLD_OK);
        done += did;
    }
    return done;
}

/* All of both views in slices; none; and every way to begin between. */
static void test_logits_do_not_depend_on_the_spread(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    const sld_forwards step = both_views(&f);
    sld_overlap_begin(&f.overlap, &step, &nothing);
    const int all = do_slices(&f, 1 << 20);
    assert_true(complete(&f, SLD_WEAK) && complete(&f, SLD_STRONG));
    assert_true(all % 4 == 0 &&
                all > 4 * 8); /* two blocks in each view, of more than eight layers */
    for (int first = 0; first <= all; first += 7) {
        forget_logits(&f);
        sld_overlap_begin(&f.overlap, &step, &nothing);
        assert_int_equal(do_slices(&f, first), first);
        assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_WEAK), SLD_OK);
        assert_true(complete(&f, SLD_WEAK));
        do_slices(&f, 3);
        assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_STRONG), SLD_OK);
        assert_true(complete(&f, SLD_STRONG));
        assert_int_equal(do_slices(&f, 1), 0);
    }
    tear_down(&f);
}

/* A step begun while another one is computed, to every point; nothing of it is done twice. */
static void test_the_following_step_is_begun(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    const sld_forwards step = both_views(&f);
    sld_overlap_begin(&f.overlap, &step, &nothing);
    const int all = do_slices(&f, 1 << 20);
    for (int first = 0; first <= all; first += 5) {
        forget_logits(&f);
        sld_overlap_begin(&f.overlap, &nothing, &step);
        assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_STRONG), SLD_OK);
        assert_false(complete(&f, SLD_WEAK) || complete(&f, SLD_STRONG));
        assert_int_equal(do_slices(&f, first), first);
        sld_overlap_begin(&f.overlap, &step, &nothing);
        assert_int_equal(do_slices(&f, 1 << 20), all - first);
        assert_true(complete(&f, SLD_WEAK) && complete(&f, SLD_STRONG));
    }
    tear_down(&f);
}

/* The step that comes is not the one that was said to follow: it is computed, all of it. */
static void test_another_step_than_expected(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    const sld_forwards step  = both_views(&f);
    sld_forwards       other = step;
    other.images[SLD_WEAK]   = f.x[SLD_STRONG];
    other.images[SLD_STRONG] = f.x[SLD_WEAK];
    for (int first = 0; first <= 60; first += 20) {
        sld_overlap_begin(&f.overlap, &nothing, &other);
        do_slices(&f, first);
        sld_overlap_begin(&f.overlap, &step, &nothing);
        assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_STRONG), SLD_OK);
        assert_true(complete(&f, SLD_WEAK) && complete(&f, SLD_STRONG));
    }
    tear_down(&f);
}

static void test_views_without_a_forward(void **state)
{
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(do_slices(&f, 1), 0); /* before the first step */
    sld_forwards strong     = both_views(&f);
    strong.images[SLD_WEAK] = NULL;
    sld_overlap_begin(&f.overlap, &strong, &nothing);
    assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_WEAK), SLD_OK);
    assert_false(complete(&f, SLD_STRONG));
    assert_true(do_slices(&f, 1 << 20) > 0);
    assert_true(complete(&f, SLD_STRONG) && !complete(&f, SLD_WEAK));
    sld_overlap_begin(&f.overlap, &nothing, &nothing);
    assert_int_equal(do_slices(&f, 1), 0);
    assert_int_equal(sld_overlap_finish(&ctx, &f.overlap, SLD_STRONG), SLD_OK);
    tear_down(&f);
}

static void test_slices_show_the_teacher(void **state)
{
    (void)state;
    fixture   f;
    sld_pulse pulse = {.phase = SLD_PHASE_PREPARE};
    set_up(&f);
    const sld_forwards step = both_views(&f);
    sld_overlap_begin(&f.overlap, &step, &nothing);
    sld_enter(&ctx, SLD_PHASE_REDUCE);
    ctx.pulse = &pulse;
    assert_int_equal(do_slices(&f, 5), 5);
    ctx.pulse = NULL;
    assert_int_equal(atomic_load(&pulse.beats), 2 * 5); /* in and out */
    assert_int_equal(atomic_load(&pulse.phase), SLD_PHASE_REDUCE);
    tear_down(&f);
}

/* ---- a learner ---- */

static sld_learner *make_learner(sld_model *student, sld_model *teacher)
{
    sld_learner       *learner = NULL;
    sld_learner_params p       = {
              .student = student, .teacher = teacher, .n_shards = 8, .batch_rows = {BATCH, 0}};
    p.objective.classes             = CLASSES;
    p.objective.kd.weight[SLD_WEAK] = p.objective.kd.weight[SLD_STRONG] = 1.0;
    p.objective.kd.schedule                                             = sld_schedule_from(0);
    p.objective.kd.temperatures = (sld_temperatures){.n = 1, .t = {4}};
    assert_int_equal(sld_learner_create(&ctx, comm, &p, &learner), SLD_OK);
    return learner;
}

/* Whatever of a learner's state is no number is named; each value is put back. */
static void test_what_is_not_finite_is_named(void **state)
{
    (void)state;
    sld_model   *student = make_model(2), *teacher = make_model(1);
    sld_learner *learner = make_learner(student, teacher);

    assert_null(sld_learner_not_finite(learner));
    for (size_t i = 0; i < sld_model_tensor_count(student); i++) {
        const sld_tensor *t    = sld_model_tensor(student, i);
        const float       held = t->values[t->n - 1];
        t->values[t->n - 1]    = NAN;
        assert_string_equal(sld_learner_not_finite(learner),
                            t->trained ? "the weights are" : "the running statistics are");
        t->values[t->n - 1] = held;
    }
    sld_learner_momentum(learner)[0] = INFINITY;
    assert_string_equal(sld_learner_not_finite(learner), "the momentum is");
    sld_learner_momentum(learner)[0] = 0.0f;
    assert_null(sld_learner_not_finite(learner));
    sld_learner_destroy(learner);
    sld_model_destroy(student);
    sld_model_destroy(teacher);
}

static double sum_of(const sld_times *t)
{
    double sum = 0.0;
    for (int i = 0; i < SLD_PHASE_COUNT; i++) {
        sum += t->spent_s[i];
    }
    return sum;
}

/* Beats of a rank that waits in a reduction and has nothing else to do. */
static uint64_t beats_when_idle(sld_pulse *pulse)
{
    uint64_t before = 0, now = 0;
    do {
        before = now;
        usleep(200000);
        now = atomic_load(&pulse->beats);
    } while (now != before || atomic_load(&pulse->phase) != SLD_PHASE_REDUCE);
    return now;
}

/* Collective. One step that rank 1 begins late: once rank 0 has beaten so often, or, without a
 * number, once it is idle. Yields the beats that rank 0 had then. */
static uint64_t step_with_a_late_rank(sld_learner *learner, const sld_step_input *in,
                                      sld_step_output *out, sld_pulse *pulses, uint64_t beats)
{
    uint64_t seen = 0;
    atomic_store(&ctx.pulse->beats, 0);
    assert_int_equal(sld_agree(&ctx, comm, SLD_OK), SLD_OK);
    if (sld_comm_rank(comm) == 1) {
        seen = beats == 0 ? beats_when_idle(&pulses[0]) : 0;
        while (beats > 0 && (seen = atomic_load(&pulses[0].beats)) < beats) {
            usleep(100);
        }
    }
    assert_int_equal(sld_learner_step(&ctx, learner, in, out), SLD_OK);
    return seen;
}

static void test_a_waiting_rank_does_its_teacher(void **state)
{
    (void)state;
    sld_model   *student = make_model(2), *teacher = make_model(1);
    sld_learner *learner       = make_learner(student, teacher);
    float       *x             = random_floats(BATCH * IMAGE, 5);
    int32_t      labels[BATCH] = {0};
    uint32_t     sample[BATCH] = {0};
    float       *known         = random_floats(BATCH * CLASSES, 6);
    sld_shared  *page          = NULL;

    assert_int_equal(sld_shared_create(&ctx, comm, 2 * sizeof(sld_pulse), &page), SLD_OK);
    assert_int_equal(sld_shared_ready(&ctx, comm, page), SLD_OK);
    sld_pulse *pulses = sld_shared_ptr(page);
    ctx.pulse         = pulses + sld_comm_rank(comm);

    sld_step_output out;
    sld_step_input  in    = {.view           = {x, x},
                             .labels         = labels,
                             .sample         = sample,
                             .epoch          = 1,
                             .lr             = 0.01,
                             .teacher_logits = {known, known}}; /* nothing to do in the waits */
    const uint64_t  alone = step_with_a_late_rank(learner, &in, &out, pulses, 0);

    in.teacher_logits[SLD_WEAK] = in.teacher_logits[SLD_STRONG] = NULL;
    const double start_s                                        = sld_clock_s();
    sld_times_start(&ctx);
    const double began_s = sld_clock_s();
    /* twice for each of eight layers of the teacher */
    step_with_a_late_rank(learner, &in, &out, pulses, alone + 2 * 8);
    const double     least_s = sld_clock_s() - began_s;
    const sld_times *times   = sld_times_now(&ctx);
    const double     max_s = sld_clock_s() - start_s, sum_s = sum_of(times);
    assert_true(out.finite && times->spent_s[SLD_PHASE_TEACHER] > 0.0);
    /* each second is counted once; 1e-6 s: rounding of the sum */
    assert_true(sum_s >= least_s - 1e-6 && sum_s <= max_s + 1e-6);

    ctx.pulse = NULL;
    sld_shared_destroy(page);
    sld_learner_destroy(learner);
    sld_model_destroy(student);
    sld_model_destroy(teacher);
    free(x);
    free(known);
}

static void say_waiting(int number)
{
    (void)number;
    static const char text[] = "a rank waited and did not take its teacher further\n";
    _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

int main(void)
{
    const struct CMUnitTest alone[] = {cmocka_unit_test(test_logits_do_not_depend_on_the_spread),
                                       cmocka_unit_test(test_the_following_step_is_begun),
                                       cmocka_unit_test(test_another_step_than_expected),
                                       cmocka_unit_test(test_views_without_a_forward),
                                       cmocka_unit_test(test_slices_show_the_teacher),
                                       cmocka_unit_test(test_what_is_not_finite_is_named)},
                            two[]   = {cmocka_unit_test(test_a_waiting_rank_does_its_teacher)};
    signal(SIGALRM, say_waiting);
    alarm(600); /* s; all of it takes a few, under the sanitizers too */
    if (world_begin() != 0) {
        return 1;
    }
    return world_end(sld_comm_size(comm) == 2 ? cmocka_run_group_tests(two, NULL, NULL)
                                              : cmocka_run_group_tests(alone, NULL, NULL));
}
