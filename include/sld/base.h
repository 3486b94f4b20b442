/* sld/base.h: status and error record, context, arena, log, counter-based random numbers, text,
 * clock, published files, checksums. Everything here is local: it talks to no other rank. */
#ifndef SLD_BASE_H
#define SLD_BASE_H

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

/* The root cause. Plain bytes and no pointers, so one rank can broadcast it to the others. */
typedef struct sld_err {
    int  code, rank, line;
    int  agreed; /* set by sld_agree(): every rank holds this record, so all can leave in order */
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

/* Where the time of this rank goes: every second is in one phase. */
typedef struct sld_times {
    double spent_s[SLD_PHASE_COUNT]; /* seconds in each phase */
    double
        waited_s[SLD_PHASE_COUNT]; /* of the phases that wait, by the phase that they interrupt */
    double    since_s;             /* clock at the last sld_enter() */
    sld_phase phase, interrupted;  /* the present one; what it interrupts, else itself */
} sld_times;

/* The context: passed first everywhere. One per process. */
typedef struct sld_ctx {
    sld_err       err;       /* first failure, empty when code == SLD_OK */
    int           rank;      /* set by sld_comm_create(); 0 before */
    sld_log_level log_level; /* from SLD_LOG (error, warn, info, debug); info by default */
    bool          log_all;   /* SLD_LOG_RANKS=all: every rank speaks, not rank 0 alone */
    void         *log_file;  /* FILE *, borrowed: a second copy of each line goes there; or NULL */
    bool          live_line; /* a progress line without newline stands on the terminal */
    long          fault_calls; /* of sld_fault() with the name that SLD_FAIL_AT gives */
    struct sld_pulse *pulse;   /* borrowed: this rank's sign of life; NULL: nobody watches */
    sld_times         times;   /* kept by sld_enter() */
} sld_ctx;

/* Local. Reads SLD_LOG and SLD_LOG_RANKS. */
void sld_ctx_init(sld_ctx *ctx);

const char *sld_status_text(sld_status st); /* Local. A literal. */

/* Local. Records the root cause in ctx->err unless one is there already, and yields code. Neither
 * jumps nor prints. */
sld_status sld_fail_at(sld_ctx *ctx, sld_status code, const char *file, int line, const char *func,
                       const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Local. Empties the record, where a caller recovers. */
void sld_err_clear(sld_ctx *ctx);

/* Records the root cause in ctx->err and yields its code. Does not jump and does not print. */
#define SLD_FAIL(ctx, code, ...)                                                                   \
    sld_fail_at((ctx), (code), __FILE__, __LINE__, __func__, __VA_ARGS__)

/* Hands a failure to the caller. Use where nothing but arena memory is held; else goto done. */
#define SLD_TRY(call)                                                                              \
    do {                                                                                           \
        const sld_status sld_try_st_ = (call);                                                     \
        if (sld_try_st_ != SLD_OK) {                                                               \
            return sld_try_st_;                                                                    \
        }                                                                                          \
    } while (0)

/* Local. Fault injection for tests: SLD_FAIL_AT=NAME:K@RANK makes the K-th call (from 1) with this
 * name on that rank return true. False for ever when the variable is unset. */
bool sld_fault(sld_ctx *ctx, const char *name);

/* ---- log: one timestamped line per event on stderr; rank 0 alone unless log_all ---- */

void sld_log(sld_ctx *ctx, sld_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- phase: what a rank is doing, told to whoever watches for stalls (sld/comm.h), and the account
 * of its time ---- */

/* Written by its rank alone, read by the others of the machine. */
typedef struct sld_pulse {
    _Alignas(64) atomic_uint_fast64_t beats; /* grows with every sld_enter() */
    atomic_int_fast64_t since;               /* date of the last one, seconds */
    atomic_int          phase, pid, rank;
} sld_pulse;

/* Local. This rank now does that: a sign of life, and the time since the last call goes to the phase
 * before. Yields that phase, to be entered again behind one that interrupts it. A loop that may take
 * minutes enters its phase on every turn. */
sld_phase   sld_enter(sld_ctx *ctx, sld_phase phase);
void        sld_beat(sld_ctx *ctx);     /* Local. The same phase, one turn on. */
const char *sld_phase_text(int phase);  /* Local. A literal. */
bool        sld_phase_waits(int phase); /* Local. True where only other ranks can end it. */

void             sld_times_start(sld_ctx *ctx); /* Local. The account begins again, at 0. */
const sld_times *sld_times_now(sld_ctx *ctx);   /* Local. The account up to now; borrowed. */
/* Local. Seconds in all phases that wait. */
double sld_times_waited(const sld_times *times);

/* ---- arena: setup-time memory, 64-byte aligned, zeroed, freed all at once ---- */

typedef struct sld_arena sld_arena;

sld_status sld_arena_create(sld_ctx *ctx, sld_arena **out); /* Local. Owned by the caller. */
void       sld_arena_destroy(sld_arena *arena);             /* Local. Accepts NULL. */

/* Local. *out: bytes zeroed bytes at a 64-byte boundary, valid until the arena is destroyed.
 * SLD_ERR_NOMEM names the size. */
sld_status sld_arena_alloc(sld_ctx *ctx, sld_arena *arena, size_t bytes, void **out);
size_t     sld_arena_bytes(const sld_arena *arena);         /* Local. Sum of what was handed out. */
char *sld_arena_strdup(sld_arena *arena, const char *text); /* Local. NULL when out of memory. */

/* ---- random numbers without state: Philox4x32-10 (Salmon et al., SC 2011) ---- */

typedef enum sld_purpose {
    SLD_RNG_INIT = 1,   /* weights: sample = index of the tensor */
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

/* A walk through one stream; copies are independent. Key (seed, purpose), counter (epoch, sample,
 * block): the same arguments give the same numbers on every machine. */
typedef struct sld_rng {
    uint32_t key[2], ctr[4], out[4];
    unsigned used; /* of out[] */
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
void sld_sha256_hex(sld_sha256 *sha, char hex[65]); /* ends the sum */

/* ---- text ---- */

/* Local. Index of the candidate nearest to word by edit distance, or -1 when none is near enough to
 * be worth suggesting. */
int sld_text_nearest(const char *word, const char *const *candidates, size_t n);
enum { SLD_CHOICES_BYTES = 200 };
/* Local. What an error says behind an unknown name: "; nearest: A" where one is near, else
 * "; choose from A, B, C" of those that fit, each once, with "..." where some do not. Returns out. */
char *sld_text_choices(const char *word, const char *const *candidates, size_t n,
                       char out[SLD_CHOICES_BYTES]);
/* Local. What a noun bears behind that number: "s", or "" behind one. */
const char *sld_text_plural(long long n);
/* Local. A word as a POSIX shell reads it back: in quotes where it needs them. */
void sld_text_quote(FILE *to, const char *word);

/* Local. Text from files and names, made fit to be printed: control characters, line breaks, marks
 * that turn the direction of writing, and bytes that are no UTF-8 become \\n, \\x1b, \\u202e ...; the
 * rest stays. out: n bytes; what does not fit is left out. Returns out. */
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

/* ---- CPUs ---- */

typedef struct sld_cpu { /* those of one core, and the cores of one package, stand side by side */
    int number, core, package;
} sld_cpu;

enum { SLD_CPUS_MAX = 1024 };
/* Local. The CPUs this process may use; out: (SLD_CPUS_MAX). Returns how many, 0 when unknown. */
size_t sld_cpus_allowed(sld_cpu *out);
/* Local. How many CPUs' worth of time the cgroups above this process allow, rounded up; 0: no
 * limit.
 */
size_t sld_cpus_quota(void);

/* ---- files ---- */

/* Local. Makes the folder and its parents. */
sld_status sld_file_mkdirs(sld_ctx *ctx, const char *path);

/* Local. Opens a regular file for reading. It never waits, as open() alone does at a pipe. *bytes:
 * its size; the caller closes *fd, which is -1 on failure. SLD_ERR_DATA. */
sld_status sld_file_open(sld_ctx *ctx, const char *path, int *fd, size_t *bytes);

/* Local. Reads a whole file; the caller frees *bytes with free(). max_bytes guards against a wrong
 * file. SLD_ERR_DATA when it cannot be opened, is no file or too large, SLD_ERR_IO when reading
 * fails. */
sld_status sld_file_read(sld_ctx *ctx, const char *path, size_t max_bytes, void **bytes, size_t *n);

/* Local. Makes a new empty file beside path, under a random name: two programs never share one, and
 * a symbolic link is never followed. temporary: its name; the caller closes *fd and publishes the
 * file or removes it. */
sld_status sld_file_temporary(sld_ctx *ctx, const char *path, char temporary[PATH_MAX], int *fd);

/* Local. Publishes bytes under path: temporary name, write, fsync, rename (replace) or link (fails
 * with SLD_ERR_IO when the name exists and replace is false), fsync of the folder. On failure the
 * temporary is gone and what stood at path before is untouched. */
sld_status sld_file_publish(sld_ctx *ctx, const char *path, const void *bytes, size_t n,
                            bool replace);
enum { SLD_STAMP_BYTES = 80 };
/* Local. "BYTES SECONDS NANOSECONDS", its length and the time of its last change: another stamp,
 * another content. Empty where there is no file. */
void       sld_file_stamp(const char *path, char stamp[SLD_STAMP_BYTES]);
sld_status sld_file_sync(sld_ctx *ctx, const char *path); /* Local. Its bytes reach the disk. */
/* Local. The rest of it, for a file that was written under a temporary name in the same folder and
 * synced. On failure the temporary still stands. */
sld_status sld_file_publish_as(sld_ctx *ctx, const char *temporary, const char *path, bool replace);

/* Local. Removes the temporaries that killed processes left in a folder in which nobody else
 * publishes at the time. */
sld_status sld_file_clean_up(sld_ctx *ctx, const char *folder);

/* Local. Gives a file its final name, never over an existing one: then *there is set. Either way
 * the old name is gone on success. The folder is synced. SLD_ERR_IO. */
sld_status sld_file_settle(sld_ctx *ctx, const char *from, const char *to, bool *there);

typedef enum sld_lock {
    SLD_LOCK_TAKEN,
    SLD_LOCK_HELD, /* by another process */
    SLD_LOCK_NONE  /* the file system has no locks */
} sld_lock;

/* Local. Opens, or makes, a regular file to be locked; a symbolic link is refused. The caller closes
 * *fd, -1 on failure; a lock ends with it. SLD_ERR_IO. */
sld_status sld_file_open_lock(sld_ctx *ctx, const char *path, int *fd);
/* Local. Tries for the lock: flock(), or where there is none, a lock of fcntl(). path: for messages.
 */
sld_status sld_file_lock(sld_ctx *ctx, const char *path, int fd, sld_lock *out);

/* ---- outputs that the user names: every --out, --logits, --pack goes through here ---- */

typedef struct sld_output {
    const char        *option; /* for messages: "--out" */
    const char        *path;
    const char *const *inputs; /* (n_inputs) files and folders that are read; NULL and "": none */
    size_t             n_inputs;
    bool               force; /* write over files of others too; never over what is read */
    bool (*is_own)(sld_ctx *ctx, const char *path); /* did the same verb write this file? */
} sld_output;

/* Local. May path be written? SLD_ERR_CONFIG where it is an input, no regular file, or a file that
 * this verb did not write. *exists: a file stands there; where none does, publish without replace. */
sld_status sld_output_check(sld_ctx *ctx, const sld_output *out, bool *exists);
/* Local. Two outputs of one command, checked as above: SLD_ERR_CONFIG where they are one file,
 * however their paths are written. */
sld_status sld_output_check_apart(sld_ctx *ctx, const sld_output *a, const sld_output *b);

#endif
