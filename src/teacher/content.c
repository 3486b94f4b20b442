/* content.c: an outside teacher's files by their bytes: what names them in an identity. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"
#include "sld/base_read.h"

static sld_status add_file(sld_ctx *ctx, const char *path, sld_sha256 *sum)
{
    char   buffer[1 << 14];
    FILE  *file = sld_file_stream(path);
    size_t n;

    if (!file) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: cannot open: %s", path, strerror(errno));
    }
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        sld_sha256_add(sum, buffer, n);
    }
    const bool bad = ferror(file) != 0;
    fclose(file);
    return bad ? SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read the file", path) : SLD_OK;
}

static int is_epoch(const struct dirent *entry)
{
    const char *ending = strrchr(entry->d_name, '.');

    return strncmp(entry->d_name, "epoch-", 6) == 0 && ending && strcmp(ending, ".h5") == 0;
}

static int is_read(const struct dirent *entry)
{
    return is_epoch(entry) || strcmp(entry->d_name, SLD_TEACHER_TEST_FILE) == 0;
}

sld_status sld_teacher_files_sha256(sld_ctx *ctx, const char *folder, char sha[65])
{
    struct dirent **entries = NULL;
    const int       n       = scandir(folder, &entries, is_read, alphasort);
    sld_status      st      = SLD_OK;
    sld_sha256      sum;
    char            path[PATH_MAX];

    if (n < 0) {
        st = SLD_FAIL(ctx, errno == EACCES ? SLD_ERR_CONFIG : SLD_ERR_DATA, "%s: cannot list: %s",
                      folder, strerror(errno));
    } else if (n == 0 || !is_epoch(entries[0])) { /* epoch-*.h5 come first */
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected files epoch-*.h5, got none", folder);
    }
    sld_sha256_init(&sum);
    for (int i = 0; i < n; i++) {
        if (st == SLD_OK) {
            snprintf(path, sizeof path, "%.3800s/%s", folder, entries[i]->d_name);
            sld_sha256_add(&sum, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
            st = add_file(ctx, path, &sum);
        }
        free(entries[i]);
    }
    free(entries);
    sld_sha256_hex(&sum, sha);
    return st;
}
