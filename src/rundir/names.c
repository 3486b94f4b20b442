/* names.c: paths of a trial's files, and of a trial and a claim in a sweep's folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sld/rundir.h"

#define NAME_OF(name, stem, ending) {stem, ending},
static const struct {
    const char *stem, *ending;
} files[] = {SLD_RUN_FILES(NAME_OF)};

static void path_of(const char *run, const char *stem, const char *ending, int64_t attempt,
                    char path[PATH_MAX])
{
    if (attempt > 0) {
        snprintf(path, PATH_MAX, "%s/%s-a%lld%s", run, stem, (long long)attempt, ending);
    } else {
        snprintf(path, PATH_MAX, "%s/%s%s", run, stem, ending);
    }
}

void sld_run_path(const char *run, sld_run_file file, int64_t attempt, char path[PATH_MAX])
{
    path_of(run, files[file].stem, files[file].ending, attempt, path);
}

void sld_run_epoch_path(const char *run, int64_t epoch, int64_t attempt, char path[PATH_MAX])
{
    char stem[32];

    snprintf(stem, sizeof stem, "epoch-%lld", (long long)epoch);
    path_of(run, stem, ".h5", attempt, path);
}

bool sld_run_has(const char *run, sld_run_file file)
{
    char path[PATH_MAX];

    sld_run_path(run, file, 0, path);
    return access(path, F_OK) == 0;
}

/* Whether the name is epoch-E-aN.h5 of an attempt from 1 to last. */
static bool is_epoch_of_attempt(const char *name, int64_t last)
{
    long long epoch, attempt;
    int       n = 0;

    return sscanf(name, "epoch-%18lld-a%18lld.h5%n", &epoch, &attempt, &n) == 2 && n > 0 &&
           name[n] == '\0' && attempt >= 1 && attempt <= last;
}

