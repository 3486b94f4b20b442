/* foreign.c: a file without sld's checksum is first read by a process of its own, which may crash,
 * run in circles or ask for too much memory in the program's place: HDF5 does all three on malformed
 * files. It reads everything in the way that the program would. Reading is the same every time, so
 * what it survives the program survives. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define READ_MOST     ((size_t)1 << 28) /* bytes of a data set; of a larger one its first row */
#define MEMORY_BASE   ((rlim_t)1 << 30) /* bytes, beside what the file's size explains */
#define MEMORY_FACTOR 8
#define TIME_BASE_S   5
#define BYTES_A_S     ((rlim_t)20 << 20) /* what the slowest machine reads, unpacks, converts */

typedef enum verdict { SURVIVED = 1, UNREADABLE, TOO_LARGE } verdict;

typedef struct answer {
    int  verdict;
    char reason[200];
} answer;

/* ---- in the other process ---- */

/* Does HDF5's error stack say that memory ran out? */
static herr_t is_memory(unsigned n, const H5E_error2_t *entry, void *found)
{
    *(bool *)found |= entry->min_num == H5E_NOSPACE || entry->min_num == H5E_CANTALLOC;
    return 0;
}

static bool ran_out(void)
{
    bool found = false;
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, is_memory, &found);
    return found;
}

/* Reads n values of file type `type` into memory as the program would: texts as they are, numbers
 * converted. False: out of memory. */
static bool read_values(hid_t id, bool is_attr, hid_t type, hid_t memory, hid_t space, size_t n)
{
    const bool   number = is_number(type);
    const hid_t  as     = number ? H5T_NATIVE_DOUBLE : type;
    const size_t size   = H5Tget_size(type) > sizeof(double) ? H5Tget_size(type) : sizeof(double);
    const bool   texts  = H5Tget_class(type) == H5T_STRING;
    void        *values = n < READ_MOST / size ? calloc(n + 1, size) : NULL;
    bool         good   = true;

    if (!number && !texts) { /* the program refuses these unread */
        free(values);
        return true;
    }
    if (!values) return n >= READ_MOST / size;
    const herr_t got =
        is_attr ? H5Aread(id, as, values) : H5Dread(id, as, memory, space, H5P_DEFAULT, values);
    if (got < 0) good = !ran_out();
    free(values); /* texts of variable length stay until the process ends */
    return good;
}

static herr_t try_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    const hid_t attr  = H5Aopen(object, name, H5P_DEFAULT);
    const hid_t type  = attr < 0 ? H5I_INVALID_HID : H5Aget_type(attr);
    const hid_t space = type < 0 ? H5I_INVALID_HID : H5Aget_space(attr);
    bool        good  = true;

    if (space < 0) {
        good = !ran_out();
    } else {
        const hssize_t n = H5Sget_simple_extent_npoints(space);
        good             = n < 0 || read_values(attr, true, type, H5S_ALL, H5S_ALL, (size_t)n);
    }
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (attr >= 0) H5Aclose(attr);
    return good ? 0 : -1;
}

/* Only the first row of a data set that is too large. */
static bool try_rows(hid_t dataset, hid_t type, hid_t space, size_t n)
{
    hsize_t      first[H5S_MAX_RANK] = {0}, count[H5S_MAX_RANK];
    const int    n_dims              = H5Sget_simple_extent_dims(space, count, NULL);
    const size_t size = H5Tget_size(type) > sizeof(double) ? H5Tget_size(type) : sizeof(double);

    if (n < READ_MOST / size) return read_values(dataset, false, type, H5S_ALL, H5S_ALL, n);
    if (n_dims < 1 || count[0] == 0) return true;
    n /= count[0];
    count[0]           = 1;
    const hid_t memory = H5Screate_simple(n_dims, count, NULL);
    const bool  chosen =
        memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, count, NULL) >= 0;
    const bool good = !chosen || read_values(dataset, false, type, memory, space, n);
    if (memory >= 0) H5Sclose(memory);
    return good;
}

