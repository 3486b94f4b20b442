/* names.c: names and paths of a trial's files, and of a trial and a claim in a sweep's folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_names.h"

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

/* ---- a name read back ---- */

/* One to 18 digits. */
static bool take_number(const char **at, int64_t *number)
{
    const size_t digits = strspn(*at, "0123456789");

    *number = digits > 0 && digits <= 18 ? strtoll(*at, NULL, 10) : -1;
    *at += digits;
    return *number >= 0;
}

static bool take_word(const char **at, const char *word)
{
    const size_t n = strlen(word);

    if (strncmp(*at, word, n) != 0) {
        return false;
    }
    *at += n;
    return true;
}

bool sld_name_is_weights(const char *name)
{
    const char *at = name;
    int64_t     epoch;

    return strcmp(name, "last.h5") == 0 || strcmp(name, "best.h5") == 0 ||
           (take_word(&at, "epoch-") && take_number(&at, &epoch) && strcmp(at, ".h5") == 0);
}

bool sld_name_is_epoch_of_attempt(const char *name, int64_t last)
{
    int64_t epoch, attempt;

    return take_word(&name, "epoch-") && take_number(&name, &epoch) && take_word(&name, "-a") &&
           take_number(&name, &attempt) && strcmp(name, ".h5") == 0 && attempt >= 1 &&
           attempt <= last;
}

int64_t sld_name_attempt_of_log(const char *name)
{
    int64_t attempt;

    return take_word(&name, "log-a") && take_number(&name, &attempt) && strcmp(name, ".txt") == 0
               ? attempt
               : 0;
}

bool sld_name_is_checkpoint(const char *name)
{
    sld_ckpt ckpt;

    return sld_ckpt_parse(name, &ckpt);
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

bool sld_name_is_own(const char *name)
{
    char plain[NAME_MAX + 1], of[64];

    without_attempt(name, plain);
    for (size_t i = 0; i < SLD_RUN_FILE_COUNT; i++) {
        snprintf(of, sizeof of, "%s%s", files[i].stem, files[i].ending);
        if (strcmp(plain, of) == 0) {
            return true;
        }
    }
    return sld_name_is_weights(plain) || sld_name_is_checkpoint(name);
}

/* ---- in a sweep ---- */

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
