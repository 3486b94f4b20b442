/* keeps.c: what no output may be: a file of a run or a sweep, or any other that lies in the folder of one,
 * in which nothing else is written. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/base_read.h"
#include "sld/rundir.h"

/* A folder in which somebody keeps config.yaml of his own is no run's. */
static bool is_run(const char *folder)
{
    return sld_run_has(folder, SLD_RUN_CONFIG) &&
           (sld_run_has(folder, SLD_RUN_RESULTS) || sld_run_has(folder, SLD_RUN_LOCK));
}

/* By its first line, whatever the version. */
static bool is_sweep(const char *folder)
{
    static const char begin[] = "sld-sweep ";
    char              path[PATH_MAX + 16], line[sizeof begin] = "";

    snprintf(path, sizeof path, "%s/points", folder);
    FILE      *file = sld_file_stream(path);
    const bool yes =
        file && fread(line, sizeof begin - 1, 1, file) == 1 && strcmp(line, begin) == 0;
    if (file) {
        fclose(file);
    }
    return yes;
}

/* Whether whole, an absolute path without links, lies below the folder of a run or a sweep. */
static bool is_inside(char *whole)
{
    char *slash;

    while ((slash = strrchr(whole, '/')) && slash != whole) {
        *slash = '\0';
        if (is_sweep(whole) || is_run(whole)) {
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
        if (is_sweep(whole)) {
            return true;
        }
    }
    return false;
}
