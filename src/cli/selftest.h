/* selftest.h: what the files of sld selftest share. Its checks start this program as users do, in a
 * temporary folder, and look at the files that it writes. Everything is local. */
#ifndef SLD_CLI_SELFTEST_H
#define SLD_CLI_SELFTEST_H

#include <limits.h>
#include <sys/types.h>

#include "cli.h"

enum { SLD_SAID_BYTES = 1 << 16 };

typedef struct sld_selftest {
    sld_ctx    *ctx;
    const char *program;              /* sld itself */
    const char *dir;                  /* the temporary folder, in which every command runs */
    bool        launcher;             /* mpirun works, so later checks can use it */
    char        said[SLD_SAID_BYTES]; /* stdout and stderr of the last command */
    char        found[320];           /* result of the check, for people */
} sld_selftest;

/* Returns true if the check passed; found says what was seen. */
typedef bool (*sld_selftest_check)(sld_selftest *t);

/* selftest_child.c. Sets found and returns ok. */
bool sld_selftest_report(sld_selftest *t, bool ok, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct sld_selftest_child {
    pid_t  pid;
    double began_s;
} sld_selftest_child;

/* selftest_child.c. Starts sld with these arguments (ended by NULL), under mpirun unless ranks is
 * 0. pid -1: the process could not be made. */
sld_selftest_child sld_selftest_start(sld_selftest *t, int ranks, const char *const *words);
/* Waits for the end and reads t->said. Returns the exit code, 128 + n after signal n, or -1 if the
 * command was killed because it took too long or the user asked for a stop. */
int sld_selftest_wait(sld_selftest *t, const sld_selftest_child *child);
/* Starts a command and waits for it. False, with the reason in found: another exit code than
 * `code`. */
bool sld_selftest_run(sld_selftest *t, int code, int ranks, const char *const *words);
#define SLD_SELFTEST_RUN(t, code, ranks, ...)                                                      \
    sld_selftest_run(t, code, ranks, (const char *const[]){__VA_ARGS__, NULL})

/* selftest_made.c. Makes input files that no command of sld writes. path: relative to the temporary
 * folder. False, with the reason in found: the file cannot be made. */
bool sld_selftest_write(sld_selftest *t, const char *path, const void *bytes, size_t n);
bool sld_selftest_text(sld_selftest *t, const char *path, const char *text);
/* out: the whole path. */
void sld_selftest_path(const sld_selftest *t, const char *path, char out[PATH_MAX]);
/* A data set in each format. */
bool sld_selftest_make_hdf5(sld_selftest *t, const char *path);
bool sld_selftest_make_idx(sld_selftest *t, const char *folder);
bool sld_selftest_make_cifar10(sld_selftest *t, const char *folder);
/* Batches for sld probe. */
bool sld_selftest_make_batches(sld_selftest *t, const char *path);
/* Logits of an outside teacher for views that `sld data views` wrote. */
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
