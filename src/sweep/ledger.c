/* ledger.c: writes claims and marks into the folder claims/: which coordinator runs an attempt, and
 * how a point ended. A claim is atomic: only one coordinator can make the file. */
#include "ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

sld_status sld_ledger_open(sld_ctx *ctx, const sld_grid *grid, ledger *out)
{
    *out         = (ledger){.clock_s = sld_clock_s};
    out->lease_s = sld_grid_launch(grid)->lease_s;
    gethostname(out->host, sizeof out->host - 1);
    return sld_grid_claims_open(ctx, grid, &out->claims);
}

void sld_ledger_close(ledger *l)
{
    sld_grid_claims_close(&l->claims);
}

sld_status sld_ledger_scan(ledger *l)
{
    return sld_grid_claims_scan(&l->claims);
}

/* ---- claims ---- */

sld_status sld_ledger_prepare(ledger *l, size_t point)
{
    const sld_grid_claim *e = &l->claims.entries[point];
    char                  word[SLD_CLAIM_BYTES];

    if (e->claim == 0 || e->known != e->claim) {
        return SLD_OK;
    }
    const sld_lease *h = &l->claims.leases[e->lease];
    if (strcmp(h->machine, l->claims.machine) != 0) {
        return SLD_OK; /* on another machine; its lower attempt number keeps it from publishing */
    }
    sld_process_word(sld_grid_point(l->claims.grid, point)->id, e->claim, h->id, word);
    const int ended = sld_process_end_marked(word);
    if (ended > 0) {
        sld_log(l->claims.ctx, SLD_LOG_INFO,
                "%d process%s of a dead coordinator's attempt %s ended", ended,
                ended == 1 ? "" : "es", word + strlen(SLD_CLAIM_NAME));
    }
    return SLD_OK;
}

sld_status sld_ledger_claim(ledger *l, size_t point, sld_process launcher, bool *got)
{
    sld_grid_claim   *e  = &l->claims.entries[point];
    const sld_process me = sld_process_self();
    char              path[PATH_MAX], temporary[PATH_MAX], suffix[24], text[512];
    bool              there = false;

    *got        = false;
    const int n = snprintf(text, sizeof text,
                           "holder %s\nhost %s\nmachine %s\npid %ld start %lld\nlauncher %ld start "
                           "%lld\n",
                           l->id, l->host, l->claims.machine, (long)me.pid, me.start,
                           (long)launcher.pid, launcher.start);
    snprintf(temporary, sizeof temporary, "%.4032s/%s.claim", l->claims.dir,
             l->id); /* no other coordinator uses this name */
    snprintf(suffix, sizeof suffix, "%lld", (long long)e->claim + 1);
    sld_grid_claims_path(&l->claims, point, suffix, path);
    SLD_TRY(sld_file_publish(l->claims.ctx, temporary, text, (size_t)n, true));
    const sld_status st = sld_file_settle(l->claims.ctx, temporary, path, &there);
    if (st != SLD_OK) {
        unlink(temporary);
    }
    SLD_TRY(st);
    if (there) {
        return SLD_OK;
    }
    e->claim++;
    e->known = 0;
    /* Since the last scan another coordinator may have ended the point and deleted its claims. */
    for (sld_point_state s = SLD_POINT_DONE; s <= SLD_POINT_SKIPPED; s++) {
        sld_grid_claims_path(&l->claims, point, sld_point_state_name(s), temporary);
        if (access(temporary, F_OK) == 0) {
            unlink(path);
            return SLD_OK;
        }
    }
    *got = true;
    return SLD_OK;
}

sld_status sld_ledger_give_up(ledger *l, size_t point, const char *why)
{
    sld_grid_claim *e = &l->claims.entries[point];
    char            path[PATH_MAX], suffix[40];

    snprintf(suffix, sizeof suffix, "%lld.left", (long long)e->claim);
    sld_grid_claims_path(&l->claims, point, suffix, path);
    SLD_TRY(sld_file_publish(l->claims.ctx, path, why, strlen(why), true));
    e->left = e->claim;
    return SLD_OK;
}

/* ---- marks ---- */

sld_status sld_ledger_mark(ledger *l, size_t point, sld_point_state state, const char *text)
{
    char path[PATH_MAX];

    sld_grid_claims_path(&l->claims, point, sld_point_state_name(state), path);
    SLD_TRY(sld_file_mkdirs(l->claims.ctx, l->claims.dir));
    SLD_TRY(sld_file_publish(l->claims.ctx, path, text, strlen(text), true));
    l->claims.entries[point].mark = state;
    return SLD_OK;
}

sld_status sld_ledger_unmark(ledger *l, size_t point)
{
    char path[PATH_MAX];

    if (l->claims.entries[point].mark == SLD_POINT_WAITING) {
        return SLD_OK;
    }
    sld_grid_claims_path(&l->claims, point, sld_point_state_name(l->claims.entries[point].mark),
                         path);
    if (unlink(path) != 0 && errno != ENOENT) {
        return SLD_FAIL(l->claims.ctx, SLD_ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
    }
    l->claims.entries[point].mark = SLD_POINT_WAITING;
    return SLD_OK;
}

sld_status sld_ledger_error(ledger *l, size_t point, int64_t attempt, const char *text)
{
    char path[PATH_MAX], suffix[40];

    snprintf(suffix, sizeof suffix, "%lld.error", (long long)attempt);
    sld_grid_claims_path(&l->claims, point, suffix, path);
    SLD_TRY(sld_file_publish(l->claims.ctx, path, text, strlen(text), true));
    l->claims.entries[point].errors++;
    return SLD_OK;
}

void sld_ledger_forget(ledger *l, size_t point)
{
    static const char *const endings[] = {".error", ".left", ""};
    sld_grid_claim          *e         = &l->claims.entries[point];
    char                     path[PATH_MAX], suffix[40];

    for (long long n = 1; n <= (long long)e->claim; n++) {
        for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
            snprintf(suffix, sizeof suffix, "%lld%s", n, endings[i]);
            sld_grid_claims_path(&l->claims, point, suffix, path);
            unlink(path);
        }
    }
    e->claim  = 0;
    e->left   = 0;
    e->errors = 0;
}
