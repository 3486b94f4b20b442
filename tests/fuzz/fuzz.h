/* fuzz.h: what the fuzz targets share. A target is fed bytes that clang's libFuzzer invents from those
 * which reached new code; whatever they are, the reader refuses them or takes them: no crash, no
 * wrong access (address sanitizer), no undefined behaviour, no endless loop, no memory beyond their
 * size. */
#ifndef SLD_TESTS_FUZZ_H
#define SLD_TESTS_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sld/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* This process's folder, made with the first call; run_fuzz.py puts it into memory and removes it. */
static inline const char *fuzz_folder(void)
{
    static char folder[64];

    if (!folder[0]) {
        const char *above = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%.40s/fuzz-XXXXXX", above ? above : "/tmp");
        if (!mkdtemp(folder)) {
            abort();
        }
    }
    return folder;
}

/* Writes a file of these bytes there. path: its name. */
static inline const char *fuzz_file(const char *name, const void *bytes, size_t n, char path[128])
{
    snprintf(path, 128, "%s/%s", fuzz_folder(), name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0) {
        abort();
    }
    return path;
}

/* A context that says nothing. */
static inline sld_ctx fuzz_ctx(void)
{
    sld_ctx ctx;

    sld_ctx_init(&ctx);
    ctx.rank = 1; /* not the one that speaks */
    return ctx;
}

#endif
