/* coordinators.c: finds out which coordinators are alive. On this machine the process table says
 * so. One on another machine counts as dead if its beat file has not changed for launch.lease_s;
 * the observer uses its own clock, so clocks of machines need not agree. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "ledger.h"

double sld_ledger_beat_s(const ledger *l)
{
    const double beat = l->lease_s / 6; /* some beats may be late or lost */

    return beat < 10 ? beat : 10;
}

static int beat_text(const ledger *l, char *text, size_t n)
{
    const sld_process self = sld_process_self();

    return snprintf(
        text, n, "machine %s\nhost %s\npid %ld\nstart %lld\nevery %.3f\ncount %020lld\n",
        l->claims.machine, l->host, (long)self.pid, self.start, sld_ledger_beat_s(l), l->count);
}

sld_status sld_ledger_join(ledger *l)
{
    unsigned char bytes[SLD_LEASE_ID / 2];
    char          path[PATH_MAX], text[512];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return SLD_FAIL(l->claims.ctx, SLD_ERR_IO,
                        "cannot draw a random name for this coordinator: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(l->id + 2 * i, 3, "%02x", bytes[i]);
    }
    SLD_TRY(sld_file_mkdirs(l->claims.ctx, l->claims.dir)); /* the user may have deleted it */
    l->count    = 1;
    const int n = beat_text(l, text, sizeof text);
    sld_grid_claims_beat_path(&l->claims, l->id, path);
    return sld_file_publish(l->claims.ctx, path, text, (size_t)n, false);
}

sld_status sld_ledger_beat(ledger *l)
{
    char path[PATH_MAX], text[512];

    sld_grid_claims_beat_path(&l->claims, l->id, path);
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT
                   ? SLD_FAIL(
                         l->claims.ctx, SLD_ERR_FENCED,
                         "this coordinator was silent for longer than its lease of %g s, and "
                         "others have taken its trials over; give the same command to join again",
                         l->lease_s)
                   : SLD_FAIL(l->claims.ctx, SLD_ERR_IO, "%s: cannot write: %s", path,
                              strerror(errno));
    }
    l->count++;
    const int     n   = beat_text(l, text, sizeof text); /* its length never changes */
    const ssize_t put = pwrite(fd, text, (size_t)n, 0);
    const int     why = put < 0 ? errno : ENOSPC;
    close(fd);
    return put == n
               ? SLD_OK
               : SLD_FAIL(l->claims.ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(why));
}

void sld_ledger_leave(ledger *l)
{
    char path[PATH_MAX];

    if (*l->id) {
        sld_grid_claims_beat_path(&l->claims, l->id, path);
        unlink(path);
        l->id[0] = '\0';
    }
}

/* Reads a coordinator's beat and decides whether it is dead. */
static void look(ledger *l, sld_lease *lease)
{
    const long long before = lease->count;
    char            path[PATH_MAX];

    if (!sld_grid_claims_look(&l->claims, lease)) {
        lease->dead = true; /* it has left, or another coordinator declared it dead */
        return;
    }
    const double now = l->clock_s(), silent_s = 4 * lease->beat_s;
    if (lease->count != before || lease->seen_s == 0) {
        lease->seen_s = now;
    }
    const bool gone = sld_grid_claims_gone(&l->claims, lease);
    if (gone || now - lease->seen_s > (l->lease_s > silent_s ? l->lease_s : silent_s)) {
        lease->dead = true;
        sld_log(l->claims.ctx, SLD_LOG_INFO, "a coordinator is %s: its trials are taken over",
                gone ? "dead" : "silent beyond its lease");
        sld_grid_claims_beat_path(&l->claims, lease->id, path);
        unlink(path); /* all others see that it is dead; so does it, if it was only frozen */
    }
}

sld_status sld_ledger_held(ledger *l, size_t point, bool *held)
{
    sld_lease *lease = NULL;

    SLD_TRY(sld_grid_claims_lease(&l->claims, point, &lease));
    if (lease && !lease->dead && !lease->unread && strcmp(lease->id, l->id) != 0) {
        look(l, lease);
    }
    *held = lease && !lease->dead;
    return SLD_OK;
}
