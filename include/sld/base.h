/* sld/base.h: status and error record, context, log, phases, arena, random numbers, checksums,
 * text, clock, CPUs, files and locks. Everything here is local: no function talks to another
 * rank. */
#ifndef SLD_BASE_H
#define SLD_BASE_H

#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- status and error record ---- */

/* Ordered by severity: when ranks disagree, sld_agree() keeps the largest. */
// clang-format off
#define SLD_STATUS_LIST(X)                                   \
    X(SLD_OK,         "ok")                                  \
    X(SLD_ERR_ARG,    "argument outside its valid range")    \
    X(SLD_ERR_CONFIG, "configuration rejected")              \
    X(SLD_ERR_DATA,   "input file rejected")                 \
    X(SLD_ERR_KIND,   "begun by another kind of machine")    \
    X(SLD_ERR_FENCED, "superseded by another attempt")       \
    X(SLD_ERR_NOMEM,  "out of memory")                       \
    X(SLD_ERR_IO,     "file or HDF5 operation failed")       \
    X(SLD_ERR_LIB,    "BLAS or oneDNN call failed")          \
    X(SLD_ERR_MPI,    "MPI call failed")
// clang-format on

#define SLD_STATUS_ENUM_(name, text) name,
typedef enum sld_status { SLD_STATUS_LIST(SLD_STATUS_ENUM_) SLD_STATUS_COUNT } sld_status;

/* The first failure. It contains no pointers, so that one rank can broadcast it to the others. */
typedef struct sld_err {
    int  code, rank, line;
    int  agreed; /* set by sld_agree(): all ranks have this record, so MPI can be ended in order */
    char func[48], file[64], msg[512];
} sld_err;

typedef enum sld_log_level {
    SLD_LOG_ERROR,
    SLD_LOG_WARN,
    SLD_LOG_INFO,
    SLD_LOG_DEBUG
} sld_log_level;

// clang-format off
#define SLD_PHASE_LIST(X)                                                              \
    X(SLD_PHASE_PREPARE,               "preparing")                                    \
    X(SLD_PHASE_DATA,                  "reading the data set")                         \
    X(SLD_PHASE_RESUME,                "reading a checkpoint")                         \
    X(SLD_PHASE_BATCH,                 "loading a batch")                              \
    X(SLD_PHASE_TEACHER,               "the teacher's forward")                        \
    X(SLD_PHASE_CONV_FORWARD,          "the student's convolutions, forward")          \
    X(SLD_PHASE_CONV_BACKWARD_DATA,    "the student's convolutions, backward data")    \
    X(SLD_PHASE_CONV_BACKWARD_WEIGHTS, "the student's convolutions, backward weights") \
    X(SLD_PHASE_BATCH_NORM,            "the student's batch norms")                    \
    X(SLD_PHASE_LAYERS,                "the student's other layers")                   \
    X(SLD_PHASE_LOSS,                  "the loss terms")                               \
    X(SLD_PHASE_ADD,                   "sums over shards and ranks")                   \
    X(SLD_PHASE_UPDATE,                "the update of the weights")                    \
    X(SLD_PHASE_EVALUATE,              "an evaluation")                                \
    X(SLD_PHASE_CHECKPOINT,            "writing a checkpoint")                         \
    X(SLD_PHASE_RESULTS,               "writing results")                              \
    X(SLD_PHASE_STORE,                 "the store of teacher logits")                  \
    X(SLD_PHASE_REDUCE,                "waiting for other ranks in a reduction")       \
    X(SLD_PHASE_AGREE,                 "waiting for other ranks to agree")             \
    X(SLD_PHASE_RECEIVE,               "waiting for what another rank has")            \
    X(SLD_PHASE_LEAVE,                 "waiting for other ranks to leave")
// clang-format on

#define SLD_PHASE_ENUM_(name, text) name,
typedef enum sld_phase { SLD_PHASE_LIST(SLD_PHASE_ENUM_) SLD_PHASE_COUNT } sld_phase;

