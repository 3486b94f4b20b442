/* test_store_many.c: one process tries many files in the program's place: the one that ends it is
 * named, its neighbours are read, and no file is blamed for another. The callback that opens a file
 * does by its name what HDF5 does on malformed ones. */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define MAX_CPU_S 4 /* 2 s, one of rounding, and what this test itself has spent */

/* What the other processes leave here. */
static struct {
    int   n_opened;
    pid_t last;
    bool  without_limits;
} * seen;

static bool poisoned;

static bool has_limits(void)
{
    struct rlimit cpu, memory;
    return getrlimit(RLIMIT_CPU, &cpu) == 0 && cpu.rlim_cur <= MAX_CPU_S &&
           getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur != RLIM_INFINITY;
}

static bool open_by_name(sld_doc *doc)
{
    seen->n_opened++;
    seen->last = getpid();
    seen->without_limits |= !has_limits();
    if (strstr(doc->path, "crashing") || poisoned) raise(SIGSEGV);
    if (strstr(doc->path, "endless")) raise(SIGXCPU); /* as the limit of its time does */
    if (strstr(doc->path, "leaving")) _exit(0);
    if (strstr(doc->path, "poisonous")) poisoned = true;
    doc->file = H5Fopen(doc->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (doc->file < 0) snprintf(doc->reason, sizeof doc->reason, "no such thing");
    return doc->file >= 0;
}

static void make(const fixture *f, const char *name, bool good)
{
    char path[600];

    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    if (good) {
        const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(file >= 0 && H5Fclose(file) >= 0);
    } else {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fputs("no HDF5 at all", file) >= 0, 1);
        assert_int_equal(fclose(file), 0);
    }
}

static sld_status try_it(fixture *f, const char *name)
{
    char     path[600];
    sld_doc *doc;
    int      fd;

    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    assert_ok(f, doc_new(&f->ctx, path, &doc));
    assert_ok(f, sld_file_open(&f->ctx, path, &fd, &doc->file_bytes));
    close(fd);
    const sld_status st = foreign_check(&f->ctx, doc, open_by_name);
    sld_doc_close(doc);
    return st;
}

static int set_up(void **state)
{
    const int st = setup(state);

    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(seen != MAP_FAILED);
    return st;
}

static int tear_down(void **state)
{
    assert_false(seen->without_limits);
    assert_int_equal(munmap(seen, sizeof *seen), 0);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* no process is left */
    DIR *dir = opendir(((fixture *)*state)->folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
    return teardown(state);
}

static void one_process_reads_all_of_them_once(void **state)
{
    fixture *f = *state;
    char     name[32];

    sld_doc_many(true);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 300; i++) {
            snprintf(name, sizeof name, "good%d.h5", i);
            if (pass == 0) make(f, name, true);
            const pid_t before = seen->last;
            assert_ok(f, try_it(f, name));
            assert_true(before == 0 || seen->last == before);
        }
    }
    assert_int_equal(seen->n_opened, 300);
    sld_doc_many(true); /* within the other */
    sld_doc_many(false);
    assert_ok(f, try_it(f, "good7.h5"));
    assert_int_equal(seen->n_opened, 300);
    make(f, "good7.h5", false); /* another content */
    assert_fails(f, try_it(f, "good7.h5"), SLD_ERR_DATA, "good7.h5|no such thing");
    sld_doc_many(false);
    assert_ok(f, try_it(f, "good8.h5")); /* forgotten */
    assert_true(seen->n_opened > 301);
}

static void the_one_that_ends_the_process_is_named(void **state)
{
    static const char *const bad[][2] = {{"crashing.h5", "crashing.h5|crashes|signal 11"},
                                         {"endless.h5", "endless.h5|does not end"},
                                         {"leaving.h5", "leaving.h5|damaged"},
                                         {"foreign.h5", "foreign.h5|no such thing"}};
    fixture                 *f        = *state;

    make(f, "good.h5", true);
    for (size_t i = 0; i < 4; i++) {
        make(f, bad[i][0], strcmp(bad[i][0], "foreign.h5") != 0);
        assert_fails(f, try_it(f, bad[i][0]), SLD_ERR_DATA, bad[i][1]); /* alone */
        sld_doc_many(true);
        assert_fails(f, try_it(f, bad[i][0]), SLD_ERR_DATA, bad[i][1]); /* as the first */
        assert_ok(f, try_it(f, "good.h5"));
        assert_fails(f, try_it(f, bad[i][0]), SLD_ERR_DATA, bad[i][1]); /* in the midst */
        assert_fails(f, try_it(f, bad[i][0]), SLD_ERR_DATA, bad[i][1]); /* and never forgotten */
        assert_ok(f, try_it(f, "good.h5"));
        sld_doc_many(false);
    }
}

static void no_file_is_blamed_for_an_earlier_one(void **state)
{
    fixture *f = *state;

    make(f, "poisonous.h5", true);
    make(f, "good.h5", true);
    sld_doc_many(true);
    assert_ok(f, try_it(f, "poisonous.h5"));
    const pid_t before = seen->last;
    assert_ok(f, try_it(f, "good.h5"));
    assert_true(seen->last != before);
    sld_doc_many(false);
}

static void a_process_that_was_killed_meanwhile_is_replaced(void **state)
{
    fixture *f = *state;

    make(f, "good.h5", true);
    make(f, "better.h5", true);
    sld_doc_many(true);
    assert_ok(f, try_it(f, "good.h5"));
    assert_int_equal(kill(seen->last, SIGKILL), 0);
    assert_ok(f, try_it(f, "better.h5"));
    sld_doc_many(false);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_process_reads_all_of_them_once),
        TEST(the_one_that_ends_the_process_is_named),
        TEST(no_file_is_blamed_for_an_earlier_one),
        TEST(a_process_that_was_killed_meanwhile_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
