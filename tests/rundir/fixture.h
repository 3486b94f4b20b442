/* fixture.h: a folder of the test's own. */
#ifndef TEST_RUNDIR_FIXTURE_H
#define TEST_RUNDIR_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/rundir.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct fixture {
    sld_ctx ctx;
    char    dir[64];
} fixture;

static inline int folder_make(void **state)
{
    fixture *f = calloc(1, sizeof *f);

    sld_ctx_init(&f->ctx);
    snprintf(f->dir, sizeof f->dir, "/tmp/test-rundir-XXXXXX");
    *state = f;
    return mkdtemp(f->dir) ? 0 : 1;
}

static inline int folder_remove(void **state)
{
    fixture       *f   = *state;
    DIR           *dir = opendir(f->dir);
    struct dirent *entry;
    char           path[PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", f->dir, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(f->dir);
    free(f);
    return 0;
}

static inline void put(const fixture *f, const char *name, const char *text)
{
    char  path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline bool is_there(const fixture *f, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return access(path, F_OK) == 0;
}

#endif
