/* keeps.c: what no output may be: a file of a run or a sweep, or any other that lies in the folder of one,
 * in which nothing else is written. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_names.h"
#include "sld/base_read.h"

/* A folder in which somebody keeps config.yaml of his own is no run's. */
static bool is_run(const char *folder)
{
    return sld_run_has(folder, SLD_RUN_CONFIG) &&
           (sld_run_has(folder, SLD_RUN_RESULTS) || sld_run_has(folder, SLD_RUN_LOCK));
}

bool sld_sweep_is_folder(const char *folder)
{
    static const char begin[] = "sld-sweep ";
    char              path[PATH_MAX + 16], line[sizeof begin] = "";

    snprintf(path, sizeof path, "%s/points", folder);
    FILE *file  = sld_file_stream(path);
    bool  found = file && fread(line, sizeof begin - 1, 1, file) == 1 && strcmp(line, begin) == 0;
    if (file) {
        fclose(file);
        snprintf(path, sizeof path, "%s/claims", folder);
        found = found || access(path, F_OK) == 0;
    }
    return found;
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

    if (sld_name_is_own(name) &&
        (sld_run_has(folder, SLD_RUN_CONFIG) || sld_run_has(folder, SLD_RUN_LOCK))) {
        return true;
    }
    for (size_t i = 0; i < sizeof of_sweep / sizeof *of_sweep; i++) {
        if (strcmp(name, of_sweep[i]) == 0 && sld_sweep_is_folder(folder)) {
            return true;
        }
    }
    return strchr(folder, '/') && strcmp(cut_name(folder), "claims") == 0 &&
           sld_sweep_is_folder(folder);
}

/* A name that nothing bears yet is a run's in the folder of a run, which will write it. */
static bool is_file_to_come(const char *path)
{
    const char  *slash  = strrchr(path, '/');
    const size_t n      = slash ? (size_t)(slash - path) + 1 : 0;
    char        *folder = n > 0 ? strndup(path, n) : strdup(".");
    const bool   comes  = folder && sld_name_is_own(path + n) &&
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

/* Whether whole, an absolute path without links, lies below the folder of a run or a sweep. */
static bool is_inside(char *whole)
{
    char *slash;

    while ((slash = strrchr(whole, '/')) && slash != whole) {
        *slash = '\0';
        if (sld_sweep_is_folder(whole) || is_run(whole)) {
            return true;
        }
    }
    return false;
}

static bool lies_inside(const char *path)
{
    const char *slash = strrchr(path, '/');
    char        folder[PATH_MAX], *at = NULL, place[PATH_MAX + 2];

    char *target = realpath(path, NULL); /* NULL: nothing is there yet */
    bool  kept   = target && is_inside(target);
    free(target);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1,
             slash ? path : ".");
    at = kept ? NULL : realpath(folder, NULL);
    if (at) {
        snprintf(place, sizeof place, "%.*s/.", PATH_MAX - 1, at);
        kept = is_inside(place);
    }
    free(at);
    return kept;
}

bool sld_run_keeps(const char *path)
{
    return sld_run_is_file(path) || lies_inside(path);
}

bool sld_run_in_sweep(const char *dir)
{
    char  path[PATH_MAX], whole[PATH_MAX + 2];
    char *slash, *at;

    snprintf(path, sizeof path, "%s%s", *dir == '/' ? "" : "./", dir);
    while (!(at = realpath(path, NULL)) && (slash = strrchr(path, '/')) && slash != path) {
        *slash = '\0';
    }
    snprintf(whole, sizeof whole, "%.*s/.", PATH_MAX - 1, at ? at : "");
    free(at);
    while ((slash = strrchr(whole, '/')) && slash != whole) {
        *slash = '\0';
        if (sld_sweep_is_folder(whole)) {
            return true;
        }
    }
    return false;
}
