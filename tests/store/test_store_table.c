/* test_store_table.c: a table of logits written by all ranks is the same file content on any number
 * of ranks, is read back bit for bit, and no damage to it gives other numbers. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "comm/world.h"
#include "sld/store.h"

enum { N = 200, K = 5 }; /* 3 whole blocks and a part of one */

static char      folder[64], path[128];
static int32_t   sample[N];
static sld_table wanted = {.key = "teacher: 12ab\nview: weak\n", .epoch = 3, .n = N, .K = K};

static float value(size_t row, size_t k)
{
    return (float)row + 0.01F * (float)k;
}

/* Rank 0 chooses a folder, all know it. */
static int setup(void **state)
{
    (void)state;
    strcpy(folder, "test-table-XXXXXX");
    int bad = sld_comm_rank(comm) == 0 && !mkdtemp(folder);
    if (sld_comm_bcast(&ctx, comm, folder, sizeof folder, 0) != SLD_OK) return -1;
    snprintf(path, sizeof path, "%s/epoch.h5", folder);
    for (int i = 0; i < N; i++) {
        sample[i] = 3 * i + 1;
    }
    wanted.sample = sample;
    return bad ? -1 : 0;
}

/* Fails where a temporary file was left behind. */
static int teardown(void **state)
{
    (void)state;
    (void)sld_comm_barrier(&ctx, comm);
    if (sld_comm_rank(comm) != 0) return 0;
    unlink(path);
    return rmdir(folder);
}

static sld_status publish(float offset, bool replace)
{
    const sld_range mine = sld_comm_share(comm, N, SLD_TABLE_BLOCK);
    float           rows[N * K]; /* a rank brings its own rows and garbage */

    for (size_t i = 0; i < N * K; i++) {
        const size_t row = i / K;
        rows[i]          = row >= mine.begin && row < mine.end ? value(row, i % K) + offset : -7.0F;
    }
    return sld_table_publish(&ctx, comm, &wanted, rows, path, replace);
}

static void assert_rows(const float *rows, float offset)
{
    for (size_t i = 0; i < N * K; i++) {
        assert_true(rows[i] == value(i / K, i % K) + offset);
    }
}

/* Far more than HDF5 allots before it writes, which is 1 MiB. */
static void a_large_table_is_written_and_read(void **state)
{
    enum { ROWS = 7000, CLASSES = 100 };
    static const size_t n    = (size_t)ROWS * CLASSES;
    float              *rows = malloc(n * sizeof *rows), *found = malloc(n * sizeof *found);
    int32_t            *which = malloc(ROWS * sizeof *which);
    (void)state;

    assert_true(rows && found && which);
    for (int32_t i = 0; i < ROWS; i++) {
        which[i] = i;
    }
    for (size_t i = 0; i < n; i++) {
        rows[i] = value(i / CLASSES, i % CLASSES);
    }
    const sld_table large = {
        .key = "teacher: large\n", .epoch = 1, .n = ROWS, .K = CLASSES, .sample = which};
    assert_int_equal(sld_table_publish(&ctx, comm, &large, rows, path, false), SLD_OK);
    assert_int_equal(sld_table_read(&ctx, &large, path, (sld_range){0, ROWS}, found), SLD_OK);
    assert_memory_equal(found, rows, n * sizeof *rows);
    free(rows);
    free(found);
    free(which);
}

static void assert_refused(sld_status st, sld_status code, const char *word)
{
    if (st != code || !strstr(ctx.err.msg, word)) {
        print_error("status %d, \"%s\" wanted in: %s\n", (int)st, word, ctx.err.msg);
    }
    assert_int_equal(st, code);
    assert_non_null(strstr(ctx.err.msg, word));
    sld_err_clear(&ctx);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const sld_range all = {0, N}, middle = {64, 128};
    float           rows[N * K] = {0}, one[N * K] = {0};

    assert_int_equal(publish(0.0F, false), SLD_OK);
    assert_int_equal(sld_table_read(&ctx, &wanted, path, all, rows), SLD_OK);
    assert_rows(rows, 0.0F);
    assert_int_equal(sld_table_read(&ctx, &wanted, path, middle, one), SLD_OK);
    assert_memory_equal(one + 64 * K, rows + 64 * K, 64 * K * sizeof *rows);
    assert_true(one[63 * K] == 0.0F && one[128 * K] == 0.0F);

    /* a table that stands is kept, unless it is to be replaced */
    assert_int_equal(publish(0.5F, false), SLD_OK);
    assert_int_equal(sld_table_read(&ctx, &wanted, path, all, rows), SLD_OK);
    assert_rows(rows, 0.0F);
    assert_int_equal(sld_comm_barrier(&ctx, comm), SLD_OK);
    assert_int_equal(publish(0.5F, true), SLD_OK);
    assert_int_equal(sld_table_read(&ctx, &wanted, path, all, rows), SLD_OK);
    assert_rows(rows, 0.5F);
}

