/* ledger.c: the folder claims/ as a table of points. */
#include "ledger.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const marks[] = {
    [SLD_POINT_WAITING] = NULL,    [SLD_POINT_RUNNING] = NULL,
    [SLD_POINT_DONE] = "done",     [SLD_POINT_DIVERGED] = "diverged",
    [SLD_POINT_FAILED] = "failed", [SLD_POINT_SKIPPED] = "skipped",
};

const char *sld_ledger_mark_name(sld_point_state state)
{
    return marks[state];
}

sld_status sld_ledger_open(sld_ctx *ctx, const sld_sweep *sweep, ledger *out)
{
    const size_t n = sld_sweep_count(sweep);

    *out         = (ledger){.ctx = ctx, .sweep = sweep};
    out->lease_s = sld_sweep_launch(sweep)->lease_s;
    out->entries = calloc(n + 1, sizeof *out->entries);
    if (!out->entries) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the claims of %zu points", n);
    }
    if (snprintf(out->dir, sizeof out->dir, "%s/claims", sld_sweep_dir(sweep)) >=
        (int)sizeof out->dir - 64) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: the path is too long",
                        sld_sweep_dir(sweep));
    }
    gethostname(out->host, sizeof out->host - 1);
    sld_process_machine(out->machine);
    return SLD_OK;
}

void sld_ledger_close(ledger *l)
{
    free(l->entries);
    free(l->holders);
    l->entries = NULL;
    l->holders = NULL;
}

/* One name of the folder, behind the point's id and a dot. */
static void take_name(ledger_entry *e, const char *rest)
{
    char           *end = NULL;
    const long long n   = strtoll(rest, &end, 10);

    if (end != rest && n > 0) {
        if (*end == '\0' && n > e->claim) {
            e->claim = n;
        } else if (strcmp(end, ".error") == 0) {
            e->errors++;
        }
        return;
    }
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (marks[i] && strcmp(rest, marks[i]) == 0) {
            e->mark = (sld_point_state)i;
        }
    }
}

sld_status sld_ledger_scan(ledger *l)
{
    const size_t   n   = sld_sweep_count(l->sweep);
    DIR           *dir = opendir(l->dir);
    struct dirent *entry;

    if (!dir) {
        return SLD_FAIL(l->ctx, SLD_ERR_IO, "%s: cannot list: %s", l->dir, strerror(errno));
    }
    for (size_t i = 0; i < n; i++) {
        l->entries[i].mark   = SLD_POINT_WAITING;
        l->entries[i].claim  = 0;
        l->entries[i].errors = 0;
    }
    while ((entry = readdir(dir))) {
        char id[ID_LENGTH + 1];
        if (strlen(entry->d_name) <= ID_LENGTH + 1 || entry->d_name[ID_LENGTH] != '.') {
            continue;
        }
        memcpy(id, entry->d_name, ID_LENGTH);
        id[ID_LENGTH]   = '\0';
        const int point = sld_sweep_find(l->sweep, id);
        if (point >= 0) {
            take_name(&l->entries[point], entry->d_name + ID_LENGTH + 1);
        }
    }
    closedir(dir);
    return SLD_OK;
}

static void path_of(const ledger *l, size_t point, const char *suffix, char path[4200])
{
    snprintf(path, 4200, "%s/%s.%s", l->dir, sld_sweep_point(l->sweep, point)->id, suffix);
}

sld_status sld_ledger_mark(ledger *l, size_t point, sld_point_state state, const char *text)
{
    char path[4200];

    path_of(l, point, marks[state], path);
    SLD_TRY(sld_file_publish(l->ctx, path, text, strlen(text), true));
    l->entries[point].mark = state;
    return SLD_OK;
}

sld_status sld_ledger_unmark(ledger *l, size_t point)
{
    char path[4200];

    if (!marks[l->entries[point].mark]) {
        return SLD_OK;
    }
    path_of(l, point, marks[l->entries[point].mark], path);
    if (unlink(path) != 0 && errno != ENOENT) {
        return SLD_FAIL(l->ctx, SLD_ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
    }
    l->entries[point].mark = SLD_POINT_WAITING;
    return SLD_OK;
}

void sld_ledger_text(const ledger *l, size_t point, const char *suffix, char *text, size_t n)
{
    char  path[4200];
    FILE *file;

    text[0] = '\0';
    path_of(l, point, suffix, path);
    file = fopen(path, "r");
    if (file) {
        const size_t got = fread(text, 1, n - 1, file);
        text[got]        = '\0';
        for (size_t i = got; i > 0 && text[i - 1] == '\n'; i--) {
            text[i - 1] = '\0';
        }
        fclose(file);
    }
}

sld_status sld_ledger_error(ledger *l, size_t point, int64_t attempt, const char *text)
{
    char path[4200], suffix[40];

    snprintf(suffix, sizeof suffix, "%lld.error", (long long)attempt);
    path_of(l, point, suffix, path);
    SLD_TRY(sld_file_publish(l->ctx, path, text, strlen(text), true));
    l->entries[point].errors++;
    return SLD_OK;
}

void sld_ledger_forget(ledger *l, size_t point)
{
    char path[4200], suffix[40];

    for (long long n = 1; n <= (long long)l->entries[point].claim; n++) {
        snprintf(suffix, sizeof suffix, "%lld.error", n);
        path_of(l, point, suffix, path);
        unlink(path);
        snprintf(suffix, sizeof suffix, "%lld", n);
        path_of(l, point, suffix, path);
        unlink(path);
    }
    l->entries[point].claim  = 0;
    l->entries[point].errors = 0;
}
