/* fixture.h: what the tests of the store share: a context, a folder of their own, a count of HDF5's
 * open identifiers, and the check that an error says what it should. */
#ifndef SLD_TESTS_STORE_FIXTURE_H
#define SLD_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "sld/store.h"

typedef struct fixture {
    sld_ctx ctx;
    char    folder[64];
    char    path[128]; /* a file in the folder */
    long    ids;       /* open identifiers before the test */
} fixture;

/* Live identifiers of the kind of probe, which is closed. HDF5 tells this only of objects in files;
 * but it numbers the identifiers of a kind upwards, the kind in the highest byte. */
static inline long live_like(hid_t probe)
{
    long n = 0;
    for (hid_t id = probe & ~(((hid_t)1 << 56) - 1); id < probe; id++) {
        n += H5Iis_valid(id) > 0;
    }
    H5Idec_ref(probe);
    return n;
}

static inline long open_ids(void)
{
    return (long)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) +
           live_like(H5Screate(H5S_SCALAR)) + live_like(H5Pcreate(H5P_DATASET_XFER)) +
           live_like(H5Tcopy(H5T_NATIVE_INT));
}

static inline int setup(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    sld_doc *doc;
    sld_ctx_init(&f->ctx);
    strcpy(f->folder, "test-store-XXXXXX");
    if (!mkdtemp(f->folder)) return -1;
    snprintf(f->path, sizeof f->path, "%s/file.h5", f->folder);
    /* Once around, so that the identifiers which the library keeps for itself exist. */
    if (sld_doc_create(&f->ctx, &doc) != SLD_OK) return -1;
    sld_doc_close(doc);
    f->ids = open_ids();
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    fixture *f = *state;
    unlink(f->path);
    const int left = rmdir(f->folder); /* fails when a temporary file was left behind */
    const int ids  = open_ids() == f->ids ? 0 : -1;
    if (ids != 0) print_error("%ld identifiers left open\n", open_ids() - f->ids);
    free(f);
    return left == 0 && ids == 0 ? 0 : -1;
}

/* The call failed with this status, its message holds every word (separated by '|'). */
static inline void assert_fails(fixture *f, sld_status found, sld_status wanted, const char *words)
{
    char copy[512], *rest = copy;
    snprintf(copy, sizeof copy, "%s", words);
    if (found != wanted) print_error("message: %s\n", f->ctx.err.msg);
    assert_int_equal(found, wanted);
    for (char *word; (word = strsep(&rest, "|"));) {
        if (!strstr(f->ctx.err.msg, word)) {
            print_error("\"%s\" is not in: %s\n", word, f->ctx.err.msg);
            fail();
        }
    }
    sld_err_clear(&f->ctx);
}

static inline void assert_ok(fixture *f, sld_status st)
{
    if (st != SLD_OK) print_error("message: %s\n", f->ctx.err.msg);
    assert_int_equal(st, SLD_OK);
}

#endif
