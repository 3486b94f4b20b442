/* old_files.c: files of a trial that others supersede: removed, or kept with ".old" behind their names. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file_names.h"
#include "sld/base_read.h"

static void remove_epochs(const char *run, int64_t attempt)
{
    DIR           *dir = opendir(run);
    struct dirent *entry;
    char           path[PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        if (sld_name_is_epoch_of_attempt(entry->d_name, attempt)) {
            snprintf(path, sizeof path, "%s/%s", run, entry->d_name);
            unlink(path);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

void sld_run_remove_attempts(const char *run, int64_t attempt)
{
    static const sld_run_file own[] = {SLD_RUN_CONFIG, SLD_RUN_RESULTS,  SLD_RUN_LAST,
                                       SLD_RUN_BEST,   SLD_RUN_PROGRESS, SLD_RUN_OUTCOME};
    char                      path[PATH_MAX];

    for (int64_t n = 1; n <= attempt; n++) {
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
            sld_run_path(run, own[i], n, path);
            unlink(path);
        }
    }
    remove_epochs(run, attempt);
}

static sld_status rename_old(sld_ctx *ctx, const char *path)
{
    char to[PATH_MAX];

    snprintf(to, sizeof to, "%.*s.old", (int)sizeof to - 5, path);
    return rename(path, to) == 0 || errno == ENOENT
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot rename: %s", path, strerror(errno));
}

typedef sld_status (*act_on)(sld_ctx *ctx, const char *path, const void *user);

/* Does this to each file of the folder whose name is of that kind. A folder that is not there has none. */
static sld_status each_file(sld_ctx *ctx, const char *run, bool (*is_kind)(const char *name),
                            act_on act, const void *user)
{
    DIR                 *dir = opendir(run);
    const struct dirent *entry;
    char                 path[PATH_MAX];
    sld_status           st = SLD_OK;

    if (!dir) {
        return errno == ENOENT
                   ? SLD_OK
                   : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", run, strerror(errno));
    }
    while (st == SLD_OK && (st = sld_file_next_entry(ctx, dir, run, &entry)) == SLD_OK && entry) {
        if (is_kind(entry->d_name)) {
            snprintf(path, sizeof path, "%s/%s", run, entry->d_name);
            st = act(ctx, path, user);
        }
    }
    closedir(dir);
    return st;
}

static sld_status set_old(sld_ctx *ctx, const char *path, const void *user)
{
    return rename_old(ctx, path);
}

/* Files whose names are of that kind get ".old" behind them. */
static sld_status set_aside(sld_ctx *ctx, const char *run, bool (*is_kind)(const char *name))
{
    return each_file(ctx, run, is_kind, set_old, NULL);
}

sld_status sld_run_each_weights(sld_ctx *ctx, const char *run,
                                sld_status (*check)(sld_ctx *ctx, const char *path,
                                                    const void *user),
                                const void *user)
{
    return each_file(ctx, run, sld_name_is_weights, check, user);
}

/* config.yaml says what the others were made with: it goes with them. */
static bool is_result(const char *name)
{
    return strcmp(name, "results.h5") == 0 || strcmp(name, "config.yaml") == 0 ||
           sld_name_is_weights(name);
}

sld_status sld_run_set_aside(sld_ctx *ctx, const char *run)
{
    return set_aside(ctx, run, is_result);
}

static bool is_log(const char *name)
{
    return sld_name_attempt_of_log(name) > 0;
}

sld_status sld_run_set_aside_logs(sld_ctx *ctx, const char *run)
{
    return set_aside(ctx, run, is_log);
}

int64_t sld_run_newest_log(const char *run)
{
    DIR           *dir = opendir(run);
    struct dirent *entry;
    int64_t        newest = 0;

    while (dir && (entry = readdir(dir))) {
        const int64_t attempt = sld_name_attempt_of_log(entry->d_name);
        newest                = attempt > newest ? attempt : newest;
    }
    if (dir) {
        closedir(dir);
    }
    return newest;
}

sld_status sld_run_set_aside_checkpoints(sld_ctx *ctx, const char *run)
{
    return set_aside(ctx, run, sld_name_is_checkpoint);
}

static bool is_made(const char *name)
{
    return sld_name_is_checkpoint(name) || sld_name_is_weights(name);
}

typedef struct others { /* who says whose a file is, for which trial */
    bool (*is_others)(const char *path, const char *id);
    const char *id;
} others;

static sld_status set_old_of_others(sld_ctx *ctx, const char *path, const void *user)
{
    const others *o = user;

    return o->is_others(path, o->id) ? rename_old(ctx, path) : SLD_OK;
}

sld_status sld_run_set_aside_others(sld_ctx *ctx, const char *run,
                                    bool (*is_others)(const char *path, const char *id),
                                    const char *id)
{
    const others o = {is_others, id};
    char         path[PATH_MAX];

    SLD_TRY(each_file(ctx, run, is_made, set_old_of_others, &o));
    sld_run_path(run, SLD_RUN_CONFIG, 0, path);
    return rename_old(ctx, path);
}
