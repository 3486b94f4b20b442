/* seen.c: a set of files, each with the content that it had when it was seen: as long as its inode,
 * its length and its times of change stay, so does what was learnt of it. */
#include <stdlib.h>
#include <sys/stat.h>

#include "foreign.h"

#define FIRST_ROOM 256 /* a power of two */

struct seen_file {
    dev_t           device;
    ino_t           inode; /* 0: an empty place */
    off_t           bytes;
    struct timespec modified, changed;
};

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* As it is now. */
static bool look(const char *path, seen_file *out)
{
    struct stat info;

    if (stat(path, &info) != 0 || info.st_ino == 0) return false;
    *out = (seen_file){info.st_dev, info.st_ino, info.st_size, info.st_mtim, info.st_ctim};
    return true;
}

/* Where the file is, or the empty place where it would be. room > 0. */
static seen_file *place(const seen_set *set, const seen_file *file)
{
    const size_t mask = set->room - 1;
    size_t       at   = (size_t)((uint64_t)file->inode * UINT64_C(0x9e3779b97f4a7c15) >> 20) & mask;

    while (set->files[at].inode != 0 &&
           (set->files[at].inode != file->inode || set->files[at].device != file->device)) {
        at = (at + 1) & mask;
    }
    return &set->files[at];
}

bool seen_has(const seen_set *set, const char *path)
{
    seen_file now;

    if (set->room == 0 || !look(path, &now)) return false;
    const seen_file *then = place(set, &now);
    return then->inode != 0 && then->bytes == now.bytes &&
           same_time(then->modified, now.modified) && same_time(then->changed, now.changed);
}

/* At most half of it is in use. */
static bool make_room(seen_set *set)
{
    seen_set larger = {.room = set->room == 0 ? FIRST_ROOM : 2 * set->room, .n = set->n};

    if (2 * (set->n + 1) <= set->room) return true;
    larger.files = calloc(larger.room, sizeof *larger.files);
    if (!larger.files) return false;
    for (size_t i = 0; i < set->room; i++) {
        if (set->files[i].inode != 0) *place(&larger, &set->files[i]) = set->files[i];
    }
    free(set->files);
    *set = larger;
    return true;
}

void seen_add(seen_set *set, const char *path)
{
    seen_file now;

    if (!look(path, &now) || !make_room(set)) return;
    seen_file *to = place(set, &now);
    set->n += to->inode == 0;
    *to = now;
}

void seen_forget(seen_set *set)
{
    free(set->files);
    *set = (seen_set){0};
}
