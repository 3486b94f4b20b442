/* A training step allocates nothing: this program stands in for the C library's allocator and
 * watches some steps after a warm-up. What sld's own code asks for must be nothing at all. oneDNN
 * keeps the arguments of each call in a small table, and MPI its requests: of the libraries no
 * large request is accepted, nor any memory that is still there when the step is over. But MPI also
 * keeps a message that comes before this rank asks for it, when that happens; so for the libraries
 * the best of the steps counts. */
#include "comm/world.h"
#include "sld/learn.h"

#if defined(__GLIBC__)
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 1024 }; /* bytes: a hash table of five arguments takes a few hundred */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* This program's own code, into which all of sld is linked; set by the linker. */
extern char __executable_start, etext;

static bool   watching;
static size_t calls, own_calls, largest;

#define RECORD(size) record((size), __builtin_return_address(0))

static void record(size_t size, const void *caller)
{
    if (watching) {
        calls++;
        own_calls += (const char *)caller >= &__executable_start && (const char *)caller < &etext;
        largest = size > largest ? size : largest;
    }
}

void *malloc(size_t size)
{
    RECORD(size);
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    RECORD(n * size);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    RECORD(size);
    return __libc_realloc(p, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    RECORD(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    RECORD(size);
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

/* ---- a learner and its batch ---- */

enum { SIDE = 32, IMAGE = SIDE * SIDE * 3, CLASSES = 100, BATCH = 8, WARMUP = 3, WATCHED = 12 };

static sld_model   *teacher, *student;
static sld_learner *learner;

static sld_status make_learner(const char *network, sld_precision precision)
{
    const sld_temperatures taus = {.n = 2, .t = {1, 4}};
    sld_learner_params     p    = {.n_shards          = 8,
                                   .batch_rows        = {BATCH, 0},
                                   .teacher_precision = precision,
                                   .student_precision = precision};

    assert_int_equal(sld_model_create(&ctx, network, SIDE, SIDE, 3, CLASSES, &teacher), SLD_OK);
    assert_int_equal(sld_model_create(&ctx, network, SIDE, SIDE, 3, CLASSES, &student), SLD_OK);
    sld_model_init(teacher, 1);
    sld_model_init(student, 2);
    p.teacher                       = teacher;
    p.student                       = student;
    p.objective.classes             = CLASSES;
    p.objective.ce.weight[SLD_WEAK] = p.objective.ce.weight[SLD_STRONG] = 0.1;
    p.objective.ce.schedule                                             = sld_schedule_from(0);
    p.objective.kd                                                      = p.objective.ce;
    p.objective.kd.temperatures                                         = taus;
    p.objective.lss                                                     = p.objective.kd;
    p.objective.correction                                              = SLD_CORRECT_SWAP;
    return sld_learner_create(&ctx, comm, &p, &learner);
}

static void take_step(const float *images, const int32_t *labels, const uint32_t *sample)
{
    const sld_step_input in = {.view      = {images, images},
                               .labels    = labels,
                               .sample    = sample,
                               .epoch     = 1,
                               .lr        = 0.01,
                               .next_view = {images, images}};
    sld_step_output      out;

    assert_int_equal(sld_agree(&ctx, comm, SLD_OK), SLD_OK);
    assert_int_equal(sld_learner_step(&ctx, learner, &in, &out), SLD_OK);
    assert_true(out.finite);
}

/* Bytes. */
static size_t in_use(void)
{
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

/* Steps of the learner that stands, and its end. */
static void watch_steps(void)
{
    assert_true(own_calls > 0 && largest > SMALL); /* the watch sees what there is */
    calls = own_calls = largest = 0;
    float    *images            = aligned_alloc(64, BATCH * IMAGE * sizeof *images);
    int32_t  *labels            = calloc(BATCH, sizeof *labels);
    uint32_t *sample            = calloc(BATCH, sizeof *sample);
    assert_true(images && labels && sample);
    for (size_t i = 0; i < BATCH * IMAGE; i++) {
        images[i] = (float)(i * 7919 % 1000) / 500 - 1;
    }
    for (int i = 0; i < WARMUP; i++) {
        take_step(images, labels, sample);
    }
    bool none_large = false, none_left = false;
    for (int i = 0; i < WATCHED; i++) {
        const size_t before = in_use();
        largest             = 0;
        watching            = true;
        take_step(images, labels, sample);
        watching           = false;
        const size_t after = in_use();
        printf("rank %d: %zu calls so far, largest of the step %zu bytes, left %td\n",
               sld_comm_rank(comm), calls, largest, (ptrdiff_t)(after - before));
        none_large = none_large || largest <= SMALL;
        none_left  = none_left || before == after;
    }
    assert_int_equal(own_calls, 0);
    assert_true(none_large);
    assert_true(none_left);
    free(images);
    free(labels);
    free(sample);
    sld_learner_destroy(learner);
}

/* Wide enough for Winograd's algorithm; of the kinds of convolution that there are; pooling. */
static const char *const networks[] = {"resnet8x4", "ShuffleV1", "MobileNetV2", "vgg8"};

static void test_step_allocates_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        printf("%s: ", networks[i]);
        watching = true;
        assert_int_equal(make_learner(networks[i], SLD_PRECISION_F32), SLD_OK);
        watching = false;
        watch_steps();
        sld_model_destroy(student);
        sld_model_destroy(teacher);
    }
}

static void test_step_in_bf16_allocates_nothing(void **state)
{
    (void)state;
    watching = true;
    assert_int_equal(make_learner("resnet8x4", SLD_PRECISION_BF16), SLD_OK);
    watching = false;
    watch_steps();
    sld_model_destroy(student);
    sld_model_destroy(teacher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_step_allocates_nothing),
                                       cmocka_unit_test(test_step_in_bf16_allocates_nothing)};
    return world_begin() ? 1 : world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
#else
int main(void)
{
    printf(
        "SKIP: it puts itself in the place of glibc's allocator, and this is another C library\n");
    return 77;
}
#endif
