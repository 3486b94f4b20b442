/* selftest.h: the parts of sld selftest: checks that start this program as users do, in a temporary
 * folder, and look at what it leaves there. Everything is local. */
#ifndef SLD_CLI_SELFTEST_H
#define SLD_CLI_SELFTEST_H

#include <limits.h>
#include <sys/types.h>

#include "cli.h"

enum { SLD_SAID_BYTES = 1 << 16 };

typedef struct sld_selftest {
    sld_ctx    *ctx;
    const char *program;              /* sld itself */
    const char *dir;                  /* the temporary folder: every command runs there */
    bool        launcher;             /* mpirun works: later checks may use it */
    char        said[SLD_SAID_BYTES]; /* of the last command, both streams */
    char        found[320];           /* of the check, for people */
} sld_selftest;

/* True when all is as it should be; found says what was seen. */
typedef bool (*sld_selftest_check)(sld_selftest *t);

/* selftest_child.c. Sets found and returns ok. */
bool sld_selftest_report(sld_selftest *t, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct sld_selftest_child {
    pid_t  pid;
    double began_s;
} sld_selftest_child;

/* selftest_child.c. Starts sld with these words, ended by NULL, under mpirun where ranks is not 0;
 * pid -1: there is no process. */
sld_selftest_child sld_selftest_start(sld_selftest *t, int ranks, const char *const *words);
/* Its exit code, 128 + n for signal n; -1 when it was ended because it took too long or the user
 * asks for a stop. said: what it said. */
int sld_selftest_wait(sld_selftest *t, const sld_selftest_child *child);
/* Both. False, and told, when the exit code is another than the expected one. */
bool sld_selftest_run(sld_selftest *t, int code, int ranks, const char *const *words);
#define SLD_SELFTEST_RUN(t, code, ranks, ...)                                                      \
    sld_selftest_run(t, code, ranks, (const char *const[]){__VA_ARGS__, NULL})

/* selftest_made.c. Files that no command writes: false, and told, when they cannot be made. path:
 * below the temporary folder. */
bool sld_selftest_write(sld_selftest *t, const char *path, const void *bytes, size_t n);
bool sld_selftest_text(sld_selftest *t, const char *path, const char *text);
void sld_selftest_path(const sld_selftest *t, const char *path, char out[PATH_MAX]);
/* A data set of each kind. */
bool sld_selftest_make_hdf5(sld_selftest *t, const char *path);
bool sld_selftest_make_idx(sld_selftest *t, const char *folder);
bool sld_selftest_make_cifar10(sld_selftest *t, const char *folder);
/* Batches for sld probe. */
bool sld_selftest_make_batches(sld_selftest *t, const char *path);
/* An outside teacher's logits of exported views. */
bool sld_selftest_make_logits(sld_selftest *t, const char *views, const char *path);

/* selftest_runs.c */
bool sld_selftest_launcher(sld_selftest *t);
bool sld_selftest_losses(sld_selftest *t);
bool sld_selftest_bits(sld_selftest *t);
bool sld_selftest_resume(sld_selftest *t);
/* selftest_files.c */
bool sld_selftest_data(sld_selftest *t);
bool sld_selftest_weights(sld_selftest *t);
bool sld_selftest_teacher_logits(sld_selftest *t);
bool sld_selftest_views(sld_selftest *t);
bool sld_selftest_probe(sld_selftest *t);
bool sld_selftest_sweep(sld_selftest *t);

#endif
