/* files.c: reading the files of a data set, see files.h. */
#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

sld_status sld_data_path(sld_ctx *ctx, const char *folder, const char *name, char path[PATH_MAX])
{
    const int n = snprintf(path, PATH_MAX, "%s%s%s", folder, name ? "/" : "", name ? name : "");

    if (n < 0 || n >= PATH_MAX) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%.200s...: expected a path of fewer than %d bytes, got %d; use a shorter one", folder,
            PATH_MAX, n);
    }
    return SLD_OK;
}

bool sld_data_exists(const char *folder, const char *name)
{
    char        path[PATH_MAX];
    struct stat info;
    const int   n = snprintf(path, sizeof path, "%s/%s", folder, name);

    return n > 0 && n < (int)sizeof path && stat(path, &info) == 0;
}

sld_status sld_data_folder(sld_ctx *ctx, const char *folder, const char *wanted)
{
    struct stat info;

    if (stat(folder, &info) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %s: %s", folder, wanted, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %s, got a file", folder, wanted);
    }
    return SLD_OK;
}

/* Two bytes tell a file that is still compressed, whatever its name. */
static sld_status check_compression(sld_ctx *ctx, data_file *file)
{
    static const struct {
        const char *magic, *tool;
    } known[]            = {{"\x1f\x8b", "gunzip"},
                            {"BZh", "bunzip2"},
                            {"\xfd"
                                        "7zXZ",
                             "unxz"}};
    char         head[6] = {0};
    const size_t n       = fread(head, 1, sizeof head, file->stream);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i].magic);
        if (n >= length && memcmp(head, known[i].magic, length) == 0) {
            return SLD_FAIL(ctx, SLD_ERR_DATA,
                            "%s: expected the plain file, got a compressed one; %s it", file->path,
                            known[i].tool);
        }
    }
    rewind(file->stream);
    return SLD_OK;
}

sld_status sld_data_file_open(sld_ctx *ctx, const char *folder, const char *name, data_file *file)
{
    int        fd;
    sld_status st;

    file->stream = NULL;
    SLD_TRY(sld_data_path(ctx, folder, name, file->path));
    SLD_TRY(sld_file_open(ctx, file->path, &fd, &file->bytes));
    if (file->bytes == 0) {
        close(fd);
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected data, got an empty file", file->path);
    }
    file->stream = fdopen(fd, "rb");
    if (!file->stream) {
        close(fd);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: %s", file->path, strerror(errno));
    }
    st = check_compression(ctx, file);
    if (st != SLD_OK) {
        sld_data_file_close(file);
    }
    return st;
}

sld_status sld_data_file_read(sld_ctx *ctx, data_file *file, void *bytes, size_t n)
{
    const size_t got = fread(bytes, 1, n, file->stream);

    if (got != n) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %zu bytes, got %zu: %s", file->path, n,
                        got, ferror(file->stream) ? strerror(errno) : "the file is shorter");
    }
    return SLD_OK;
}

void sld_data_file_close(data_file *file)
{
    if (file->stream) {
        fclose(file->stream);
        file->stream = NULL;
    }
}

/* Cuts text (n bytes and a zero) into lines without their ends, packed to the front. *lines: how
 * many up to the last that is not blank; returns the bytes they take. */
static size_t pack_lines(char *text, size_t n, size_t *lines)
{
    size_t from = 0, to = 0, kept = 0, count = 0;

    *lines = 0;
    while (from < n) {
        char  *line   = text + from;
        size_t length = strcspn(line, "\n"); /* stops at a zero byte too */

        from += length + 1;
        while (length > 0 && strchr(" \t\r", line[length - 1])) {
            length--;
        }
        memmove(text + to, line, length);
        text[to + length] = '\0';
        to += length + 1;
        count++;
        if (length > 0) {
            *lines = count;
            kept   = to;
        }
    }
    return kept;
}

sld_status sld_data_names(sld_ctx *ctx, const char *folder, const char *name, size_t n,
                          char **names, uint64_t *names_bytes)
{
    enum { LARGEST = 1 << 20 }; /* bytes: a list of names is far below */
    data_file  file;
    sld_status st    = SLD_OK;
    char      *text  = NULL;
    size_t     lines = 0;

    SLD_TRY(sld_data_file_open(ctx, folder, name, &file));
    if (file.bytes > LARGEST) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %zu lines of text, got %zu bytes", file.path,
                      n, file.bytes);
        goto done;
    }
    text = realloc(*names, *names_bytes + file.bytes + 1);
    if (!text) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory for %zu bytes", file.path, file.bytes);
        goto done;
    }
    *names = text;
    text += *names_bytes;
    st = sld_data_file_read(ctx, &file, text, file.bytes);
    if (st != SLD_OK) {
        goto done;
    }
    text[file.bytes]   = '\0';
    const size_t bytes = pack_lines(text, file.bytes, &lines);
    if (lines != n) {
        st = SLD_FAIL(ctx, SLD_ERR_DATA, "%s: expected %zu lines, one name each, got %zu",
                      file.path, n, lines);
        goto done;
    }
    *names_bytes += bytes;
done:
    sld_data_file_close(&file);
    return st;
}
