/* claims.c: how a point becomes somebody's, once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"

void sld_ledger_word(const char *id, int64_t attempt, const char *holder, char word[96])
{
    snprintf(word, 96, SLD_CLAIM_NAME "%s.%lld.%s", id, (long long)attempt, holder);
}

sld_status sld_ledger_prepare(ledger *l, size_t point)
{
    const ledger_entry *e = &l->entries[point];
    char                word[96];

    if (e->claim == 0 || e->known != e->claim) {
        return SLD_OK;
    }
    const ledger_holder *h = &l->holders[e->holder];
    if (strcmp(h->machine, l->machine) != 0) {
        return SLD_OK; /* out of reach: its number keeps it from doing harm */
    }
    sld_ledger_word(sld_sweep_point(l->sweep, point)->id, e->claim, h->id, word);
    const int ended = sld_process_end_marked(word);
    if (ended > 0) {
        sld_log(l->ctx, SLD_LOG_INFO, "%d process%s of a dead coordinator's attempt %s ended",
                ended, ended == 1 ? "" : "es", word + strlen(SLD_CLAIM_NAME));
    }
    return SLD_OK;
}

sld_status sld_ledger_claim(ledger *l, size_t point, sld_process launcher, bool *got)
{
    ledger_entry     *e  = &l->entries[point];
    const char       *id = sld_sweep_point(l->sweep, point)->id;
    const sld_process me = sld_process_self();
    char              path[4200], temporary[4200], text[512];
    bool              there = false;

    *got        = false;
    const int n = snprintf(text, sizeof text,
                           "holder %s\nhost %s\nmachine %s\npid %ld start %lld\nlauncher %ld start "
                           "%lld\n",
                           l->id, l->host, l->machine, (long)me.pid, me.start, (long)launcher.pid,
                           launcher.start);
    snprintf(temporary, sizeof temporary, "%s/%s.claim", l->dir, l->id); /* of this holder alone */
    snprintf(path, sizeof path, "%s/%s.%lld", l->dir, id, (long long)e->claim + 1);
    SLD_TRY(sld_file_publish(l->ctx, temporary, text, (size_t)n, true));
    const sld_status st = sld_file_link(l->ctx, temporary, path, &there);
    unlink(temporary);
    SLD_TRY(st);
    if (there) {
        return SLD_OK;
    }
    e->claim++;
    e->known = 0;
    /* Another may have ended the point, and given its claims up, since the folder was read. */
    for (sld_point_state s = SLD_POINT_DONE; s <= SLD_POINT_SKIPPED; s++) {
        snprintf(temporary, sizeof temporary, "%s/%s.%s", l->dir, id, sld_ledger_mark_name(s));
        if (access(temporary, F_OK) == 0) {
            unlink(path);
            return SLD_OK;
        }
    }
    *got = true;
    return SLD_OK;
}