static void another_table_is_refused(void **state)
{
    (void)state;
    const sld_range all = {0, N};
    float           rows[N * K];
    int32_t         others[N];
    sld_table       other = wanted;

    assert_int_equal(publish(0.0F, false), SLD_OK);
    other.key = "teacher: 12ab\nview: strong\n";
    assert_refused(sld_table_read(&ctx, &other, path, all, rows), SLD_ERR_DATA,
                   "expected logits of \"view: strong\", got those of \"view: weak\"");
    other       = wanted;
    other.epoch = 4;
    assert_refused(sld_table_read(&ctx, &other, path, all, rows), SLD_ERR_DATA,
                   "expected epoch 4, got 3");
    other   = wanted;
    other.K = 6;
    assert_refused(sld_table_read(&ctx, &other, path, all, rows), SLD_ERR_DATA,
                   "/logits: expected the shape (200,6), got (200,5)");
    memcpy(others, sample, sizeof others);
    others[130]  = 7;
    other        = wanted;
    other.sample = others;
    assert_refused(sld_table_read(&ctx, &other, path, all, rows), SLD_ERR_DATA,
                   "row 130: expected sample 7, got 391");
    assert_refused(sld_table_read(&ctx, &wanted, "none.h5", all, rows), SLD_ERR_DATA, "none.h5");
    assert_int_equal(sld_comm_barrier(&ctx, comm), SLD_OK);
}

/* Any byte, any cut. On one rank: it reads as rank 0 of many does, who would wait meanwhile. */
static void all_damage_is_found(void **state)
{
    (void)state;
    if (sld_comm_size(comm) > 1) return;
    const sld_range all = {0, N};
    float           rows[N * K];
    void           *bytes = NULL;
    size_t          n     = 0;

    assert_int_equal(publish(0.0F, false), SLD_OK);
    assert_int_equal(sld_file_read(&ctx, path, SIZE_MAX, &bytes, &n), SLD_OK);
    const int    fd   = open(path, O_RDWR);
    const size_t tail = n - 120;                            /* the checksums */
    for (size_t at = 0; at < n; at += at < tail ? 61 : 1) { /* odd: all of HDF5's grid */
        const uint8_t changed = ((uint8_t *)bytes)[at] ^ 0x10;
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        assert_refused(sld_table_read(&ctx, &wanted, path, all, rows), SLD_ERR_DATA, path);
        assert_int_equal(pwrite(fd, (uint8_t *)bytes + at, 1, (off_t)at), 1);
    }
    assert_int_equal(sld_table_read(&ctx, &wanted, path, all, rows), SLD_OK);
    for (size_t cut = n - 1; cut > 0; cut -= cut < tail && cut > 200 ? 97 : 1) {
        assert_int_equal(ftruncate(fd, (off_t)cut), 0);
        assert_refused(sld_table_read(&ctx, &wanted, path, all, rows), SLD_ERR_DATA, path);
    }
    close(fd);
    free(bytes);
}

static void touch(const char *name)
{
    const int fd = open(name, O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0);
    close(fd);
}

/* Rank 0. */
static void dead_writers_are_swept(void **state)
{
    (void)state;
    char        name[64] = "", host[96], dead[256], zombie[256], live[256], away[256], longer[256];
    struct stat space;

    if (sld_comm_rank(comm) != 0) return;
    gethostname(name, sizeof name - 1);
    assert_int_equal(stat("/proc/self/ns/pid", &space), 0); /* process numbers are those of it */
    snprintf(host, sizeof host, "%s-%ju", name, (uintmax_t)space.st_ino);
    snprintf(dead, sizeof dead, "%s.%s.%d.00c0ffee.tmp", path, host,
             INT_MAX);          /* above any process id */
    const pid_t ended = fork(); /* it stays a zombie until it is waited for */
    if (ended == 0) _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT), 0);
    snprintf(zombie, sizeof zombie, "%s.%s.%ld.00c0ffee.tmp", path, host, (long)ended);
    snprintf(live, sizeof live, "%s.%s.%ld.00c0ffee.tmp", path, host, (long)getpid());
    snprintf(away, sizeof away, "%s.elsewhere.1.tmp", path);
    snprintf(longer, sizeof longer, "%s0.%s.%d.tmp", path, host, INT_MAX); /* of another table */
    touch(dead);
    touch(zombie);
    touch(live);
    touch(away);
    touch(longer);
    sld_table_clean_up(path);
    assert_int_equal(access(dead, F_OK), -1);
    assert_int_equal(access(zombie, F_OK), -1);
    assert_int_equal(waitpid(ended, NULL, 0), ended);
    assert_int_equal(access(live, F_OK), 0);
    assert_int_equal(access(away, F_OK), 0);
    assert_int_equal(access(longer, F_OK), 0);
    touch(path);
    sld_table_clean_up(path);
    assert_int_equal(access(away, F_OK), -1);
    assert_int_equal(unlink(live) | unlink(longer), 0);
}

/* The folder is not there: one status on every rank, no hang. */
static void a_write_that_fails_is_told_to_all(void **state)
{
    (void)state;
    char held[sizeof path];

    strcpy(held, path);
    strcpy(path, "no-such-folder/epoch.h5");
    assert_refused(publish(0.0F, false), SLD_ERR_IO, "no-such-folder");
    strcpy(path, held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_table_is_written_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(another_table_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(all_damage_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(dead_writers_are_swept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_fails_is_told_to_all, setup, teardown),
    };
    if (world_begin() != 0) return 1;
    return world_end(cmocka_run_group_tests(tests, NULL, NULL));
}
