/* Published files: whole or not at all, and what stood there before survives a failure. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
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
    assert_non_null(strstr(ctx.err.msg, "got a folder"));
    sld_err_clear(&ctx);
    snprintf(path, sizeof path, "%s/deep/er/still", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_OK);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_OK);
    snprintf(path, sizeof path, "%s/a/below-a-file", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, path), SLD_ERR_CONFIG);
}

/* What killed processes left goes; what only looks like it stays. */
static void test_sweep_takes_temporaries_alone(void **state)
{
    static const char *const names[] = {
        "w.h5.4711.tmp", "w.h5.0123456789abcdef.tmp", "w.h5", "w.tmp", "4711.tmp", "w.47a.tmp",
        ".4711.tmp"};
    sld_ctx ctx;
    char    folder[96], path[160];

    sld_ctx_init(&ctx);
    snprintf(folder, sizeof folder, "%s/sweep", dir);
    assert_int_equal(sld_file_mkdirs(&ctx, folder), SLD_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(sld_file_publish(&ctx, path, "x", 1, true), SLD_OK);
    }
    assert_int_equal(sld_file_clean_up(&ctx, folder), SLD_OK);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(access(path, F_OK), i < 2 ? -1 : 0);
    }
    snprintf(path, sizeof path, "%s/nowhere", dir);
    assert_int_equal(sld_file_clean_up(&ctx, path), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, path));
}

/* Opening a pipe would wait for whoever writes to it. */
static void test_a_pipe_is_refused(void **state)
{
    sld_ctx ctx;
    char    path[96];
    void   *bytes;
    size_t  n;

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_equal(sld_file_read(&ctx, path, 1 << 20, &bytes, &n), SLD_ERR_DATA);
    assert_non_null(strstr(ctx.err.msg, "got a pipe"));
    assert_int_equal(unlink(path), 0);
}

/* Equal process numbers in two containers, or a link put there by somebody: each temporary is new. */
static void test_temporaries_are_never_shared(void **state)
{
    sld_ctx ctx;
    char    path[96], one[PATH_MAX], two[PATH_MAX];
    int     fd[2];

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/t", dir);
    assert_int_equal(sld_file_temporary(&ctx, path, one, &fd[0]), SLD_OK);
    assert_int_equal(sld_file_temporary(&ctx, path, two, &fd[1]), SLD_OK);
    assert_string_not_equal(one, two);
    assert_int_equal(open(one, O_CREAT | O_EXCL | O_WRONLY, 0666), -1);
    assert_int_equal(close(fd[0]) | close(fd[1]) | unlink(one) | unlink(two), 0);
    snprintf(path, sizeof path, "%s/absent/t", dir);
    assert_int_equal(sld_file_temporary(&ctx, path, one, &fd[0]), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, path));
}

static void test_settle_spares_what_exists(void **state)
{
    sld_ctx ctx;
    char    from[96], to[96];
    bool    there;

    sld_ctx_init(&ctx);
    snprintf(from, sizeof from, "%s/from", dir);
    snprintf(to, sizeof to, "%s/to", dir);
    assert_int_equal(sld_file_publish(&ctx, from, "one", 3, true), SLD_OK);
    assert_int_equal(sld_file_settle(&ctx, from, to, &there), SLD_OK);
    assert_false(there);
    expect_content(to, "one");
    assert_int_equal(access(from, F_OK), -1);
    assert_int_equal(sld_file_publish(&ctx, from, "two", 3, true), SLD_OK);
    assert_int_equal(sld_file_settle(&ctx, from, to, &there), SLD_OK);
    assert_true(there);
    expect_content(to, "one");
    assert_int_equal(access(from, F_OK), -1);
    assert_int_equal(unlink(to), 0);
}

