/* Leases of coordinators: on this machine the process tells who lives, elsewhere a beat that stays
 * away for a lease by the observer's own clock. The lease is 60 s, a beat is due every 10 s. */
#include "fixture.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void test_a_beat_keeps_the_lease(void **state)
{
    folder *f = *state;
    ledger  near, far;

    join(f, "far/1", &far);
    join(f, NULL, &near);
    assert_true(sld_ledger_beat_s(&far) == 10);
    assert_true(claims(&far, 1));
    assert_int_equal(sld_ledger_scan(&near), SLD_OK);
    for (int i = 0; i < 10; i++) { /* as long as ten leases, beating within each */
        assert_true(is_held(&near, 1));
        fixture_now += 59;
        assert_int_equal(sld_ledger_beat(&far), SLD_OK);
    }
    assert_true(is_held(&near, 1));
    sld_ledger_close(&near);
    sld_ledger_close(&far);
}

static void test_silence_beyond_the_lease(void **state)
{
    folder *f = *state;
    ledger  near, far;

    join(f, "far/1", &far);
    join(f, NULL, &near);
    assert_true(claims(&far, 1));
    assert_int_equal(sld_ledger_scan(&near), SLD_OK);
    fixture_now += 1000; /* before the first look nothing is known of it */
    assert_true(is_held(&near, 1));
    fixture_now += 60;
    assert_true(is_held(&near, 1));
    fixture_now += 1;
    assert_false(is_held(&near, 1));
    assert_int_equal(sld_ledger_beat(&far), SLD_ERR_FENCED); /* it wakes, and is told */
    sld_err_clear(&f->ctx);
    assert_true(claims(&near, 1));
    sld_ledger_close(&near);
    sld_ledger_close(&far);
}

/* A folder in place of a file: as on a file system that fails for a moment, opening or reading it fails,
 * and not because it is gone. */
static void make_unreadable(const char *path, char aside[PATH_MAX])
{
    snprintf(aside, PATH_MAX, "%.4000s.aside", path);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void make_readable(const char *path, const char *aside)
{
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rename(aside, path), 0);
}

static void test_a_beat_that_cannot_be_read_is_not_death(void **state)
{
    folder          *f = *state;
    ledger           near, far;
    sld_point_status status[5];
    char             beat[PATH_MAX], claim[PATH_MAX], aside[PATH_MAX];

    join(f, "far/1", &far);
    join(f, NULL, &near);
    assert_true(claims(&far, 1));
    assert_int_equal(sld_ledger_scan(&near), SLD_OK);
    sld_grid_claims_path(&far.claims, 1, "1", claim);
    make_unreadable(claim, aside); /* whose it is cannot be known: not nobody's */
    assert_true(is_held(&near, 1));
    assert_int_equal(sld_grid_status(&f->ctx, f->grid, status), SLD_OK);
    assert_int_equal(status[1].state, SLD_POINT_RUNNING);
    make_readable(claim, aside);
    sld_grid_claims_beat_path(&far.claims, far.id, beat);
    make_unreadable(beat, aside);
    assert_true(is_held(&near, 1)); /* from the first look on */
    fixture_now += 60;
    assert_true(is_held(&near, 1));
    make_readable(beat, aside);
    assert_int_equal(sld_ledger_beat(&far), SLD_OK);
    assert_true(is_held(&near, 1));
    make_unreadable(beat, aside);
    fixture_now += 61;
    assert_false(is_held(&near, 1)); /* the lease decides */
    make_readable(beat, aside);
    sld_ledger_close(&near);
    sld_ledger_close(&far);
}

/* A slow beat is waited for: four of them, where that is longer than the observer's lease. */
static void test_the_lease_of_a_slow_coordinator(void **state)
{
    folder *f = *state;
    ledger  near, far;

    join(f, NULL, &near);
    join(f, "far/1", &far);
    near.lease_s = 6; /* launched with another setting */
    assert_true(claims(&far, 1));
    assert_int_equal(sld_ledger_scan(&near), SLD_OK);
    assert_true(is_held(&near, 1));
    fixture_now += 40;
    assert_true(is_held(&near, 1));
    fixture_now += 1;
    assert_false(is_held(&near, 1));
    sld_ledger_close(&near);
    sld_ledger_close(&far);
}

/* A coordinator of a process that has ended, on this machine. */
static void put_dead(folder *f, size_t point)
{
    const pid_t pid = fork();

    if (pid == 0) {
        ledger l;
        join(f, NULL, &l);
        _exit(claims(&l, point) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_death_on_this_machine_is_seen_at_once(void **state)
{
    folder *f = *state;
    ledger  l;

    put_dead(f, 1);
    join(f, NULL, &l);
    assert_int_equal(l.claims.entries[1].claim, 1);
    assert_false(is_held(&l, 1)); /* without a second on the clock */
    assert_true(claims(&l, 1));
    assert_true(claim_there(f, 1, "2"));
    sld_ledger_close(&l);
}

/* The same death seen from elsewhere takes a lease, for a process there says nothing here. */
static void test_death_elsewhere_takes_a_lease(void **state)
{
    folder *f = *state;
    ledger  l;

    put_dead(f, 1);
    join(f, "another/1", &l);
    assert_true(is_held(&l, 1));
    fixture_now += 61;
    assert_false(is_held(&l, 1));
    sld_ledger_close(&l);
}

static void test_who_leaves_holds_nothing(void **state)
{
    folder *f = *state;
    ledger  a, b;

    join(f, NULL, &a);
    join(f, NULL, &b);
    assert_true(claims(&a, 1));
    assert_int_equal(sld_ledger_scan(&b), SLD_OK);
    assert_true(is_held(&b, 1));
    sld_ledger_leave(&a);
    assert_false(is_held(&b, 1));
    sld_ledger_close(&a);
    sld_ledger_close(&b);
}

/* Status reads the same folder, declares nobody dead and changes nothing. */
static void test_status_of_living_and_dead(void **state)
{
    folder          *f = *state;
    ledger           l;
    sld_point_status status[5];

    put_dead(f, 2);
    join(f, NULL, &l);
    assert_true(claims(&l, 1));
    assert_int_equal(sld_ledger_mark(&l, 3, SLD_POINT_FAILED, "no disk\nlog\n"), SLD_OK);
    assert_int_equal(sld_grid_status(&f->ctx, f->grid, status), SLD_OK);
    assert_int_equal(status[0].state, SLD_POINT_WAITING);
    assert_int_equal(status[1].state, SLD_POINT_RUNNING);
    assert_int_equal(status[1].attempts, 1);
    assert_int_equal(status[2].state, SLD_POINT_WAITING); /* its coordinator is dead */
    assert_int_equal(status[2].attempts, 1);
    assert_int_equal(status[3].state, SLD_POINT_FAILED);
    assert_string_equal(status[3].reason, "no disk");
    assert_int_equal(sld_ledger_beat(&l), SLD_OK);
    sld_ledger_close(&l);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_beat_keeps_the_lease),
        IN_FOLDER(test_silence_beyond_the_lease),
        IN_FOLDER(test_a_beat_that_cannot_be_read_is_not_death),
        IN_FOLDER(test_the_lease_of_a_slow_coordinator),
        IN_FOLDER(test_death_on_this_machine_is_seen_at_once),
        IN_FOLDER(test_death_elsewhere_takes_a_lease),
        IN_FOLDER(test_who_leaves_holds_nothing),
        IN_FOLDER(test_status_of_living_and_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
