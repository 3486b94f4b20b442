/* test_store_damage.c: no damage to a file of sld's own goes unseen, wherever it is; a damaged
 * foreign file carries no checksum and may be read or refused.
 * argv[1]: data/foreign.h5. */
#include "fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "results_sample.h"

#define STRIDE    37 /* odd: meets every field of HDF5's 8-byte grid */
#define BEHIND    61
#define IN_MEMORY 8 /* so many places are tried before one is read in memory too */

static const char *foreign;

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb"); /* not sld_file_publish: thousands of fsync take long */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static uint8_t *sample_bytes(fixture *f, size_t *n)
{
    void    *bytes;
    sld_doc *doc;
    assert_ok(f, sld_doc_create(&f->ctx, &doc));
    assert_ok(f, put_results_sample(&f->ctx, doc));
    assert_ok(f, sld_doc_publish(&f->ctx, &doc, f->path, true));
    assert_ok(f, sld_file_read(&f->ctx, f->path, SIZE_MAX, &bytes, n));
    return bytes;
}

static void any_changed_byte_is_found(void **state)
{
    fixture   *f = *state;
    size_t     n;
    uint8_t   *bytes = sample_bytes(f, &n);
    const long ids   = open_ids();
    sld_doc   *doc;

    for (size_t i = 0; i < n; i += i < 64 || i + 100 > n ? 1 : 11) {
        bytes[i] ^= (uint8_t)(1U << (i % 8));
        write_bytes(f->path, bytes, n);
        for (size_t k = 0; k < 2; k++) {
            const sld_status st =
                (k == 0 ? sld_doc_open : sld_doc_open_file)(&f->ctx, f->path, &doc);
            if (st != SLD_ERR_DATA) print_error("byte %zu of %zu\n", i, n);
            assert_fails(f, st, SLD_ERR_DATA, "file.h5|damaged");
            assert_null(doc);
        }
        bytes[i] ^= (uint8_t)(1U << (i % 8));
    }
    assert_int_equal(open_ids(), ids);
    free(bytes);
}

static void any_cut_is_found(void **state)
{
    fixture     *f = *state;
    size_t       n;
    uint8_t     *bytes   = sample_bytes(f, &n);
    const size_t n_image = n - 76; /* bytes of the checksum line */
    sld_doc     *doc;

    for (size_t cut = 0; cut < n; cut += cut < 64 || cut + 100 > n ? 1 : 29) {
        write_bytes(f->path, bytes, cut);
        const sld_status st = sld_doc_open(&f->ctx, f->path, &doc);
        if (cut == n_image) { /* nothing but the checksum is lost */
            float logits[SAMPLE_SAMPLES * SAMPLE_CLASSES];
            assert_ok(f, st);
            assert_ok(f, sld_doc_get(&f->ctx, doc, "/logits/test_last", SLD_F32,
                                     SAMPLE_SAMPLES * SAMPLE_CLASSES, logits));
            sld_doc_close(doc);
            continue;
        }
        if (st != SLD_ERR_DATA) print_error("cut at %zu of %zu\n", cut, n);
        assert_fails(f, st, SLD_ERR_DATA, "file.h5");
        if (cut > n_image - 100) {
            assert_fails(f, sld_doc_open_file(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5");
        }
    }
    write_bytes(f->path, bytes, n_image / 2);
    assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA, "truncated|superblock");

    memset(bytes + n_image - 512, 0, 512 + 76); /* a crash left the end unwritten */
    write_bytes(f->path, bytes, n);
    assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA, "damaged");
    free(bytes);
}

/* Everything that can be read by name is read, as sld eval or a data set would. */
static void read_everything(sld_ctx *ctx, sld_doc *doc)
{
    static const char *const groups[] = {"/", "/model"};
    sld_weights_info         info;
    const char              *name, *texts[8];
    char                     path[600];
    double                   values[64];

    (void)sld_weights_info_get(ctx, doc, &info);
    for (size_t g = 0; g < 2; g++) {
        for (size_t i = 0; i < 64 && (name = sld_doc_member(doc, groups[g], i)); i++) {
            int    n_dims = 0;
            size_t dims[SLD_DOC_DIMS], n = 1;
            snprintf(path, sizeof path, "%s/%s", g == 0 ? "" : groups[g], name);
            if (sld_doc_dims(ctx, doc, path, &n_dims, dims) != SLD_OK) continue;
            for (int d = 0; d < n_dims; d++) {
                n *= dims[d];
            }
            if (n <= 64) (void)sld_doc_get(ctx, doc, path, SLD_F64, n, values);
            if (n <= 8) (void)sld_doc_get_text(ctx, doc, path, n, texts);
        }
    }
}

static void cut_foreign_files_are_refused(void **state)
{
    fixture *f = *state;
    void    *bytes;
    size_t   n;
    sld_doc *doc;

    assert_ok(f, sld_file_read(&f->ctx, foreign, SIZE_MAX, &bytes, &n));
    for (size_t cut = 0; cut < n; cut += 307) {
        write_bytes(f->path, bytes, cut);
        assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5");
    }
    free(bytes);
}

/* As a process reads it that goes through many files, and, now and then, as one file in memory: both
 * must come to one end. */
