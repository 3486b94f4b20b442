/* claims.c: the folder claims/ as a table of points and of the coordinators' leases. */
#include "sld/grid_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grid.h"
#include "sld/base_read.h"

const char *sld_point_state_name(sld_point_state state)
{
    static const char *const names[] = {
        [SLD_POINT_WAITING] = "waiting", [SLD_POINT_RUNNING] = "running",
        [SLD_POINT_DONE] = "done",       [SLD_POINT_DIVERGED] = "diverged",
        [SLD_POINT_FAILED] = "failed",   [SLD_POINT_SKIPPED] = "skipped",
    };

    return names[state];
}

sld_status sld_grid_claims_open(sld_ctx *ctx, const sld_grid *grid, sld_grid_claims *out)
{
    const size_t n = sld_grid_count(grid);

    *out         = (sld_grid_claims){.ctx = ctx, .grid = grid};
    out->entries = calloc(n + 1, sizeof *out->entries);
    if (!out->entries) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the claims of %zu points", n);
    }
    if (snprintf(out->dir, sizeof out->dir, "%s/claims", sld_grid_dir(grid)) >=
        (int)sizeof out->dir - 64) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%.200s...: expected a shorter path; choose another folder",
                        sld_grid_dir(grid));
    }
    sld_process_machine(out->machine);
    return SLD_OK;
}

sld_status sld_grid_claims_regrid(sld_grid_claims *c, const sld_grid *grid)
{
    sld_grid_claim *entries = calloc(sld_grid_count(grid) + 1, sizeof *entries);

    if (!entries) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the claims of %zu points",
                        sld_grid_count(grid));
    }
    free(c->entries);
    c->entries = entries;
    c->grid    = grid;
    return SLD_OK;
}

void sld_grid_claims_close(sld_grid_claims *c)
{
    free(c->entries);
    free(c->leases);
    c->entries = NULL;
    c->leases  = NULL;
}

/* Of several marks the one that counts: what somebody said, then a result, then a failure. */
static const int weight[] = {[SLD_POINT_FAILED]   = 1,
                             [SLD_POINT_DONE]     = 2,
                             [SLD_POINT_DIVERGED] = 3,
                             [SLD_POINT_SKIPPED]  = 4};

/* One name of the folder, behind the point's id and a dot. */
static void take_name(sld_grid_claim *e, const char *rest)
{
    char           *end = NULL;
    const long long n   = strtoll(rest, &end, 10);

    if (end != rest && n > SLD_ATTEMPTS_MAX) {
        return; /* nobody counts so far: a file of something else */
    }
    if (end != rest && n > 0) {
        if (*end == '\0' && n > e->claim) {
            e->claim = n;
        } else if (strcmp(end, ".error") == 0) {
            e->errors++;
        } else if (strcmp(end, ".left") == 0 && n > e->left) {
            e->left = n;
        }
        return;
    }
    for (sld_point_state s = SLD_POINT_DONE; s <= SLD_POINT_SKIPPED; s++) {
        if (strcmp(rest, sld_point_state_name(s)) == 0 && weight[s] > weight[e->mark]) {
            e->mark = s;
        }
    }
}

sld_status sld_grid_claims_scan(sld_grid_claims *c)
{
    const size_t         n   = sld_grid_count(c->grid);
    DIR                 *dir = opendir(c->dir);
    sld_status           st;
    const struct dirent *entry;

    if (!dir && errno != ENOENT) {
        return SLD_FAIL(c->ctx, SLD_ERR_IO, "%s: cannot list: %s", c->dir, strerror(errno));
    }
    for (size_t i = 0; i < n; i++) {
        c->entries[i].mark   = SLD_POINT_WAITING;
        c->entries[i].claim  = 0;
        c->entries[i].left   = 0;
        c->entries[i].errors = 0;
    }
    if (!dir) {
        return SLD_OK; /* lost: nobody has said anything */
    }
    while ((st = sld_file_next_entry(c->ctx, dir, c->dir, &entry)) == SLD_OK && entry) {
        char id[SLD_ID_LENGTH + 1];
        if (strlen(entry->d_name) <= SLD_ID_LENGTH + 1 || entry->d_name[SLD_ID_LENGTH] != '.') {
            continue;
        }
        memcpy(id, entry->d_name, SLD_ID_LENGTH);
        id[SLD_ID_LENGTH] = '\0';
        const int point   = sld_grid_find(c->grid, id);
        if (point >= 0) {
            take_name(&c->entries[point], entry->d_name + SLD_ID_LENGTH + 1);
        }
    }
    closedir(dir);
    SLD_TRY(st);
    for (size_t i = 0; i < n; i++) {
        if (c->entries[i].claim < c->entries[i].known) {
            c->entries[i].known = 0; /* its claims are gone; the next one may be another's */
        }
    }
    return SLD_OK;
}

