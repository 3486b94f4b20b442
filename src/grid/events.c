/* events.c: what happened last, from the names and times of the files in claims/. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sld/grid_folder.h"

#define BILLION INT64_C(1000000000)

/* "ID.done" or "ID.3": the point, and what its file says; false: the name of something else. */
static bool parse(const sld_grid *grid, const char *name, sld_grid_event *out)
{
    char        id[64];
    const char *dot = strchr(name, '.');
    char       *end;
    int         point;

    if (!dot || (size_t)(dot - name) >= sizeof id) {
        return false;
    }
    snprintf(id, sizeof id, "%.*s", (int)(dot - name), name);
    point = sld_grid_find(grid, id);
    if (point < 0) {
        return false;
    }
    out->point = (size_t)point;
    for (sld_point_state s = SLD_POINT_DONE; s <= SLD_POINT_SKIPPED; s++) {
        if (strcmp(dot + 1, sld_point_state_name(s)) == 0) {
            snprintf(out->what, sizeof out->what, "%s", dot + 1);
            return true;
        }
    }
    const long attempt = strtol(dot + 1, &end, 10);
    if (!isdigit((unsigned char)dot[1]) || attempt < 1 || (*end && strcmp(end, ".error") != 0)) {
        return false;
    }
    snprintf(out->what, sizeof out->what, "attempt %ld%s", attempt, *end ? " failed" : "");
    return true;
}

/* Among the newest, in their order. */
static void insert(const sld_grid_event *new, size_t max, sld_grid_event *out, size_t *n)
{
    size_t at = *n < max ? (*n)++ : max;

    for (; at > 0 && out[at - 1].at < new->at; at--) {
        if (at < max) {
            out[at] = out[at - 1];
        }
    }
    if (at < max) {
        out[at] = *new;
    }
}

sld_status sld_grid_events(sld_ctx *ctx, const sld_grid *grid, size_t max, sld_grid_event *out,
                           size_t *n)
{
    char                 dir[PATH_MAX];
    const struct dirent *entry;
    struct stat          info;
    sld_grid_event       event;
    sld_status           st;

    *n = 0;
    if (snprintf(dir, sizeof dir, "%s/claims", sld_grid_dir(grid)) >= (int)sizeof dir) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%.200s...: expected a shorter path",
                        sld_grid_dir(grid));
    }
    DIR *folder = opendir(dir);
    if (!folder) {
        return errno == ENOENT ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s", dir, strerror(errno));
    }
    while ((st = sld_file_next_entry(ctx, folder, dir, &entry)) == SLD_OK && entry) {
        if (parse(grid, entry->d_name, &event) &&
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            event.at = (int64_t)info.st_mtim.tv_sec * BILLION + info.st_mtim.tv_nsec;
            insert(&event, max, out, n);
        }
    }
    closedir(folder);
    for (size_t i = 0; i < *n; i++) { /* sorted by nanoseconds, returned in seconds */
        out[i].at /= BILLION;
    }
    return st;
}