static bool both_agree(fixture *f, bool in_memory)
{
    sld_doc   *doc;
    sld_status st = sld_doc_open_file(&f->ctx, f->path, &doc);

    if (st == SLD_OK) read_everything(&f->ctx, doc);
    sld_doc_close(doc);
    if (!in_memory) return true;
    sld_err_clear(&f->ctx);
    st = (st == SLD_OK) == (sld_doc_open(&f->ctx, f->path, &doc) == SLD_OK) ? SLD_OK : SLD_ERR_DATA;
    if (doc) read_everything(&f->ctx, doc);
    sld_doc_close(doc);
    return st == SLD_OK;
}

/* Inverts one byte after the other, from *at on. Never returns. */
static void read_damaged(fixture *f, uint8_t *bytes, size_t n, volatile size_t *at)
{
    for (int s = 1; s < 32; s++) {
        signal(s, SIG_DFL); /* cmocka's handlers would go on with the tests in this process */
    }
    sld_doc_many(true);
    for (; *at < n; *at += STRIDE) {
        const struct itimerval limit = {.it_value = {.tv_usec = 500000}};
        bytes[*at] ^= 0xff;
        /* zeros behind: two files within one tick of the clock differ at least in length */
        write_bytes(f->path, bytes, n + *at / STRIDE % BEHIND);
        setitimer(ITIMER_PROF, &limit, NULL); /* of its own time: reading takes a millisecond */
        if (!both_agree(f, *at / STRIDE % IN_MEMORY == 0)) _exit(1);
        bytes[*at] ^= 0xff;
    }
    sld_doc_many(false);
    _exit(0);
}

/* The library may meet its own bugs in a hostile file: what it does is seen from outside. */
static void damaged_foreign_files_are_survived(void **state)
{
    fixture         *f      = *state;
    int              n_lost = 0;
    void            *file;
    size_t           n;
    volatile size_t *at =
        mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(at != MAP_FAILED);
    assert_ok(f, sld_file_read(&f->ctx, foreign, SIZE_MAX, &file, &n));
    uint8_t *bytes = calloc(n + BEHIND, 1);
    assert_non_null(bytes);
    memcpy(bytes, file, n);
    free(file);
    while (*at < n) {
        int         status = 0;
        const pid_t pid    = fork();
        assert_true(pid >= 0);
        if (pid == 0) read_damaged(f, bytes, n, at);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0) {
            print_message("byte %zu inverted: %s %d\n", *at,
                          WIFSIGNALED(status) ? "signal" : "exit",
                          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            n_lost++;
            *at += STRIDE;
        }
    }
    /* HDF5 1.10.8 itself, and so h5py, loops or crashes in 0.7 % of all places of this file. */
    assert_int_equal(n_lost, 0);
    free(bytes);
}

/* Where n bytes hold the length of a text and the place of its heap: sets the length. */
static bool forge_length(uint8_t *bytes, size_t n, uint32_t length, uint32_t forged)
{
    for (size_t i = 0; i + 16 <= n; i++) {
        uint32_t found;
        uint64_t heap;
        memcpy(&found, bytes + i, sizeof found);
        memcpy(&heap, bytes + i + 4, sizeof heap);
        if (found == length && heap > 0 && heap < n && memcmp(bytes + heap, "GCOL", 4) == 0) {
            memcpy(bytes + i, &forged, sizeof forged);
            return true;
        }
    }
    return false;
}

/* A text as an attribute of the file, of a data set, or as a data set, in HDF5's oldest format, which
 * has no checksums. */
static void make_text(const char *path, int where, const char *text)
{
    const hid_t file   = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type   = H5Tcopy(H5T_C_S1);
    const hid_t scalar = H5Screate(H5S_SCALAR);
    assert_true(H5Tset_size(type, H5T_VARIABLE) >= 0);
    const hid_t values = H5Dcreate2(file, "values", where == 2 ? type : H5T_NATIVE_INT, scalar,
                                    H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(values, where == 2 ? type : H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                         where == 2 ? (const void *)&text : &(int){1}) >= 0);
    if (where < 2) {
        const hid_t attr =
            H5Acreate2(where == 0 ? file : values, "text", type, scalar, H5P_DEFAULT, H5P_DEFAULT);
        assert_true(H5Awrite(attr, type, &text) >= 0);
        H5Aclose(attr);
    }
    H5Dclose(values);
    H5Sclose(scalar);
    H5Tclose(type);
    assert_true(H5Fclose(file) >= 0);
}

/* HDF5 asks for as much memory as a text says that it is long, wherever it lies. */
static void texts_longer_than_their_file_are_refused(void **state)
{
    fixture *f = *state;
    char     text[1235];
    sld_doc *doc;
    void    *bytes;
    size_t   n;

    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int where = 0; where < 3; where++) {
        make_text(f->path, where, text);
        assert_ok(f, sld_doc_open(&f->ctx, f->path, &doc));
        sld_doc_close(doc);
        assert_ok(f, sld_file_read(&f->ctx, f->path, SIZE_MAX, &bytes, &n));
        assert_true(forge_length(bytes, n, sizeof text - 1, UINT32_C(0xf0000000)));
        write_bytes(f->path, bytes, n);
        assert_fails(f, sld_doc_open(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5|memory");
        assert_fails(f, sld_doc_open_file(&f->ctx, f->path, &doc), SLD_ERR_DATA, "file.h5|memory");
        free(bytes);
    }
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(any_changed_byte_is_found),
        TEST(any_cut_is_found),
        TEST(cut_foreign_files_are_refused),
        TEST(damaged_foreign_files_are_survived),
        TEST(texts_longer_than_their_file_are_refused),
    };
    if (argc < 2) {
        fprintf(stderr, "usage: %s data/foreign.h5\n", argv[0]);
        return 2;
    }
    foreign = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
