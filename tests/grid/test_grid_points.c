/* The list of points in a folder, written and read back, and how long a large grid takes. */
#include "fixture.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../src/grid/grid.h"

static const char text[] =
    "name: many\nbase: {method: sld, teacher: big, train: {epochs: 12}}\n"
    "teachers: {big: {student: {network: resnet20}}}\n"
    "axes:\n  train.lr: [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]\n"
    "  kd.weak: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]\n"
    "  arm: {LTS: {student_swap: false}, LSS: {correction: none}, SLD: {}, KD: {method: kd},\n"
    "        \"two words\": {lss: {detach: true}}}\n"
    "seeds: 1..%d\nlaunch: {command: \"srun -n {ranks}\", retries: 5, grow_s: 7}\n";

static void write_points(const sld_grid *grid)
{
    sld_ctx ctx;
    char   *bytes = NULL;
    size_t  n     = 0;
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_points_text(&ctx, grid, &bytes, &n), SLD_OK);
    assert_int_equal(sld_file_publish(&ctx, "points", bytes, n, true), SLD_OK);
    free(bytes);
}

/* The teacher has the student's shards; it shares nothing, for it asks no teacher. */
static void check_needs(const sld_point *p, const sld_point *q)
{
    assert_int_equal(p->max_ranks, 8);
    assert_int_equal(q->max_ranks, 8);
    assert_int_equal(p->shares_logits, !p->is_teacher);
    assert_int_equal(q->shares_logits, p->shares_logits);
    assert_int_equal(p->teacher_file != NULL, p->teacher >= 0);
    assert_int_equal(q->teacher_file != NULL, p->teacher >= 0);
    if (p->teacher_file) {
        assert_string_equal(p->teacher_file, q->teacher_file);
        assert_int_equal(strncmp(p->teacher_file, "trials/", 7), 0);
    }
}

/* What earlier builds recorded says nothing of it: it is taken from the experiments, once. */
static void test_needs_of_an_old_folder(void **state)
{
    char      spec[1024], *bytes = NULL, *to, *line;
    size_t    n = 0;
    sld_ctx   ctx;
    sld_grid *a, *b = NULL;

    snprintf(spec, sizeof spec, text, 1);
    a = fixture_sweep(spec, NULL);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_points_text(&ctx, a, &bytes, &n), SLD_OK);
    for (line = to = bytes; *line;) {
        const size_t length = strcspn(line, "\n") + 1;
        if (strncmp(line, "needs\t", 6) != 0) {
            memmove(to, line, length);
            to += length;
        }
        line += length;
    }
    assert_true(to < line);
    assert_int_equal(sld_file_publish(&ctx, "points", bytes, (size_t)(to - bytes), true), SLD_OK);
    assert_int_equal(sld_grid_open(&ctx, ".", &b), SLD_OK);
    assert_int_equal(sld_grid_point(b, 0)->max_ranks, 0);
    assert_int_equal(sld_grid_complete(&ctx, b, fixture_methods), SLD_OK);
    for (size_t i = 0; i < sld_grid_count(a); i++) {
        check_needs(sld_grid_point(a, i), sld_grid_point(b, i));
    }
    free(bytes);
    sld_grid_close(a);
    sld_grid_close(b);
}

static void test_back_again(void **state)
{
    char      spec[1024];
    sld_ctx   ctx;
    sld_grid *a, *b = NULL;

    snprintf(spec, sizeof spec, text, 2);
    a = fixture_sweep(spec, NULL);
    write_points(a);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_open(&ctx, ".", &b), SLD_OK);
    assert_string_equal(sld_grid_name(b), "many");
    assert_string_equal(sld_grid_launch(b)->command, "srun -n {ranks}");
    assert_int_equal(sld_grid_launch(b)->retries, 5);
    assert_true(sld_grid_launch(b)->grow_s == 7);
    assert_int_equal(sld_grid_count(b), sld_grid_count(a));
    for (size_t i = 0; i < sld_grid_count(a); i++) {
        const sld_point *p = sld_grid_point(a, i), *q = sld_grid_point(b, i);
        assert_string_equal(p->id, q->id);
        assert_string_equal(p->arm, q->arm);
        assert_string_equal(p->experiment, q->experiment);
        assert_int_equal(p->seed, q->seed);
        assert_int_equal(p->teacher, q->teacher);
        assert_int_equal(p->is_teacher, q->is_teacher);
        assert_int_equal(p->n_axes, q->n_axes);
        check_needs(p, q);
        for (size_t k = 0; k < p->n_axes; k++) {
            assert_string_equal(p->axis[k], q->axis[k]);
            assert_string_equal(p->value[k], q->value[k]);
        }
    }
    sld_grid_close(a);
    sld_grid_close(b);
}

