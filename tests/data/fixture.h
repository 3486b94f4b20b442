/* fixture.h: what the tests of data sets share: a one-rank world, a folder of their own, files made
 * byte by byte, and a check that a broken one is refused with the right words. */
#ifndef TESTS_DATA_FIXTURE_H
#define TESTS_DATA_FIXTURE_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "sld/data.h"

typedef struct fixture {
    sld_ctx   ctx;
    sld_comm *comm;
    char      folder[256]; /* empty at first, removed with all it holds at the end */
} fixture;

/* Group fixture: *state is a fixture. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* Paths inside the folder; the text lives until the next but three such call. */
const char *fixture_path(const fixture *f, const char *name);
void        fixture_folder(const fixture *f, const char *name);
void        fixture_file(const fixture *f, const char *name, const void *bytes, size_t n);
void        fixture_text(const fixture *f, const char *name, const char *text);
void        fixture_remove(const fixture *f, const char *name); /* file or folder */

/* byte i of a file made from formula `salt`: no two samples alike. */
uint8_t fixture_byte(uint64_t salt, uint64_t i);

/* Opens, and wants success. */
sld_dataset *fixture_open(fixture *f, const char *format, const char *path);

/* Opens, and wants SLD_ERR_DATA with a message that holds every one of the texts (up to NULL). */
void fixture_refused(fixture *f, const char *format, const char *path, ...);

#endif
