/* Published files: whole or not at all, and what stood there before survives a failure. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "sld/base.h"

static char dir[64];

static int setup(void **state)
{
    strcpy(dir, "/tmp/sld-test-file-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static void expect_content(const char *path, const char *wanted)
{
    sld_ctx ctx;
    void   *bytes;
    size_t  n;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_file_read(&ctx, path, 1 << 20, &bytes, &n), SLD_OK);
    assert_int_equal(n, strlen(wanted));
    assert_memory_equal(bytes, wanted, n);
    free(bytes);
}

static int entries(void)
{
    char command[96], text[16] = "";
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", dir);
    FILE *f = popen(command, "r");
    assert_non_null(fgets(text, sizeof text, f));
    pclose(f);
    return atoi(text);
}

static void test_replace_and_link(void **state)
{
    sld_ctx ctx;
    char    path[96];

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/a", dir);
    assert_int_equal(sld_file_publish(&ctx, path, "one", 3, false), SLD_OK);
    assert_int_equal(sld_file_publish(&ctx, path, "two", 3, false), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, path));
    sld_err_clear(&ctx);
    expect_content(path, "one");
    assert_int_equal(sld_file_publish(&ctx, path, "three", 5, true), SLD_OK);
    expect_content(path, "three");
    assert_int_equal(entries(), 1); /* no temporary is left */
}

static void test_failed_write_keeps_the_old_file(void **state)
{
    sld_ctx       ctx;
    char          path[96];
    char         *big = calloc(1, 1 << 16);
    struct rlimit old, small = {4096, RLIM_INFINITY};

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/b", dir);
    assert_int_equal(sld_file_publish(&ctx, path, "old", 3, true), SLD_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const sld_status st = sld_file_publish(&ctx, path, big, 1 << 16, true);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(st, SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, "File too large"));
    expect_content(path, "old");
    free(big);
}

static void test_errors_name_the_path(void **state)
{
    sld_ctx ctx;
    char    path[96];
    void   *bytes;
    size_t  n;

    snprintf(path, sizeof path, "%s/none/x", dir);
    sld_ctx_init(&ctx);
    assert_int_equal(sld_file_publish(&ctx, path, "x", 1, true), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, path));
    sld_err_clear(&ctx);
    assert_int_equal(sld_file_read(&ctx, path, 10, &bytes, &n), SLD_ERR_DATA);
    assert_non_null(strstr(ctx.err.msg, path));
    sld_err_clear(&ctx);
    assert_int_equal(sld_file_read(&ctx, dir, 10, &bytes, &n), SLD_ERR_DATA);
    assert_non_null(strstr(ctx.err.msg, "is a folder"));
    sld_err_clear(&ctx);
    snprintf(path, sizeof path, "%s/deep/er/still", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_OK);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_OK);
    snprintf(path, sizeof path, "%s/a/below-a-file", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_ERR_IO);
}

/* What killed processes left goes; what only looks like it stays. */
static void test_sweep_takes_temporaries_alone(void **state)
{
    static const char *const names[] = {"w.h5.4711.tmp", "w.h5",      "w.tmp",
                                        "4711.tmp",      "w.47a.tmp", ".4711.tmp"};
    sld_ctx                  ctx;
    char                     folder[96], path[160];

    sld_ctx_init(&ctx);
    snprintf(folder, sizeof folder, "%s/sweep", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, folder), SLD_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(sld_file_publish(&ctx, path, "x", 1, true), SLD_OK);
    }
    assert_int_equal(sld_file_sweep(&ctx, folder), SLD_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(access(path, F_OK), i == 0 ? -1 : 0);
    }
    snprintf(path, sizeof path, "%s/nowhere", dir);
    assert_int_equal(sld_file_sweep(&ctx, path), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_and_link),
        cmocka_unit_test(test_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_errors_name_the_path),
        cmocka_unit_test(test_sweep_takes_temporaries_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