void sld_grid_claims_path(const sld_grid_claims *c, size_t point, const char *suffix,
                          char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.4032s/%s.%s", c->dir, sld_grid_point(c->grid, point)->id, suffix);
}

void sld_grid_claims_beat_path(const sld_grid_claims *c, const char *id, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.4032s/%s.beat", c->dir, id);
}

void sld_grid_claims_text(const sld_grid_claims *c, size_t point, const char *suffix, char *text,
                          size_t n)
{
    char  path[PATH_MAX];
    FILE *file;

    text[0] = '\0';
    sld_grid_claims_path(c, point, suffix, path);
    file = sld_file_stream(path);
    if (file) {
        const size_t got = fread(text, 1, n - 1, file);
        text[got]        = '\0';
        for (size_t i = got; i > 0 && text[i - 1] == '\n'; i--) {
            text[i - 1] = '\0';
        }
        fclose(file);
    }
}

/* ---- leases ---- */

void sld_grid_claims_value(const char *text, const char *key, char *value, size_t n)
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

/* open and read, not stat: a network file system then asks its server. 0, or the error: ENOENT alone
 * says that there is none, all others that nothing is known now. */
static int read_text(const char *path, char *text, size_t n)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return errno;
    }
    const ssize_t got       = read(fd, text, n - 1);
    const int     error     = got > 0 ? 0 : got == 0 ? ENODATA : errno == ESTALE ? ENOENT : errno;
    text[got > 0 ? got : 0] = '\0';
    close(fd);
    return error;
}

bool sld_grid_claims_look(const sld_grid_claims *c, sld_lease *lease)
{
    char path[PATH_MAX], text[512], value[SLD_MACHINE_BYTES];

    sld_grid_claims_beat_path(c, lease->id, path);
    const int error = read_text(path, text, sizeof text);
    if (error != 0) {
        return error != ENOENT;
    }
    sld_grid_claims_value(text, "machine", lease->machine, sizeof lease->machine);
    sld_grid_claims_value(text, "pid", value, sizeof value);
    lease->process.pid = (pid_t)atol(value);
    sld_grid_claims_value(text, "start", value, sizeof value);
    lease->process.start = atoll(value);
    sld_grid_claims_value(text, "every", value, sizeof value);
    lease->beat_s = strtod(value, NULL);
    sld_grid_claims_value(text, "count", value, sizeof value);
    lease->count = atoll(value);
    return true;
}

bool sld_grid_claims_gone(const sld_grid_claims *c, const sld_lease *lease)
{
    return strcmp(lease->machine, c->machine) == 0 && sld_process_gone(lease->process);
}

/* Index of the lease of that id, known from now on. */
static sld_status know(sld_grid_claims *c, const char *id, int *out)
{
    for (size_t i = 0; i < c->n_leases; i++) {
        if (strcmp(c->leases[i].id, id) == 0) {
            *out = (int)i;
            return SLD_OK;
        }
    }
    sld_lease *more = realloc(c->leases, (c->n_leases + 1) * sizeof *more);
    if (!more) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the coordinators");
    }
    c->leases              = more;
    c->leases[c->n_leases] = (sld_lease){.count = 0};
    snprintf(c->leases[c->n_leases].id, sizeof c->leases->id, "%s", id);
    *out = (int)c->n_leases++;
    return SLD_OK;
}

/* It is somebody's, and who may not read it cannot know whether they live. */
static sld_status fail_claim(const sld_grid_claims *c, const char *path)
{
    return SLD_FAIL(c->ctx, SLD_ERR_IO,
                    "%s: cannot read: permission denied; its owner opens it to you by chmod -R "
                    "g+rwX %.300s",
                    path, sld_grid_dir(c->grid));
}

sld_status sld_grid_claims_lease(sld_grid_claims *c, size_t point, sld_lease **out)
{
    sld_grid_claim *e = &c->entries[point];
    char            path[PATH_MAX], suffix[24], text[512], id[SLD_LEASE_ID + 1];

    *out = NULL;
    if (e->claim == e->left) {
        return SLD_OK;
    }
    if (e->known != e->claim) { /* what a claim says never changes */
        snprintf(suffix, sizeof suffix, "%lld", (long long)e->claim);
        sld_grid_claims_path(c, point, suffix, path);
        const int error = read_text(path, text, sizeof text);
        if (error == ENOENT) {
            return SLD_OK; /* ended: the next look at the folder tells */
        }
        if (error == EACCES) {
            return fail_claim(c, path);
        }
        if (error != 0) { /* somebody's, until it can be read or is gone */
            c->unread = (sld_lease){.unread = true};
            *out      = &c->unread;
            return SLD_OK;
        }
        sld_grid_claims_value(text, "holder", id, sizeof id);
        SLD_TRY(know(c, id, &e->lease));
        sld_grid_claims_value(text, "machine", c->leases[e->lease].machine, SLD_MACHINE_BYTES);
        e->known = e->claim;
    }
    *out = &c->leases[e->lease];
    return SLD_OK;
}