/* How this rank spends its time: each second counts for exactly one phase. */
typedef struct sld_times {
    double spent_s[SLD_PHASE_COUNT]; /* seconds in each phase */
    /* Seconds that this rank waited for others while it was in each phase. */
    double    waited_s[SLD_PHASE_COUNT];
    double    since_s;            /* clock at the last sld_enter() */
    sld_phase phase, interrupted; /* the present phase; the one that it interrupts, else itself */
} sld_times;

/* The context, the first argument of most functions. One per process. */
typedef struct sld_ctx {
    sld_err           err;         /* the first failure; code SLD_OK: none */
    int               rank;        /* set by sld_comm_create(); 0 before */
    sld_log_level     log_level;   /* from SLD_LOG (error, warn, info, debug); info by default */
    bool              log_all;     /* SLD_LOG_RANKS=all: every rank logs, not only rank 0 */
    FILE             *log_file;    /* borrowed: gets a copy of each log line; NULL: none */
    atomic_int        log_fd;      /* of log_file, for sld_log_last(): see log.c */
    atomic_bool       live_line;   /* the terminal shows a progress line without a newline */
    long              fault_calls; /* calls of sld_fault() with the name in SLD_FAIL_AT */
    struct sld_pulse *pulse; /* borrowed: this rank's entry for the watchdog; NULL: no watchdog */
    sld_times         times; /* updated by sld_enter() */
} sld_ctx;

/* Local. Reads SLD_LOG and SLD_LOG_RANKS. */
void sld_ctx_init(sld_ctx *ctx);

const char *sld_status_text(sld_status st); /* Local. A literal. */

/* Local. Records a failure in ctx->err, unless an earlier one is recorded there, and returns code.
 * Prints nothing. Call it by SLD_FAIL(). */
