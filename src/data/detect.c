/* detect.c: recognises the format of a data set by what lies at its path. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "sld/data.h"

static bool is_hdf5(const char *path)
{
    static const char signature[8] = "\x89HDF\r\n\x1a\n";
    char              head[8];
    FILE             *file = fopen(path, "rb");
    const bool        is   = file && fread(head, 1, sizeof head, file) == sizeof head &&
                    memcmp(head, signature, sizeof head) == 0;

    if (file) {
        fclose(file);
    }
    return is;
}

/* Whether the folder has train-images-idx3-ubyte or another spelling that idx.c opens. Compressed
 * files count too, because the message of idx.c says how to unpack them. */
static bool has_idx(const char *folder)
{
    DIR *dir   = opendir(folder);
    bool found = false;

    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        found = strncmp(entry->d_name, "train-images", 12) == 0 && strstr(entry->d_name, "idx");
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

const char *sld_data_detect(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return NULL;
    }
    if (S_ISREG(info.st_mode)) {
        return is_hdf5(path) ? "hdf5" : NULL;
    }
    return !S_ISDIR(info.st_mode)                      ? NULL
           : sld_data_exists(path, "data_batch_1.bin") ? "cifar10"
           : sld_data_exists(path, "train.bin")        ? "cifar100"
           : has_idx(path)                             ? "idx"
                                                       : NULL;
}
