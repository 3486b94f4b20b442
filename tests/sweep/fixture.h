/* fixture.h: a sweep recorded in a folder of the test's own, a clock that the test sets, and
 * coordinators that live or have died. */
#ifndef TEST_SWEEP_FIXTURE_H
#define TEST_SWEEP_FIXTURE_H

#include <stdlib.h>
#include <unistd.h>

#include "coordinator.h"
#include "grid/fixture.h"

/* Point 0 is the teacher; 1 and 2 its students of seed 1, 3 and 4 those of seed 2. */
static const char fixture_text[] = "name: s\nbase: {method: sld, teacher: big}\n"
                                   "teachers: {big: {student: {network: resnet20}}}\n"
                                   "axes: {arm: {A: {}, B: {correction: none}}}\nseeds: [1, 2]\n";

static double fixture_now;

static inline double fixture_clock(void)
{
    return fixture_now;
}

typedef struct folder {
    sld_ctx   ctx;
    sld_grid *grid;
    char      dir[64];
} folder;

static inline int folder_make(void **state)
{
    folder         *f = calloc(1, sizeof *f);
    sld_grid_change change;

    fixture_now = 1000;
    snprintf(f->dir, sizeof f->dir, "/tmp/test-sweep-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->grid = fixture_sweep(fixture_text, NULL);
    sld_ctx_init(&f->ctx);
    f->ctx.log_level = SLD_LOG_ERROR;
    assert_int_equal(sld_grid_record(&f->ctx, f->grid, f->dir, fixture_text, strlen(fixture_text),
                                     false, false, &change),
                     SLD_OK);
    assert_int_equal(sld_grid_count(f->grid), 5);
    *state = f;
    return 0;
}

static inline int folder_remove(void **state)
{
    folder *f = *state;
    char    command[128];

    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    sld_grid_close(f->grid);
    const int status = system(command);
    free(f);
    return status;
}

/* The path of DIR/claims/ID.SUFFIX. */
static inline const char *claim_path(const folder *f, size_t point, const char *suffix)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/claims/%s.%s", f->dir, sld_grid_point(f->grid, point)->id,
             suffix);
    return path;
}

static inline bool claim_there(const folder *f, size_t point, const char *suffix)
{
    return access(claim_path(f, point, suffix), F_OK) == 0;
}

static inline void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A coordinator of this process, on the machine of that name, NULL: this one. */
static inline void join(folder *f, const char *machine, ledger *l)
{
    assert_int_equal(sld_ledger_open(&f->ctx, f->grid, l), SLD_OK);
    l->clock_s = fixture_clock;
    if (machine) {
        snprintf(l->claims.machine, sizeof l->claims.machine, "%s", machine);
    }
    assert_int_equal(sld_ledger_join(l), SLD_OK);
    assert_int_equal(sld_ledger_scan(l), SLD_OK);
}

static inline bool claims(ledger *l, size_t point)
{
    bool got = false;

    assert_int_equal(sld_ledger_claim(l, point, sld_process_self(), &got), SLD_OK);
    return got;
}

static inline bool is_held(ledger *l, size_t point)
{
    bool held = false;

    assert_int_equal(sld_ledger_held(l, point, &held), SLD_OK);
    return held;
}

#endif