sld_status sld_fail_at(sld_ctx *ctx, sld_status code, const char *file, int line, const char *func,
                       const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Local. Empties the record. A caller that recovers from a failure must call it. */
void sld_err_clear(sld_ctx *ctx);

/* Records a failure with its place in the source, and returns its code. The analyzer reads one file
 * at a time, so that it must see here which code that is. */
#ifdef __clang_analyzer__
#define SLD_FAIL(ctx, code, ...) ((void)(ctx), (void)snprintf(NULL, 0, __VA_ARGS__), (code))
#else
#define SLD_FAIL(ctx, code, ...)                                                                   \
    sld_fail_at((ctx), (code), __FILE__, __LINE__, __func__, __VA_ARGS__)
#endif

/* Returns from the function if the call fails. Use it only while nothing must be released. */
#define SLD_TRY(call)                                                                              \
    do {                                                                                           \
        const sld_status sld_try_st_ = (call);                                                     \
        if (sld_try_st_ != SLD_OK) {                                                               \
            return sld_try_st_;                                                                    \
        }                                                                                          \
    } while (0)

/* Local. Fault injection for tests: with SLD_FAIL_AT=NAME:K@RANK, the K-th call (from 1) with this
 * name on that rank returns true. All other calls return false. */
bool sld_fault(sld_ctx *ctx, const char *name);

/* ---- log: one line per event on stderr, with its time; only rank 0 logs unless log_all ---- */

void sld_log(sld_ctx *ctx, sld_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Local. From now on file gets a copy of each log line. NULL: no file does, and the caller may
 * close the one before. */
void sld_log_to(sld_ctx *ctx, FILE *file);
/* Local. Logs an error from another thread than the main thread, just before that thread ends the
 * process. It takes no lock, because the main thread may hang while it holds one. A main thread
 * that calls sld_log_to() afterwards waits there for the end of the process. */
void sld_log_last(sld_ctx *ctx, const char *message);

/* ---- phase: what this rank does now, for the watchdog (sld/comm.h) and for the account of its
 * time ---- */

/* Written by one rank, read by the other ranks of its machine. */
typedef struct sld_pulse {
    _Alignas(64) atomic_uint_fast64_t beats; /* grows with every sld_enter() */
    atomic_int_fast64_t since;               /* time of the last one, seconds since 1970 */
    atomic_int          phase, pid, rank;
} sld_pulse;

/* Local. Says that this rank begins a phase. Tells the watchdog that it is alive, and counts the
 * time since the last call for the phase before. Returns that phase, so that a caller can resume
 * it. A loop that may take minutes must call this, or sld_beat(), in every turn. */
sld_phase   sld_enter(sld_ctx *ctx, sld_phase phase);
void        sld_beat(sld_ctx *ctx);     /* Local. sld_enter() with the present phase. */
const char *sld_phase_text(int phase);  /* Local. A literal. */
bool        sld_phase_waits(int phase); /* Local. True if the phase is a wait for other ranks. */

void             sld_times_start(sld_ctx *ctx); /* Local. Sets the account to 0. */
const sld_times *sld_times_now(sld_ctx *ctx);   /* Local. The account up to now; borrowed. */
/* Local. Seconds in all phases that are waits. */
double sld_times_waited(const sld_times *times);

/* ---- memory ---- */

/* Local. So many bytes, not set, aligned to 64; from 2 MiB on to 2 MiB, on large pages if the system
 * has them. NULL: out of memory. The caller frees it with free(). */
void *sld_memory_alloc(size_t bytes);

/* ---- arena: memory that is allocated during setup and freed all at once ---- */

typedef struct sld_arena sld_arena;

sld_status sld_arena_create(sld_ctx *ctx, sld_arena **out); /* Local. Owned by the caller. */
void       sld_arena_destroy(sld_arena *arena);             /* Local. Accepts NULL. */

/* Local. *out: (bytes) set to zero, aligned to 64 bytes, valid until the arena is destroyed.
 * SLD_ERR_NOMEM. */
sld_status sld_arena_alloc(sld_ctx *ctx, sld_arena *arena, size_t bytes, void **out);
char      *sld_arena_strdup(sld_arena *arena, const char *text); /* Local. NULL: out of memory. */

/* ---- random numbers without state: Philox4x32-10 (Salmon et al., SC 2011) ---- */

typedef enum sld_purpose {
    SLD_RNG_INIT = 1,   /* initial weights; sample: index of the tensor */
    SLD_RNG_ORDER,      /* sample order of an epoch */
    SLD_RNG_WEAK,       /* weak view */
    SLD_RNG_STRONG,     /* strong view */
    SLD_RNG_SPLIT,      /* validation split and subset */
    SLD_RNG_LABEL,      /* label noise */
    SLD_RNG_CORRECTION, /* random correction */
    SLD_RNG_SYNTH,      /* the synthetic set */
    SLD_RNG_WEAK_BOX,   /* size of the resized crop, weak view */
    SLD_RNG_STRONG_BOX, /* the same, strong view */
} sld_purpose;

/* A position in one stream of random numbers. Streams of other arguments are independent, and equal
 * arguments give equal numbers on every machine. A copy continues on its own. */
typedef struct sld_rng {
    uint32_t key[2], ctr[4], out[4];
    unsigned used; /* numbers of out[] */
} sld_rng;

sld_rng  sld_rng_make(uint64_t seed, sld_purpose purpose, uint32_t epoch, uint64_t sample);
uint32_t sld_rng_u32(sld_rng *rng);
double   sld_rng_f64(sld_rng *rng); /* uniform in [0,1), 53 bits */
uint32_t sld_rng_below(sld_rng *rng,
                       uint32_t bound); /* uniform in [0,bound), unbiased; bound > 0 */
double   sld_rng_normal(sld_rng *rng);  /* standard normal, Box-Muller, no memory between calls */
void     sld_philox4x32(const uint32_t key[2], const uint32_t ctr[4], uint32_t out[4]);

/* ---- checksums ---- */

typedef struct sld_sha256 {
    uint32_t h[8];
    uint64_t n_bytes;
    uint8_t  block[64];
} sld_sha256;

void sld_sha256_init(sld_sha256 *sha);
void sld_sha256_add(sld_sha256 *sha, const void *bytes, size_t n);
void sld_sha256_hex(sld_sha256 *sha, char hex[65]); /* finishes the sum: add nothing after it */

/* ---- text ---- */

/* Local. Index of the candidate nearest to word by edit distance, or -1 when none is near enough to
 * be worth suggesting. */
int sld_text_nearest(const char *word, const char *const *candidates, size_t n);
enum { SLD_CHOICES_BYTES = 200 };
/* Local. The end of an error about an unknown name: "; nearest: A" if one is near, else "; choose
 * from A, B, C", each once, with "..." if they do not all fit. Returns out. */
char *sld_text_choices(const char *word, const char *const *candidates, size_t n,
                       char out[SLD_CHOICES_BYTES]);
/* Local. What a noun bears behind that number: "s", or "" behind one. */
const char *sld_text_plural(long long n);
/* Local. A word as a POSIX shell reads it back: in quotes where it needs them. */
void sld_text_quote(FILE *to, const char *word);
/* Local. A text as YAML reads it back, in double quotes. */
void sld_text_quote_yaml(FILE *to, const char *text);

/* Local. Text from files and names, made fit to be printed: control characters, line breaks, marks
 * that turn the direction of writing, and bytes that are no UTF-8 become \\n, \\x1b, \\u202e ...;
 * the rest stays. out: n bytes; what does not fit is left out. Returns out. */
char *sld_text_printable(const char *text, char *out, size_t n);

/* Local. Bytes of the character at s (1 to 4), its code point in *code; 0 where the n bytes do not
 * begin with UTF-8. */
size_t sld_text_decode(const unsigned char *s, size_t n, uint32_t *code);
bool   sld_text_is_utf8(const char *text); /* Local. */
bool   sld_text_locale_is_utf8(void); /* Local. Whether the environment says that terminals are. */

/* ---- clock ---- */

double sld_clock_s(void);                                /* monotonic, seconds */
void   sld_clock_utc(char text[32]);                     /* 2026-01-31T23:59:59Z */
void   sld_clock_utc_of(int64_t seconds, char text[32]); /* since 1970 */
void   sld_clock_span(double seconds, char text[32]); /* h:mm:ss; not finite or below 0: 0:00:00 */

/* ---- CPUs ---- */

typedef struct sld_cpu { /* lists are sorted by package, then core, then number */
    int number, core, package;
} sld_cpu;

enum { SLD_CPUS_MAX = 1024 };
/* Local. out: (SLD_CPUS_MAX) the CPUs this process may use. Returns how many; 0: unknown. */
size_t sld_cpus_allowed(sld_cpu *out);
/* Local. out: (SLD_CPUS_MAX) one CPU of each core that this process may use, at most as many as its
 * quota. Returns how many, at least 1; where nothing is known *out is not written. */
size_t sld_cpus_cores(int out[SLD_CPUS_MAX]);
/* Local. The CPU time that the cgroups of this process allow it, in CPUs (1.5: one and a half); 0:
 * no limit. */
double sld_cpus_quota(void);
double sld_memory_limit(void); /* Local. Likewise in bytes. */

/* ---- files ---- */

enum { SLD_PATH_WHY_BYTES = 320 };
/* Local. Whether path is one to a shell or a browser alone: it begins with ~ or SCHEME://, or has $NAME in
 * it, and nothing of that name is there. why: what was expected, found, and to do. */
bool sld_path_is_odd(const char *path, char why[SLD_PATH_WHY_BYTES]);
/* Local. SLD_ERR_CONFIG where it is. option: that names it. path NULL: nothing to check. */
sld_status sld_path_check(sld_ctx *ctx, const char *option, const char *path);

/* Local. Makes the folder and its parents. */
sld_status sld_file_mkdirs(sld_ctx *ctx, const char *path);
/* Local. Removes a folder and all in it, as far as that is allowed. Follows no links. */
void sld_file_remove_tree(const char *path);
/* Local. The next entry of an open folder; *entry NULL: there are no more. SLD_ERR_IO if the folder
 * cannot be read on, which readdir() alone does not tell from its end. path: for the message. */
sld_status sld_file_next_entry(sld_ctx *ctx, DIR *dir, const char *path,
                               const struct dirent **entry);

/* Local. Opens a regular file for reading. Refuses a pipe, at which open() alone could wait for
 * ever. *bytes: its size. The caller closes *fd, which is -1 on failure. SLD_ERR_DATA: there is no
 * such file; SLD_ERR_CONFIG: this user may not open it; SLD_ERR_IO: it cannot be opened, perhaps now. */
sld_status sld_file_open(sld_ctx *ctx, const char *path, int *fd, size_t *bytes);

/* Local. Reads a whole file. *bytes: (*n) and a zero after them; the caller frees it with free().
 * Opening fails as above; SLD_ERR_DATA also if the file has more than max_bytes, SLD_ERR_IO if reading
 * fails. */
sld_status sld_file_read(sld_ctx *ctx, const char *path, size_t max_bytes, void **bytes, size_t *n);

/* Local. Makes a new empty file in the folder of path. Its name is random, so two programs never
 * get the same one. temporary: its path. The caller closes *fd and publishes the file or removes
 * it. */
sld_status sld_file_temporary(sld_ctx *ctx, const char *path, char temporary[PATH_MAX], int *fd);

/* Local. Writes a file so that it appears at path complete or not at all: write to a temporary
 * file, fsync, rename, fsync of the folder. Without replace an existing file is an error
 * (SLD_ERR_IO). On failure an existing file is unchanged and no temporary is left. */
sld_status sld_file_publish(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                            bool replace);
enum { SLD_STAMP_BYTES = 80 };
/* Local. stamp: "BYTES SECONDS NANOSECONDS", the file's size and time of last change, by which a
 * change of its content is noticed; "" if there is no file. */
void       sld_file_stamp(const char *path, char stamp[SLD_STAMP_BYTES]);
sld_status sld_file_sync(sld_ctx *ctx, const char *path); /* Local. fsync of a file. */
/* Local. Publishes a file that was written and synced under a temporary name in the same folder. On
 * failure the temporary is left. */
sld_status sld_file_publish_as(sld_ctx *ctx, const char *temporary, const char *path, bool replace);

/* Local. Removes temporary files that killed processes left in a folder. Nobody else may publish
 * files there at the same time. */
sld_status sld_file_clean_up(sld_ctx *ctx, const char *folder);

/* Local. Renames a file unless the new name exists; then *there is set and the file is removed. So
 * the old name is gone on success. The folder is synced. SLD_ERR_IO. */
sld_status sld_file_settle(sld_ctx *ctx, const char *from, const char *to, bool *there);

typedef enum sld_lock {
    SLD_LOCK_TAKEN,
    SLD_LOCK_HELD, /* another process holds it */
    SLD_LOCK_NONE  /* the file system has no locks */
} sld_lock;

/* Local. Opens or makes a regular file to be locked; refuses a symbolic link. The caller closes
 * *fd, which also gives up the lock; -1 on failure. SLD_ERR_IO. */
sld_status sld_file_open_lock(sld_ctx *ctx, const char *path, int *fd);
/* Local. Tries to lock, without waiting: by flock(), else by fcntl(). path: for messages.
 */
sld_status sld_file_lock(sld_ctx *ctx, const char *path, int fd, sld_lock *out);
/* Local. Whether another process holds that lock; false too if the file cannot be opened. Looking
 * keeps nobody from taking it. */
bool sld_file_is_locked(const char *path);

/* ---- output files that the user names, by --out, --logits, --pack ... ---- */

typedef struct sld_output {
    const char        *option; /* for messages: "--out" */
    const char        *path;
    const char *const *inputs; /* (n_inputs) files and folders that are read; NULL, "": skipped */
    size_t             n_inputs;
    bool               force; /* --force: also over files of other programs, never over inputs */
    bool (*is_own)(sld_ctx *ctx, const char *path); /* whether the same verb wrote this file */
    bool (*is_kept)(
        const char *path); /* whether no output may have that name, even by --force; NULL: any */
    bool (*reads)(const char *input,
                  const char *path); /* whether path is read with that input; NULL: never */
} sld_output;

/* Local. Checks that path may be written. SLD_ERR_CONFIG if it is an input, no regular file, a
 * file that is kept, or one that another program wrote. *exists: there is a file; else publish it
 * without replace. */
sld_status sld_output_check(sld_ctx *ctx, const sld_output *out, bool *exists);
/* Local. Checks two outputs of one command that were checked as above: SLD_ERR_CONFIG if both paths
 * lead to one file. */
sld_status sld_output_check_apart(sld_ctx *ctx, const sld_output *a, const sld_output *b);

#endif