static bool try_dataset(sld_doc *doc, hid_t dataset)
{
    sld_ctx     quiet;
    const hid_t type  = H5Dget_type(dataset);
    const hid_t space = H5Dget_space(dataset);
    bool        good  = true;

    sld_ctx_init(&quiet);
    if (type < 0 || space < 0) {
        good = !ran_out();
    } else if (storage_is_virtual(dataset) || storage_check(&quiet, doc, "", dataset) != SLD_OK) {
        good = !ran_out(); /* the program refuses it, or reads it from other files */
    } else {
        const hssize_t n = H5Sget_simple_extent_npoints(space);
        good             = n <= 0 || try_rows(dataset, type, space, (size_t)n);
    }
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return good;
}

static herr_t try_object(hid_t root, const char *name, const H5L_info_t *info, void *doc)
{
    if (info->type != H5L_TYPE_HARD) return 0; /* soft ones lead to what is met anyway */
    const hid_t id   = H5Oopen(root, name, H5P_DEFAULT);
    bool        good = id >= 0 || !ran_out();

    if (id >= 0) {
        if (H5Iget_type(id) == H5I_DATASET) good = try_dataset(doc, id);
        good =
            good && H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, try_attribute, NULL) != -1;
        H5Oclose(id);
    }
    return good ? 0 : 1;
}

static void try_all(sld_doc *doc, bool (*open)(sld_doc *doc), answer *out)
{
    out->verdict = SURVIVED;
    if (!open(doc)) {
        out->verdict = ran_out() ? TOO_LARGE : UNREADABLE;
        snprintf(out->reason, sizeof out->reason, "%.199s", doc->reason);
        return;
    }
    (void)H5Aiterate2(doc->file, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, try_attribute, NULL);
    if (H5Lvisit(doc->file, H5_INDEX_NAME, H5_ITER_NATIVE, try_object, doc) > 0) {
        out->verdict = TOO_LARGE;
    }
    (void)sld_doc_member(doc, "/", 0);
}

/* Lower than it is now, by whoever set it. */
static void limit(int what, rlim_t most)
{
    struct rlimit old;

    if (getrlimit(what, &old) == 0 && (old.rlim_cur == RLIM_INFINITY || old.rlim_cur > most)) {
        old.rlim_cur = most;
        (void)setrlimit(what, &old);
    }
}

/* Bytes of address space in use. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE         *file  = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A crash ends it at once, without the handlers of MPI, which may wait for ever, and without a core
 * file. */
static void prepare_to_crash(size_t file_bytes)
{
    static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL, SIGABRT, SIGTRAP,
                                  SIGXCPU, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM};
    const rlim_t     used      = address_space();

    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        signal(crashes[i], SIG_DFL);
    }
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, TIME_BASE_S + (rlim_t)file_bytes / BYTES_A_S);
    if (used > 0) limit(RLIMIT_AS, used + MEMORY_BASE + MEMORY_FACTOR * (rlim_t)file_bytes);
}

/* ---- in the program ---- */

static bool read_answer(int fd, answer *out)
{
    ssize_t n;

    memset(out, 0, sizeof *out);
    do {
        n = read(fd, out, sizeof *out);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *out;
}

static sld_status judge(sld_ctx *ctx, const sld_doc *doc, const answer *a, int status)
{
    switch (a->verdict) {
    case SURVIVED:
        return SLD_OK;
    case UNREADABLE:
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", doc_name(doc), a->reason);
    case TOO_LARGE:
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: damaged: HDF5 asks for more memory than a file of %zu bytes explains",
                        doc_name(doc), doc->file_bytes);
    default:
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: damaged: HDF5 %s on reading it (tried in a process of its own, signal %d); make "
            "the file anew",
            doc_name(doc),
            WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU ? "does not end" : "crashes",
            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
}

sld_status foreign_check(sld_ctx *ctx, sld_doc *doc, bool (*open)(sld_doc *doc))
{
    answer a;
    int    ends[2], status = 0;

    if (pipe(ends) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: no pipe: %s", doc_name(doc), strerror(errno));
    }
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        prepare_to_crash(doc->file_bytes);
        memset(&a, 0, sizeof a);
        try_all(doc, open, &a);
        _exit(write(ends[1], &a, sizeof a) == (ssize_t)sizeof a ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: no process to try it in: %s", doc_name(doc),
                        strerror(errno));
    }
    if (!read_answer(ends[0], &a)) a.verdict = 0;
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return judge(ctx, doc, &a, status);
}