/* A cut or foreign file is named, and nothing is made of it. */
static void test_damage(void **state)
{
    char      spec[1024], *bytes = NULL;
    size_t    n = 0;
    sld_ctx   ctx;
    sld_grid *a, *b = NULL;

    snprintf(spec, sizeof spec, text, 1);
    a = fixture_sweep(spec, NULL);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_points_text(&ctx, a, &bytes, &n), SLD_OK);
    for (size_t cut = 0; cut < n; cut += cut < 300 || cut + 300 > n ? 1 : 997) {
        sld_ctx_init(&ctx);
        assert_int_equal(sld_file_publish(&ctx, "points", bytes, cut, true), SLD_OK);
        assert_int_equal(sld_grid_open(&ctx, ".", &b), SLD_ERR_DATA);
        assert_null(b);
        assert_non_null(strstr(ctx.err.msg, "./points"));
    }
    free(bytes);
    sld_grid_close(a);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_grid_open(&ctx, "/nowhere", &b), SLD_ERR_DATA);
}

/* IDs and teachers' files become paths: a list by another hand does not lead out of trials. */
static void test_paths(void **state)
{
    static const char *const lines[] = {
        "point\t%s\ttrial\t-\t1\ta\n method: none\n",
        "point\t0123456789ab\ttrial\t-\t1\ta\n method: none\nneeds\t8\t%s\town\n"};
    static const struct {
        int         line;
        const char *word;
        sld_status  wanted;
    } cases[] = {{0, "0123456789ab", SLD_OK},
                 {0, "../../../abc", SLD_ERR_DATA},
                 {0, "..........ab", SLD_ERR_DATA},
                 {0, "/tmp/0123456", SLD_ERR_DATA},
                 {0, "01234567", SLD_ERR_DATA},
                 {1, "trials/0123456789ab/last.h5", SLD_OK},
                 {1, "/etc/passwd", SLD_ERR_DATA},
                 {1, "../../last.h5", SLD_ERR_DATA},
                 {1, "trials/../../../../ab/last.h5", SLD_ERR_DATA},
                 {1, "trials/0123456789ab/../last.h5", SLD_ERR_DATA},
                 {1, "trials/0123456789ab/..", SLD_ERR_DATA}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char      body[256], points[512];
        sld_ctx   ctx;
        sld_grid *grid = NULL;
        snprintf(body, sizeof body, lines[cases[i].line], cases[i].word);
        const int n =
            snprintf(points, sizeof points, "sld-sweep 2\nname\tn\nbaseline\ta\n%send\t1\n", body);
        sld_ctx_init(&ctx);
        assert_int_equal(sld_file_publish(&ctx, "points", points, (size_t)n, true), SLD_OK);
        if (sld_grid_open(&ctx, ".", &grid) != cases[i].wanted) {
            fail_msg("%s: %s", cases[i].word, ctx.err.msg);
        }
        sld_grid_close(grid);
    }
}

/* This process's own, whatever else the machine does. */
static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* 10,000 points in under a second is the promise; a debug build is some five times slower. */
static void test_many(void **state)
{
    char      spec[1024];
    sld_ctx   ctx;
    sld_grid *a, *b;

    snprintf(spec, sizeof spec, text, 20);
    double start = cpu_s();
    a            = fixture_sweep(spec, NULL);
    print_message("expanded %zu points in %.3f s\n", sld_grid_count(a), cpu_s() - start);
    assert_true(sld_grid_count(a) > 6000);
    assert_true(cpu_s() - start < 10);
    write_points(a);
    sld_ctx_init(&ctx);
    start = cpu_s();
    assert_int_equal(sld_grid_open(&ctx, ".", &b), SLD_OK);
    print_message("read them in %.3f s\n", cpu_s() - start);
    assert_int_equal(sld_grid_count(a), sld_grid_count(b));
    sld_grid_close(a);
    sld_grid_close(b);
}

int main(void)
{
    char                    dir[]   = "/tmp/sld-test-XXXXXX";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_again), cmocka_unit_test(test_needs_of_an_old_folder),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_paths), cmocka_unit_test(test_many)};
    if (!mkdtemp(dir) || chdir(dir) != 0) {
        return 1;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink("points");
    return chdir("/") != 0 || rmdir(dir) != 0 || failed;
}
