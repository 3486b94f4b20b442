/* test_store_full_disk.c: when a file cannot be written, the error says why and the file that stood
 * there before still does, complete. */
#define _GNU_SOURCE /* unshare */
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static sld_status publish_zeros(fixture *f, const char *path, size_t n)
{
    sld_doc *doc;
    float   *zeros = calloc(n, sizeof *zeros);
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, sld_doc_put(&f->ctx, doc, "/zeros", SLD_F32, 1, &n, zeros));
    free(zeros);
    const sld_status st = sld_doc_publish(&f->ctx, &doc, path, true);
    assert_null(doc);
    return st;
}

static void assert_holds(fixture *f, const char *path, size_t n)
{
    sld_doc *doc;
    float   *zeros = malloc(n * sizeof *zeros);
    assert_ok(f, sld_doc_open(&f->ctx, path, &doc));
    assert_ok(f, sld_doc_get(&f->ctx, doc, "/zeros", SLD_F32, n, zeros));
    sld_doc_close(doc);
    free(zeros);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
    fixture *f = *state;
    char     disk[80], path[96];

    snprintf(disk, sizeof disk, "%s/disk", f->folder);
    snprintf(path, sizeof path, "%s/file.h5", disk);
    assert_int_equal(mkdir(disk, 0700), 0);
    /* A mount of this process alone, so that nothing remains of it whatever happens. */
    const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                         mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                         mount("none", disk, "tmpfs", 0, "size=256k") == 0;
    if (!mounted) {
        print_message("cannot mount a small disk (%s): left out\n", strerror(errno));
        rmdir(disk);
        skip();
    }
    assert_ok(f, publish_zeros(f, path, 1000));
    assert_fails(f, publish_zeros(f, path, 200000), SLD_ERR_IO, "disk/file.h5|No space left");
    assert_holds(f, path, 1000);
    assert_ok(f, publish_zeros(f, path, 2000)); /* the failed one left no rest behind */
    assert_int_equal(umount(disk), 0);
    rmdir(disk);
}

static void a_size_limit_keeps_the_old_file(void **state)
{
    fixture      *f = *state;
    struct rlimit limit, old;

    assert_ok(f, publish_zeros(f, f->path, 1000));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){65536, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const sld_status st = publish_zeros(f, f->path, 200000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_fails(f, st, SLD_ERR_IO, "file.h5|File too large");
    assert_holds(f, f->path, 1000);
}

/* With one descriptor to spare a hundred documents are open: none keeps its own. */
static void documents_keep_no_descriptor(void **state)
{
    fixture      *f = *state;
    struct rlimit limit, old;
    sld_doc      *docs[100];

    assert_ok(f, publish_zeros(f, f->path, 10));
    const int next = dup(0);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    limit = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < 100; i++) {
        assert_ok(f, sld_doc_open(&f->ctx, f->path, &docs[i]));
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    for (size_t i = 0; i < 100; i++) {
        float zeros[10];
        assert_ok(f, sld_doc_get(&f->ctx, docs[i], "/zeros", SLD_F32, 10, zeros));
        sld_doc_close(docs[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_size_limit_keeps_the_old_file), TEST(documents_keep_no_descriptor),
        TEST(a_full_disk_keeps_the_old_file), /* last: it leaves the machine's name space */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
