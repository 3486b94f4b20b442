/* fixture.c: see fixture.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fixture_begin(void **state)
{
    static fixture f;

    sld_ctx_init(&f.ctx);
    f.ctx.log_level = SLD_LOG_ERROR; /* small test files are worth a warning each */
    snprintf(f.folder, sizeof f.folder, "%s/sld-data-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    *state = &f;
    return sld_comm_create(&f.ctx, &f.comm) == SLD_OK && mkdtemp(f.folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    return remove(path);
}

int fixture_end(void **state)
{
    fixture *f = *state;

    nftw(f->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    sld_comm_destroy(f->comm);
    return 0;
}

const char *fixture_path(const fixture *f, const char *name)
{
    static char     paths[4][512];
    static unsigned next;
    char           *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", f->folder, name);
    return path;
}

void fixture_folder(const fixture *f, const char *name)
{
    assert_int_equal(mkdir(fixture_path(f, name), 0777), 0);
}

void fixture_file(const fixture *f, const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(fixture_path(f, name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

void fixture_text(const fixture *f, const char *name, const char *text)
{
    fixture_file(f, name, text, strlen(text));
}

void fixture_remove(const fixture *f, const char *name)
{
    nftw(fixture_path(f, name), remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

uint8_t fixture_byte(uint64_t salt, uint64_t i)
{
    uint64_t z = salt * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    return (uint8_t)(z >> 56);
}

sld_dataset *fixture_open(fixture *f, const char *format, const char *path)
{
    const sld_data_params params = {.format = format, .path = path, .synth = sld_synth_default()};
    sld_dataset          *set    = NULL;

    if (sld_dataset_open(&f->ctx, f->comm, &params, &set) != SLD_OK) {
        fail_msg("%s: %s", path ? path : format, f->ctx.err.msg);
    }
    return set;
}

void fixture_refused(fixture *f, const char *format, const char *path, ...)
{
    const sld_data_params params = {.format = format, .path = path, .synth = sld_synth_default()};
    sld_dataset          *set    = (sld_dataset *)f; /* must become NULL */
    va_list               texts;

    assert_int_equal(sld_dataset_open(&f->ctx, f->comm, &params, &set), SLD_ERR_DATA);
    assert_null(set);
    va_start(texts, path);
    for (const char *text; (text = va_arg(texts, const char *));) {
        if (!strstr(f->ctx.err.msg, text)) {
            fail_msg("\"%s\" is not in \"%s\"", text, f->ctx.err.msg);
        }
    }
    va_end(texts);
    sld_err_clear(&f->ctx);
}