static void test_a_lock_is_one_process_and_no_link(void **state)
{
    sld_ctx  ctx;
    char     path[96], link[96];
    int      fd[2];
    sld_lock lock;

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/lock", dir);
    snprintf(link, sizeof link, "%s/link", dir);
    assert_int_equal(sld_file_open_lock(&ctx, path, &fd[0]), SLD_OK);
    assert_int_equal(sld_file_open_lock(&ctx, path, &fd[1]), SLD_OK);
    assert_int_equal(sld_file_lock(&ctx, path, fd[0], &lock), SLD_OK);
    assert_int_equal(lock, SLD_LOCK_TAKEN);
    assert_int_equal(sld_file_lock(&ctx, path, fd[1], &lock), SLD_OK);
    assert_int_equal(lock, SLD_LOCK_HELD);
    close(fd[0]);
    assert_int_equal(sld_file_lock(&ctx, path, fd[1], &lock), SLD_OK);
    assert_int_equal(lock, SLD_LOCK_TAKEN);
    close(fd[1]);
    assert_int_equal(symlink("elsewhere", link), 0);
    assert_int_equal(sld_file_open_lock(&ctx, link, &fd[0]), SLD_ERR_IO);
    assert_non_null(strstr(ctx.err.msg, "symbolic link"));
    assert_int_equal(unlink(path) | unlink(link), 0);
}

/* Who looks whether a run is at work does not keep one from its start, nor takes another look for
 * one. */
static void test_looking_at_a_lock_takes_nothing(void **state)
{
    const struct timespec moment = {.tv_nsec = 60L * 1000 * 1000};
    sld_ctx               ctx;
    char                  path[96];
    int                   fd[2], ready[2];
    sld_lock              lock;

    sld_ctx_init(&ctx);
    snprintf(path, sizeof path, "%s/look", dir);
    assert_false(sld_file_is_locked(path)); /* no such file */
    assert_int_equal(sld_file_open_lock(&ctx, path, &fd[0]), SLD_OK);
    assert_int_equal(sld_file_open_lock(&ctx, path, &fd[1]), SLD_OK);
    assert_false(sld_file_is_locked(path));
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid == 0) { /* a look that a busy machine makes long */
        const int own = open(path, O_RDONLY);
        if (flock(own, LOCK_SH) == 0 && write(ready[1], "", 1) == 1) {
            nanosleep(&moment, NULL);
        }
        _exit(0);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_false(sld_file_is_locked(path));
    assert_int_equal(sld_file_lock(&ctx, path, fd[0], &lock), SLD_OK);
    assert_int_equal(lock, SLD_LOCK_TAKEN);
    assert_true(sld_file_is_locked(path));
    assert_int_equal(sld_file_lock(&ctx, path, fd[1], &lock), SLD_OK);
    assert_int_equal(lock, SLD_LOCK_HELD);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(fd[0]);
    assert_false(sld_file_is_locked(path));
    close(fd[1]);
    close(ready[0]);
    close(ready[1]);
    assert_int_equal(unlink(path), 0);
}

static bool yes(sld_ctx *ctx, const char *path)
{
    return true;
}

static bool no(sld_ctx *ctx, const char *path)
{
    return false;
}

static void expect_output(const sld_output *output, sld_status wanted, const char *word)
{
    sld_ctx ctx;
    bool    exists;

    sld_ctx_init(&ctx);
    assert_int_equal(sld_output_check(&ctx, output, &exists), wanted);
    if (word && !strstr(ctx.err.msg, word)) {
        print_error("\"%s\" is not in: %s\n", word, ctx.err.msg);
        fail();
    }
}

static void test_outputs_spare_inputs_and_foreign_files(void **state)
{
    sld_ctx     ctx;
    char        file[96], link[96], hard[96], fresh[96];
    const char *inputs[2] = {file, NULL};
    sld_output  out       = {.option = "--out", .inputs = inputs, .n_inputs = 2, .is_own = no};

    sld_ctx_init(&ctx);
    snprintf(file, sizeof file, "%s/in", dir);
    snprintf(link, sizeof link, "%s/soft", dir);
    snprintf(hard, sizeof hard, "%s/hard", dir);
    snprintf(fresh, sizeof fresh, "%s/fresh", dir);
    assert_int_equal(sld_file_publish(&ctx, file, "x", 1, true), SLD_OK);
    assert_int_equal(symlink("in", link), 0);
    assert_int_equal(linkat(AT_FDCWD, file, AT_FDCWD, hard, 0), 0);
    for (int force = 0; force < 2; force++) {
        out.force          = force;
        const char *same[] = {file, link, hard};
        for (int i = 0; i < 3; i++) {
            out.path = same[i];
            expect_output(&out, SLD_ERR_CONFIG, "same file as input");
        }
        out.path = dir;
        expect_output(&out, SLD_ERR_CONFIG, "a folder");
        out.path = "/dev/null";
        expect_output(&out, SLD_ERR_CONFIG, "no regular file");
        out.path = "/nowhere/out";
        expect_output(&out, SLD_ERR_IO, "no folder /nowhere");
        out.path = fresh;
        expect_output(&out, SLD_OK, NULL);
    }
    inputs[0] = dir; /* a folder that is read: new files alone */
    out.path  = file;
    expect_output(&out, SLD_ERR_CONFIG, "which is read");
    inputs[0] = NULL;
    out.force = false;
    expect_output(&out, SLD_ERR_CONFIG, "--force");
    out.force = true;
    expect_output(&out, SLD_OK, NULL);
    out.force  = false;
    out.is_own = yes;
    expect_output(&out, SLD_OK, NULL);
    assert_int_equal(unlink(file) | unlink(link) | unlink(hard), 0);
}

