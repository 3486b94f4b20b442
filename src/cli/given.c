/* given.c: finds out what kind of file or folder a user gave to a verb, and makes the error if it
 * is of another kind than the verb takes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "sld/store.h"

static bool holds(const char *dir, const char *name)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

/* Verbs take results for the run in their folder: under another name they are of another run. */
static bool is_results_of_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, "results.h5") == 0;
}

static sld_given of_file(sld_ctx *ctx, const char *path)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    if (!sld_doc_is_hdf5(path)) {
        return SLD_GIVEN_TEXT;
    }
    if (sld_output_has_format(ctx, path, "sld-results")) {
        return is_results_of_folder(path) ? SLD_GIVEN_RESULTS : SLD_GIVEN_HDF5;
    }
    if (sld_output_has_format(ctx, path, "sld-study")) {
        return SLD_GIVEN_STUDY;
    }
    sld_ctx_init(&quiet);
    if (sld_doc_open_file(&quiet, path, &doc) != SLD_OK) { /* who reads it says what is wrong */
        return is_results_of_folder(path) ? SLD_GIVEN_RESULTS : SLD_GIVEN_HDF5;
    }
    const bool weights = sld_doc_has_attr(doc, "/", "network");
    sld_doc_close(doc);
    return weights ? SLD_GIVEN_WEIGHTS : SLD_GIVEN_HDF5;
}

sld_given sld_given_at(sld_ctx *ctx, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return errno == EACCES ? SLD_GIVEN_CLOSED : SLD_GIVEN_NOTHING;
    }
    if (access(path, S_ISDIR(info.st_mode) ? R_OK | X_OK : R_OK) != 0 && errno == EACCES) {
        return SLD_GIVEN_CLOSED;
    }
    if (S_ISDIR(info.st_mode)) {
        return holds(path, "points")       ? SLD_GIVEN_SWEEP
               : holds(path, "results.h5") ? SLD_GIVEN_RUN
                                           : SLD_GIVEN_FOLDER;
    }
    return S_ISREG(info.st_mode) ? of_file(ctx, path) : SLD_GIVEN_NOTHING;
}

/* By its first bytes: there are some, none of which no text has. */
static bool is_text(const char *path)
{
    char         begin[256];
    FILE        *file = fopen(path, "rb");
    const size_t n    = file ? fread(begin, 1, sizeof begin, file) : 0;

    if (file) {
        fclose(file);
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)begin[i] < ' ' && !strchr("\t\n\r\f", begin[i])) {
            return false;
        }
    }
    return n > 0;
}

static const char *nothing_at(const char *path, char why[SLD_PATH_WHY_BYTES])
{
    struct stat info;

    if (stat(path, &info) == 0) {
        return "a pipe, a socket or a device; give a file or a folder";
    }
    if (errno == ENOENT && sld_path_is_odd(path, why)) {
        return why + strcspn(why, ",") + strlen(", got ");
    }
    return errno == EACCES ? "nothing that may be read: a folder above it is closed to you"
           : lstat(path, &info) == 0 ? "a link whose target does not exist"
                                     : "nothing: no file and no folder is there";
}

static void of_hdf5(const char *path, char *text, size_t n)
{
    sld_ctx  quiet;
    sld_doc *doc = NULL;

    sld_ctx_init(&quiet);
    if (sld_doc_open_file(&quiet, path, &doc) == SLD_OK) {
        sld_doc_describe(doc, text, n);
    } else {
        snprintf(text, n, "an HDF5 file that cannot be read; make it anew");
    }
    sld_doc_close(doc);
}

/* text: what the path is, and which command takes it. */
static void advise(sld_given given, const char *path, char *text, size_t n)
{
    char why[SLD_PATH_WHY_BYTES];

    switch (given) {
    case SLD_GIVEN_RUN:
        snprintf(text, n,
                 "the folder of a run; sld report %.150s, sld eval %.150s/last.h5, or the same sld "
                 "run as before to go on with it",
                 path, path);
        break;
    case SLD_GIVEN_SWEEP:
        snprintf(text, n, "the folder of a sweep; sld sweep %.180s, sld report %.180s", path, path);
        break;
    case SLD_GIVEN_RESULTS:
    case SLD_GIVEN_WEIGHTS:
    case SLD_GIVEN_STUDY:
    case SLD_GIVEN_HDF5:
        of_hdf5(path, text, n);
        break;
    case SLD_GIVEN_FOLDER:
        if (holds(path, "config.yaml") && (holds(path, "last.h5") || holds(path, "lock"))) {
            snprintf(
                text, n,
                "the folder of a run without its results.h5; the same sld run as before writes "
                "it again");
            break;
        }
        snprintf(text, n, "a folder that holds no run and no sweep");
        break;
    case SLD_GIVEN_TEXT:
        if (!is_text(path)) {
            snprintf(text, n,
                     "an empty file or one that is neither HDF5 nor text; copy or make it "
                     "again");
            break;
        }
        snprintf(text, n, "a text; an experiment is trained by sld run %.180s, a spec by sld sweep",
                 path);
        break;
    case SLD_GIVEN_CLOSED:
        snprintf(
            text, n,
            "what this user may not open (permission denied); ask its owner for chmod -R g+rX, "
            "and g+w to work on it");
        break;
    case SLD_GIVEN_NOTHING:
        snprintf(text, n, "%s", nothing_at(path, why));
        break;
    }
}

sld_status sld_given_refuse(sld_ctx *ctx, const char *path, sld_given given, const char *wanted)
{
    char text[480];

    advise(given, path, text, sizeof text);
    return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.180s: expected %s, got %.300s", path, wanted, text);
}
