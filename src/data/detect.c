/* detect.c: recognises the format of a data set by what lies at its path. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "sld/data.h"
#include "sld/store.h"

static sld_detected detect_file(const char *path)
{
    const bool readable = access(path, R_OK) == 0;

    return (sld_detected){.error  = readable ? 0 : errno,
                          .format = readable && sld_doc_is_hdf5(path) ? "hdf5" : NULL};
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

/* Whether the file lies in the folder or in the archive's folder below it, as cifar.c finds it. */
static bool has_cifar(const char *folder, const char *archive, const char *file)
{
    char below[256];

    snprintf(below, sizeof below, "%s/%s", archive, file);
    return sld_data_exists(folder, file) || sld_data_exists(folder, below);
}

static sld_detected detect_folder(const char *path)
{
    const struct {
        const char *format;
        bool        there;
    } formats[]      = {{"cifar10", has_cifar(path, "cifar-10-batches-bin", "data_batch_1.bin")},
                        {"cifar100", has_cifar(path, "cifar-100-binary", "train.bin")},
                        {"idx", has_idx(path)}};
    sld_detected out = {.format = NULL};

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char **to = out.format ? &out.other : &out.format;
        *to             = formats[i].there && !*to ? formats[i].format : *to;
    }
    if (!out.format && access(path, R_OK | X_OK) != 0) {
        out.error = errno;
    }
    return out;
}

sld_detected sld_data_detect(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return (sld_detected){.error = errno};
    }
    return S_ISREG(info.st_mode)   ? detect_file(path)
           : S_ISDIR(info.st_mode) ? detect_folder(path)
                                   : (sld_detected){.format = NULL};
}
