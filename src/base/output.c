/* output.c: checks whether an output file that the user names may be written. It may be new or
 * written by the same verb before. Inputs and files of runs are never overwritten, other files only
 * with --force. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sld/base.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the folder is one of the folders above path. */
static bool lies_in(const char *path, const struct stat *folder)
{
    char        whole[PATH_MAX], *slash;
    struct stat above;

    if (!realpath(path, whole)) {
        return false;
    }
    while ((slash = strrchr(whole, '/'))) {
        slash[slash == whole] = '\0'; /* "/name" lies in "/" */
        if (stat(whole, &above) == 0 && is_same(&above, folder)) {
            return true;
        }
        if (slash == whole) {
            break;
        }
    }
    return false;
}

/* Compares files by device and inode: one file can have several paths. */
static sld_status check_inputs(sld_ctx *ctx, const sld_output *out, const struct stat *found)
{
    struct stat info;

    for (size_t i = 0; i < out->n_inputs; i++) {
        const char *input = out->inputs[i];

        if (!input || !*input || stat(input, &info) != 0) {
            continue;
        }
        if (is_same(&info, found)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: %s is the same file as input %s; choose another name", out->option,
                            out->path, input);
        }
        if (S_ISDIR(info.st_mode) && lies_in(out->path, &info)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: %s exists in the folder %s, which is read; choose another name",
                            out->option, out->path, input);
        }
        if (out->reads && out->reads(input, out->path)) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: %s is read with input %s, by a virtual data set or by a link; "
                            "choose another name",
                            out->option, out->path, input);
        }
    }
    return SLD_OK;
}

/* The folder of a path. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1,
             slash ? path : ".");
}

static sld_status check_folder(sld_ctx *ctx, const sld_output *out)
{
    char        folder[PATH_MAX];
    struct stat info;
    const char *slash = strrchr(out->path, '/');

    if (!*out->path || (slash && !slash[1]) || strlen(out->path) + 32 >= sizeof folder) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: expected the name of a file, got \"%.200s\"",
                        out->option, out->path);
    }
    folder_of(out->path, folder);
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: %s: there is no folder %s; make it first",
                        out->option, out->path, folder);
    }
    return SLD_OK;
}

static sld_status check_kept(sld_ctx *ctx, const sld_output *out)
{
    if (out->is_kept && out->is_kept(out->path)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%s: %s: expected a place outside the folders of runs and sweeps, in which "
            "nothing else is written, with --force neither; choose another name, outside",
            out->option, out->path);
    }
    return SLD_OK;
}

sld_status sld_output_check(sld_ctx *ctx, const sld_output *out, bool *exists)
{
    struct stat found;

    *exists = false;
    SLD_TRY(check_folder(ctx, out));
    if (stat(out->path, &found) != 0) {
        if (errno == ENOENT && lstat(out->path, &found) == 0) {
            return SLD_FAIL(
                ctx, SLD_ERR_CONFIG,
                "%s: %s: expected the name of a file, got a link whose target does not exist; "
                "remove it, or choose another name",
                out->option, out->path);
        }
        return errno == ENOENT ? check_kept(ctx, out)
                               : SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: %s: %s", out->option, out->path,
                                          strerror(errno));
    }
    *exists = true;
    if (!S_ISREG(found.st_mode)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG, "%s: %s: expected the name of a file, got %s; choose another name",
            out->option, out->path, S_ISDIR(found.st_mode) ? "a folder" : "no regular file");
    }
    SLD_TRY(check_inputs(ctx, out, &found));
    SLD_TRY(check_kept(ctx, out));
    if (out->force || (out->is_own && out->is_own(ctx, out->path))) {
        return SLD_OK;
    }
    return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                    "%s: %s already exists and was not written by this command; choose another "
                    "name, or add --force to write over it",
                    out->option, out->path);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

sld_status sld_output_check_apart(sld_ctx *ctx, const sld_output *a, const sld_output *b)
{
    char        folders[2][PATH_MAX];
    struct stat first, second;
    bool        same = stat(a->path, &first) == 0 && stat(b->path, &second) == 0;

    if (same) {
        same = is_same(&first, &second);
    } else { /* one of them does not exist yet */
        folder_of(a->path, folders[0]);
        folder_of(b->path, folders[1]);
        same = strcmp(name_of(a->path), name_of(b->path)) == 0 && stat(folders[0], &first) == 0 &&
               stat(folders[1], &second) == 0 && is_same(&first, &second);
    }
    return !same ? SLD_OK
                 : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "%s: expected another file than that of %s, got %s twice; choose "
                            "another name",
                            b->option, a->option, b->path);
}
