/* holders.c: which coordinators live. On this machine the process table says so at once; elsewhere
 * a beat that stays away for a lease, timed by the observer's own clock. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "ledger.h"

static void beat_path(const ledger *l, const char *id, char path[4200])
{
    snprintf(path, 4200, "%s/%s.beat", l->dir, id);
}

double sld_ledger_beat_s(const ledger *l)
{
    const double beat = l->lease_s / 6; /* several may come late */

    return beat < 10 ? beat : 10;
}

static int beat_text(const ledger *l, char *text, size_t n)
{
    const sld_process self = sld_process_self();

    return snprintf(
        text, n, "machine %s\nhost %s\npid %ld\nstart %lld\nevery %.3f\ncount %020lld\n",
        l->machine, l->host, (long)self.pid, self.start, sld_ledger_beat_s(l), l->count);
}

sld_status sld_ledger_join(ledger *l)
{
    unsigned char bytes[HOLDER_LENGTH / 2];
    char          path[4200], text[512];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return SLD_FAIL(l->ctx, SLD_ERR_IO, "no random name for this coordinator: %s",
                        strerror(errno));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(l->id + 2 * i, 3, "%02x", bytes[i]);
    }
    l->count    = 1;
    const int n = beat_text(l, text, sizeof text);
    beat_path(l, l->id, path);
    return sld_file_publish(l->ctx, path, text, (size_t)n, false);
}

sld_status sld_ledger_beat(ledger *l)
{
    char path[4200], text[512];

    beat_path(l, l->id, path);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT
                   ? SLD_FAIL(l->ctx, SLD_ERR_FENCED,
                              "this coordinator was silent for longer than its lease of %g s and "
                              "others have taken its trials over; the same command joins again",
                              l->lease_s)
                   : SLD_FAIL(l->ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    l->count++;
    const int     n   = beat_text(l, text, sizeof text); /* as long as the last one */
    const ssize_t put = pwrite(fd, text, (size_t)n, 0);
    close(fd);
    return put == n ? SLD_OK
                    : SLD_FAIL(l->ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
}

void sld_ledger_leave(ledger *l)
{
    char path[4200];

    if (*l->id) {
        beat_path(l, l->id, path);
        unlink(path);
        l->id[0] = '\0';
    }
}

/* The word behind "key " at the start of a line; "" when there is none. */
static void value_of(const char *text, const char *key, char *value, size_t n)
{
    const size_t length = strlen(key);

    value[0] = '\0';
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strncmp(text, key, length) == 0 && text[length] == ' ') {
            snprintf(value, n, "%.*s", (int)strcspn(text + length + 1, "\n"), text + length + 1);
            return;
        }
    }
}

/* open and read, not stat: a network file system then asks its server. */
static bool read_text(const char *path, char *text, size_t n)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    const ssize_t got       = read(fd, text, n - 1);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
    return got > 0;
}

/* Looks at a holder's beat and judges it. */
static void look(ledger *l, ledger_holder *h)
{
    char path[4200], text[512], value[MACHINE_BYTES];

    beat_path(l, h->id, path);
    if (!read_text(path, text, sizeof text)) {
        h->dead = true; /* it has left, or somebody has proved its death */
        return;
    }
    value_of(text, "machine", h->machine, sizeof h->machine);
    value_of(text, "pid", value, sizeof value);
    h->process.pid = (pid_t)atol(value);
    value_of(text, "start", value, sizeof value);
    h->process.start = atoll(value);
    value_of(text, "every", value, sizeof value);
    h->beat_s = strtod(value, NULL);
    value_of(text, "count", value, sizeof value);

    const long long count = atoll(value);
    const double    now = sld_clock_s(), patience = 4 * h->beat_s;
    if (count != h->count) {
        h->count  = count;
        h->seen_s = now;
    }
    if (!*l->id) { /* an observer has no time to time it */
        h->dead = strcmp(h->machine, l->machine) == 0 && !sld_process_lives(h->process);
        return;
    }
    const bool gone = strcmp(h->machine, l->machine) == 0 && !sld_process_lives(h->process);
    if (gone || now - h->seen_s > (l->lease_s > patience ? l->lease_s : patience)) {
        h->dead = true;
        sld_log(l->ctx, SLD_LOG_INFO, "a coordinator is %s: its trials are taken over",
                gone ? "dead" : "silent beyond its lease");
        unlink(path); /* says so to all, and to itself should it wake */
    }
}

/* Index of the holder of that id, known from now on. */
static sld_status know(ledger *l, const char *id, int *out)
{
    for (size_t i = 0; i < l->n_holders; i++) {
        if (strcmp(l->holders[i].id, id) == 0) {
            *out = (int)i;
            return SLD_OK;
        }
    }
    ledger_holder *more = realloc(l->holders, (l->n_holders + 1) * sizeof *more);
    if (!more) {
        return SLD_FAIL(l->ctx, SLD_ERR_NOMEM, "out of memory: the coordinators");
    }
    l->holders               = more;
    l->holders[l->n_holders] = (ledger_holder){.seen_s = sld_clock_s()};
    snprintf(l->holders[l->n_holders].id, sizeof l->holders->id, "%s", id);
    *out = (int)l->n_holders++;
    return SLD_OK;
}

sld_status sld_ledger_held(ledger *l, size_t point, bool *held)
{
    ledger_entry *e = &l->entries[point];
    char          path[4200], text[512], id[HOLDER_LENGTH + 1];

    *held = false;
    if (e->claim == 0) {
        return SLD_OK;
    }
    if (e->known != e->claim) { /* what a claim says never changes */
        snprintf(path, sizeof path, "%s/%s.%lld", l->dir, sld_sweep_point(l->sweep, point)->id,
                 (long long)e->claim);
        if (!read_text(path, text, sizeof text)) {
            return SLD_OK; /* ended meanwhile: the next look at the folder tells */
        }
        value_of(text, "holder", id, sizeof id);
        SLD_TRY(know(l, id, &e->holder));
        value_of(text, "machine", l->holders[e->holder].machine, MACHINE_BYTES);
        e->known = e->claim;
    }
    ledger_holder *h = &l->holders[e->holder];
    if (!h->dead && strcmp(h->id, l->id) != 0) {
        look(l, h);
    }
    *held = !h->dead;
    return SLD_OK;
}