static void test_what_is_printed_moves_nothing(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {{"caf\xc3\xa9 \xe2\x82\xac", "caf\xc3\xa9 \xe2\x82\xac"},
                 {"a\nb\x1b[31m\x7f\r", "a\\nb\\x1b[31m\\x7f\\x0d"},
                 {"\xc2\x9b"
                  "2J",
                  "\\u009b2J"},
                 {"x\xe2\x80\xaey\xe2\x81\xa6", "x\\u202ey\\u2066"},
                 {"caf\xe9", "caf\\xe9"},
                 {"\xf3\xa0\x80\x81", "\\U000e0001"}};
    char    out[64];
    sld_ctx ctx;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(sld_text_printable(cases[i].text, out, sizeof out), cases[i].shown);
        assert_string_equal(sld_text_printable(out, out + 32, 32),
                            cases[i].shown); /* once is all */
    }
    assert_string_equal(sld_text_printable("\n\n\n", out, 6), "\\n\\n");
    sld_ctx_init(&ctx);
    assert_int_equal(SLD_FAIL(&ctx, SLD_ERR_DATA, "%s: gone", "a\n2026 error: forged"),
                     SLD_ERR_DATA);
    assert_string_equal(ctx.err.msg, "a\\n2026 error: forged: gone");
}

/* A link in it goes, and not what it leads to. */
static void test_a_tree_goes_and_nothing_beside_it(void **state)
{
    sld_ctx ctx;
    char    tree[96], deep[160], kept[96], link_name[160];

    sld_ctx_init(&ctx);
    snprintf(tree, sizeof tree, "%s/tree", dir);
    snprintf(deep, sizeof deep, "%s/a/b", tree);
    snprintf(kept, sizeof kept, "%s/kept", dir);
    snprintf(link_name, sizeof link_name, "%s/link", tree);
    assert_int_equal(sld_file_mkdirs(&ctx, deep), SLD_OK);
    assert_int_equal(sld_file_mkdirs(&ctx, kept), SLD_OK);
    assert_int_equal(symlink(kept, link_name), 0);
    snprintf(deep, sizeof deep, "%s/a/b/file", tree);
    assert_int_equal(sld_file_publish(&ctx, deep, "x", 1, true), SLD_OK);
    sld_file_remove_tree(tree);
    assert_int_equal(access(tree, F_OK), -1);
    assert_int_equal(access(kept, F_OK), 0);
}

static void test_spans_of_time(void **state)
{
    static const struct {
        double      seconds;
        const char *text;
    } cases[] = {{0, "0:00:00"},        {59.9, "0:00:59"}, {60, "0:01:00"},  {3725, "1:02:05"},
                 {360000, "100:00:00"}, {-1, "0:00:00"},   {NAN, "0:00:00"}, {INFINITY, "0:00:00"}};
    char text[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sld_clock_span(cases[i].seconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace_and_link),
        cmocka_unit_test(test_failed_write_keeps_the_old_file),
        cmocka_unit_test(test_errors_name_the_path),
        cmocka_unit_test(test_sweep_takes_temporaries_alone),
        cmocka_unit_test(test_a_pipe_is_refused),
        cmocka_unit_test(test_temporaries_are_never_shared),
        cmocka_unit_test(test_settle_spares_what_exists),
        cmocka_unit_test(test_a_lock_is_one_process_and_no_link),
        cmocka_unit_test(test_looking_at_a_lock_takes_nothing),
        cmocka_unit_test(test_outputs_spare_inputs_and_foreign_files),
        cmocka_unit_test(test_what_is_printed_moves_nothing),
        cmocka_unit_test(test_a_tree_goes_and_nothing_beside_it),
        cmocka_unit_test(test_spans_of_time),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
