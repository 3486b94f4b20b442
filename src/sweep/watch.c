/* watch.c: what the files of a trial tell those who watch it. */
#include "watch.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sld/store.h"

enum { LINE_BYTES = 1024 };

void sld_watch_path(const sld_sweep *sweep, size_t point, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/trials/%s/%s", sld_sweep_dir(sweep),
             sld_sweep_point(sweep, point)->id, name);
}

bool sld_watch_has_results(const sld_sweep *sweep, size_t point)
{
    char path[PATH_MAX];

    sld_watch_path(sweep, point, "results.h5", path);
    return access(path, F_OK) == 0;
}

void sld_watch_progress(const sld_sweep *sweep, size_t point, int64_t attempt, char *text, size_t n)
{
    char  path[PATH_MAX], name[40];
    FILE *file;

    snprintf(name, sizeof name, "progress-a%lld", (long long)attempt);
    sld_watch_path(sweep, point, name, path);
    text[0] = '\0';
    file    = fopen(path, "r");
    if (file) {
        if (!fgets(text, (int)n, file)) {
            text[0] = '\0';
        }
        fclose(file);
    }
}

bool sld_watch_parse(const char *text, int64_t *epoch, int64_t *epochs, double *left_s)
{
    long long at = 0, of = 0, step, steps;
    double    left = 0;

    const bool good = sscanf(text, "epoch %lld of %lld step %lld of %lld left %lf", &at, &of, &step,
                             &steps, &left) == 5;
    *epoch          = good ? at : 0;
    *epochs         = good ? of : 0;
    *left_s         = good ? left : 0;
    return good;
}

bool sld_watch_diverged(sld_ctx *ctx, const sld_sweep *sweep, size_t point)
{
    char        path[PATH_MAX];
    sld_doc    *doc      = NULL;
    const char *status   = NULL;
    bool        diverged = false;

    sld_watch_path(sweep, point, "results.h5", path);
    if (sld_doc_open(ctx, path, &doc) == SLD_OK &&
        sld_doc_get_attr_text(ctx, doc, "/", "status", &status) == SLD_OK) {
        diverged = strcmp(status, "diverged") == 0;
    } else {
        sld_log(ctx, SLD_LOG_WARN, "%s", ctx->err.msg);
        sld_err_clear(ctx);
    }
    sld_doc_close(doc);
    return diverged;
}

void sld_watch_checkpoint(const sld_sweep *sweep, size_t point, char name[32])
{
    static const char prefix[] = "ckpt-0000000-000000000";
    char              path[PATH_MAX];
    struct dirent    *entry;
    DIR              *dir;

    name[0] = '\0';
    sld_watch_path(sweep, point, "", path);
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        const char *ending = strrchr(entry->d_name, '.');
        if (strncmp(entry->d_name, "ckpt-", 5) == 0 && ending && strcmp(ending, ".h5") == 0 &&
            strncmp(entry->d_name, name, sizeof prefix - 1) > 0) {
            snprintf(name, 32, "%.*s", (int)sizeof prefix - 1, entry->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* The text of a log line behind "2026-01-31T23:59:59Z " where it begins so. */
static const char *behind_time(const char *line)
{
    return strlen(line) > 21 && line[4] == '-' && line[10] == 'T' && line[19] == 'Z' ? line + 21
                                                                                     : line;
}

/* Open MPI frames what it says in lines of dashes. */
static bool says_something(const char *line)
{
    return *line != '\0' && strspn(line, "- \t") != strlen(line);
}

void sld_watch_reason(const char *log, char reason[REASON_BYTES])
{
    char  line[LINE_BYTES], first[REASON_BYTES] = "";
    FILE *file = fopen(log, "r");

    reason[0] = '\0';
    while (file && !*reason && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *text          = behind_time(line);
        if (strncmp(text, "error: ", 7) == 0) {
            snprintf(reason, REASON_BYTES, "%.250s", text + 7);
        } else if (strncmp(text, "sld: ", 5) == 0) {
            snprintf(reason, REASON_BYTES, "%.250s", text + 5);
        } else if (!*first && text == line && says_something(line)) {
            snprintf(first, sizeof first, "%.250s", line);
        }
    }
    if (file) {
        fclose(file);
    }
    if (!*reason) {
        memcpy(reason, first, sizeof first);
    }
}