static void remove_epochs(const char *run, int64_t attempt)
{
    DIR           *dir = opendir(run);
    struct dirent *entry;
    char           path[PATH_MAX];

    while (dir && (entry = readdir(dir))) {
        if (is_epoch_of_attempt(entry->d_name, attempt)) {
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

/* Does this to each file of an open folder whose name is of that kind, and closes the folder. */
static sld_status each_file(sld_ctx *ctx, DIR *dir, const char *run,
                            bool (*is_kind)(const char *name), act_on act, const void *user)
{
    const struct dirent *entry;
    char                 path[PATH_MAX];
    sld_status           st = SLD_OK;

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
    DIR *dir = opendir(run);

    if (!dir) {
        return errno == ENOENT
                   ? SLD_OK
                   : SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", run, strerror(errno));
    }
    return each_file(ctx, dir, run, is_kind, set_old, NULL);
}

static bool is_weights(const char *name)
{
    int epoch, n = 0;

    return strcmp(name, "last.h5") == 0 || strcmp(name, "best.h5") == 0 ||
           (sscanf(name, "epoch-%d.h5%n", &epoch, &n) == 1 && n > 0 && name[n] == '\0');
}

sld_status sld_run_each_weights(sld_ctx *ctx, const char *run,
                                sld_status (*check)(sld_ctx *ctx, const char *path,
                                                    const void *user),
                                const void *user)
{
    DIR *dir = opendir(run);

    return dir ? each_file(ctx, dir, run, is_weights, check, user) : SLD_OK;
}

/* The name that attempt 0 gives the file: without "-aN" before the ending. */
static void without_attempt(const char *name, char plain[NAME_MAX + 1])
{
    const char *dash = strstr(name, "-a");

    snprintf(plain, NAME_MAX + 1, "%s", name);
    if (dash) {
        const char *ending = dash + 2 + strspn(dash + 2, "0123456789");
        if (ending > dash + 2) {
            snprintf(plain + (dash - name), NAME_MAX + 1 - (size_t)(dash - name), "%s", ending);
        }
    }
}

/* Whether a run gives a file this name, in whatever attempt. */
static bool is_name(const char *name)
{
    char     plain[NAME_MAX + 1], of[64];
    sld_ckpt ckpt;

    without_attempt(name, plain);
    for (size_t i = 0; i < SLD_RUN_FILE_COUNT; i++) {
        snprintf(of, sizeof of, "%s%s", files[i].stem, files[i].ending);
        if (strcmp(plain, of) == 0) {
            return true;
        }
    }
    return is_weights(plain) || sld_ckpt_parse(name, &ckpt);
}

static bool is_sweep(const char *folder)
{
    char points[PATH_MAX + 8];

    snprintf(points, sizeof points, "%s/points", folder);
    return access(points, F_OK) == 0;
}

/* Cuts the last name off an absolute path and returns it. */
static const char *cut_name(char *path)
{
    char *slash = strrchr(path, '/');

    *slash = '\0';
    return slash + 1;
}

static bool is_file_in(const char *name, char *folder)
{
    static const char *const of_sweep[] = {"points", "sweep.yaml", "sweep.h5", "report.html",
                                           "late-claims"};

    if (is_name(name) &&
        (sld_run_has(folder, SLD_RUN_CONFIG) || sld_run_has(folder, SLD_RUN_LOCK))) {
        return true;
    }
    for (size_t i = 0; i < sizeof of_sweep / sizeof *of_sweep; i++) {
        if (strcmp(name, of_sweep[i]) == 0 && is_sweep(folder)) {
            return true;
        }
    }
    return strchr(folder, '/') && strcmp(cut_name(folder), "claims") == 0 && is_sweep(folder);
}

/* A name that nothing bears yet is a run's in the folder of a run, which will write it. */
static bool is_file_to_come(const char *path)
{
    const char  *slash  = strrchr(path, '/');
    const size_t n      = slash ? (size_t)(slash - path) + 1 : 0;
    char        *folder = n > 0 ? strndup(path, n) : strdup(".");
    const bool   comes  = folder && is_name(path + n) &&
                       (sld_run_has(folder, SLD_RUN_CONFIG) || sld_run_has(folder, SLD_RUN_LOCK));

    free(folder);
    return comes;
}

bool sld_run_is_file(const char *path)
{
    char      *whole = realpath(path, NULL);
    const bool found = whole ? is_file_in(cut_name(whole), whole) : is_file_to_come(path);

    free(whole);
    return found;
}

/* config.yaml says what the others were made with: it goes with them. */
static bool is_result(const char *name)
{
    return strcmp(name, "results.h5") == 0 || strcmp(name, "config.yaml") == 0 || is_weights(name);
}

sld_status sld_run_set_aside(sld_ctx *ctx, const char *run)
{
    return set_aside(ctx, run, is_result);
}

static bool is_checkpoint(const char *name)
{
    sld_ckpt ckpt;

    return sld_ckpt_parse(name, &ckpt);
}

/* The attempt whose log bears this name; 0: it is no log. */
static int64_t attempt_of_log(const char *name)
{
    long long attempt;
    int       n = 0;

    return sscanf(name, "log-a%18lld.txt%n", &attempt, &n) == 1 && n > 0 && name[n] == '\0' &&
                   attempt > 0
               ? attempt
               : 0;
}

static bool is_log(const char *name)
{
    return attempt_of_log(name) > 0;
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
        const int64_t attempt = attempt_of_log(entry->d_name);
        newest                = attempt > newest ? attempt : newest;
    }
    if (dir) {
        closedir(dir);
    }
    return newest;
}

sld_status sld_run_set_aside_checkpoints(sld_ctx *ctx, const char *run)
{
    return set_aside(ctx, run, is_checkpoint);
}

static bool is_made(const char *name)
{
    return is_checkpoint(name) || is_weights(name);
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
    const others o   = {is_others, id};
    DIR         *dir = opendir(run);
    char         path[PATH_MAX];

    SLD_TRY(dir ? each_file(ctx, dir, run, is_made, set_old_of_others, &o) : SLD_OK);
    sld_run_path(run, SLD_RUN_CONFIG, 0, path);
    return rename_old(ctx, path);
}

void sld_sweep_path(const char *sweep, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", sweep, name);
}

void sld_trial_dir(const char *sweep, const char *id, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/trials/%s", sweep, id);
}

void sld_claim_path(const char *sweep, const char *id, int64_t attempt, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/claims/%s.%lld", sweep, id, (long long)attempt);
}

bool sld_claim_parse(const char *claim, char id[SLD_ID_LENGTH + 1], int64_t *attempt)
{
    const char  *slash  = strrchr(claim, '/');
    const char  *name   = slash ? slash + 1 : claim;
    const size_t length = strcspn(name, ".");
    char        *end    = NULL;

    if (length == 0 || length > SLD_ID_LENGTH || name[length] != '.' || name[length + 1] < '1' ||
        name[length + 1] > '9') {
        return false;
    }
    *attempt = strtoll(name + length + 1, &end, 10);
    snprintf(id, SLD_ID_LENGTH + 1, "%.*s", (int)length, name);
    return *end == '\0' && *attempt <= SLD_ATTEMPTS_MAX;
}

bool sld_claim_next(const char *claim, char next[PATH_MAX])
{
    const char *dot = strrchr(claim, '.');
    char        id[SLD_ID_LENGTH + 1];
    int64_t     attempt;

    if (!sld_claim_parse(claim, id, &attempt)) {
        return false;
    }
    snprintf(next, PATH_MAX, "%.*s.%lld", (int)(dot - claim), claim, (long long)attempt + 1);
    return true;
}
