/* sources.c: which other files are read with an input: those of a folder, and the sources of virtual data
 * sets. None of them is written over. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

typedef struct search {
    sld_doc    *doc;
    struct stat wanted;
} search;

static bool is_wanted(const search *s, const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && info.st_dev == s->wanted.st_dev &&
           info.st_ino == s->wanted.st_ino;
}

/* Whether a source of the virtual data set is the file that is wanted. */
static bool draws_on(const search *s, hid_t plist)
{
    char   file[SOURCE_NAME_MAX], path[PATH_MAX];
    size_t n     = 0;
    bool   found = false;

    if (H5Pget_layout(plist) != H5D_VIRTUAL || H5Pget_virtual_count(plist, &n) < 0) return false;
    for (size_t i = 0; i < n && !found; i++) {
        const ssize_t bytes = H5Pget_virtual_filename(plist, i, file, sizeof file);
        found               = bytes > 0 && (size_t)bytes < sizeof file &&
                virtual_source_path(s->doc, file, path) && is_wanted(s, path);
    }
    return found;
}

/* 1 ends the walk: found. */
static herr_t look_at(hid_t root, const char *name, const H5L_info_t *info, void *user)
{
    const search *s = user;

    if (info->type != H5L_TYPE_HARD) return 0; /* soft ones lead to what is met anyway */
    const hid_t id = H5Oopen(root, name, H5P_DEFAULT);
    const hid_t plist =
        id >= 0 && H5Iget_type(id) == H5I_DATASET ? H5Dget_create_plist(id) : H5I_INVALID_HID;
    const bool found = plist >= 0 && draws_on(s, plist);

    if (plist >= 0) H5Pclose(plist);
    if (id >= 0) H5Oclose(id);
    return found ? 1 : 0;
}

/* A file of another kind, or one that cannot be read, has no sources. */
static bool file_draws_on(search *s, const char *path)
{
    sld_ctx quiet;

    sld_ctx_init(&quiet);
    if (!sld_doc_is_hdf5(path) || sld_doc_open_file(&quiet, path, &s->doc) != SLD_OK) return false;
    const bool found = H5Lvisit(s->doc->file, H5_INDEX_NAME, H5_ITER_NATIVE, look_at, s) > 0;
    sld_doc_close(s->doc);
    s->doc = NULL;
    return found;
}

/* The files that lie in it, by links too. */
static bool folder_reads(search *s, const char *folder)
{
    char                 path[PATH_MAX];
    struct stat          info;
    const struct dirent *entry;
    DIR                 *dir   = opendir(folder);
    bool                 found = false;

    sld_doc_many(true);
    while (dir && !found && (entry = readdir(dir))) {
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path &&
            stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            found = is_wanted(s, path) || file_draws_on(s, path);
        }
    }
    sld_doc_many(false);
    if (dir) closedir(dir);
    return found;
}

bool sld_store_reads(const char *input, const char *path)
{
    search      s = {.doc = NULL};
    struct stat info;

    if (stat(path, &s.wanted) != 0 || stat(input, &info) != 0) return false;
    if (S_ISDIR(info.st_mode)) return folder_reads(&s, input);
    return S_ISREG(info.st_mode) && (is_wanted(&s, input) || file_draws_on(&s, input));
}
