/* foreign_try.c: what the process does that reads a file in the program's place (foreign.c): everything
 * that can be read there, in the way that the program would read it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "foreign.h"

#define READ_MAX      ((size_t)1 << 28) /* bytes of a data set; of a larger one its first row */
#define MEMORY_BASE   ((rlim_t)1 << 30) /* bytes, beside what the file's size explains */
#define MEMORY_FACTOR 8
#define TIME_BASE_S   2                  /* a file without much in it takes milliseconds */
#define BYTES_A_S     ((rlim_t)20 << 20) /* what the slowest machine reads, unpacks, converts */

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

/* Gives back what HDF5 has allocated for texts of variable length. memory: as they were read. */
static void reclaim(hid_t id, bool is_attr, hid_t type, hid_t memory, void *values)
{
    if (H5Tis_variable_str(type) <= 0) return;
    const hid_t all = is_attr ? H5Aget_space(id) : H5Dget_space(id);

    if (all >= 0) {
        (void)H5Dvlen_reclaim(type, memory == H5S_ALL ? all : memory, H5P_DEFAULT, values);
        H5Sclose(all);
    }
}

/* Reads n values of file type `type` into memory as the program would: texts as they are, numbers
 * converted. False: out of memory. */
static bool read_values(hid_t id, bool is_attr, hid_t type, hid_t memory, hid_t space, size_t n)
{
    const bool   number = is_number(type);
    const hid_t  as     = number ? H5T_NATIVE_DOUBLE : type;
    const size_t size   = H5Tget_size(type) > sizeof(double) ? H5Tget_size(type) : sizeof(double);
    const bool   texts  = H5Tget_class(type) == H5T_STRING;
    void        *values = n < READ_MAX / size ? calloc(n + 1, size) : NULL;
    bool         good   = true;

    if (!number && !texts) { /* the program refuses these unread */
        free(values);
        return true;
    }
    if (!values) return n >= READ_MAX / size;
    const herr_t got =
        is_attr ? H5Aread(id, as, values) : H5Dread(id, as, memory, space, H5P_DEFAULT, values);
    if (got < 0) {
        good = !ran_out();
    } else if (texts) {
        reclaim(id, is_attr, type, memory, values);
    }
    free(values);
    return good;
}

/* 1: out of memory, which ends the walk. A negative value would look like HDF5's own failure. */
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
    return good ? 0 : 1;
}

/* Only the first row of a data set that is too large. */
static bool try_rows(hid_t dataset, hid_t type, hid_t space, size_t n)
{
    hsize_t      first[H5S_MAX_RANK] = {0}, count[H5S_MAX_RANK];
    const int    n_dims              = H5Sget_simple_extent_dims(space, count, NULL);
    const size_t size = H5Tget_size(type) > sizeof(double) ? H5Tget_size(type) : sizeof(double);

    if (n < READ_MAX / size) return read_values(dataset, false, type, H5S_ALL, H5S_ALL, n);
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

/* Of a walk that ended so. Where HDF5 cannot go on, what comes behind was not tried, and the program,
 * which asks for it by name, would be the first to read it. */
static verdict verdict_of(herr_t walk)
{
    if (walk < 0) return ran_out() ? TOO_LARGE : UNREADABLE;
    return walk == 0 ? SURVIVED : (verdict)walk;
}

static verdict try_attributes(hid_t object)
{
    const herr_t walk =
        H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, try_attribute, NULL);
    return walk > 0 ? TOO_LARGE : verdict_of(walk);
}

/* 0, or the verdict that ends the walk. */
static herr_t try_object(hid_t root, const char *name, const H5L_info_t *info, void *doc)
{
    if (info->type != H5L_TYPE_HARD) return 0; /* soft ones lead to what is met anyway */
    const hid_t id    = H5Oopen(root, name, H5P_DEFAULT);
    verdict     found = SURVIVED;

    if (id < 0) return ran_out() ? TOO_LARGE : 0; /* the program cannot open it either */
    if (H5Iget_type(id) == H5I_DATASET && !try_dataset(doc, id)) found = TOO_LARGE;
    if (found == SURVIVED) found = try_attributes(id);
    H5Oclose(id);
    return found == SURVIVED ? 0 : (herr_t)found;
}

static void read_all(sld_doc *doc, bool (*open)(sld_doc *doc), answer *out)
{
    out->verdict = SURVIVED;
    if (!open(doc)) {
        out->verdict = ran_out() ? TOO_LARGE : UNREADABLE;
        snprintf(out->reason, sizeof out->reason, "%.199s", doc->reason);
        return;
    }
    out->verdict = try_attributes(doc->file);
    if (out->verdict == SURVIVED) {
        out->verdict =
            verdict_of(H5Lvisit(doc->file, H5_INDEX_NAME, H5_ITER_NATIVE, try_object, doc));
    }
    if (out->verdict == UNREADABLE) {
        snprintf(out->reason, sizeof out->reason,
                 "its objects or their attributes cannot be listed, it is damaged; make it anew");
    }
    (void)sld_doc_member(doc, "/", 0);
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

void try_prepare(try_bounds *bounds)
{
    static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL, SIGABRT, SIGTRAP,
                                  SIGXCPU, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM};
    struct rlimit    core;

    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        signal(crashes[i], SIG_DFL);
    }
    if (getrlimit(RLIMIT_CORE, &core) == 0) {
        core.rlim_cur = 0;
        (void)setrlimit(RLIMIT_CORE, &core);
    }
    bounds->has_cpu    = getrlimit(RLIMIT_CPU, &bounds->cpu) == 0;
    bounds->has_memory = getrlimit(RLIMIT_AS, &bounds->memory) == 0;
}

/* Not above what whoever set it first allows. */
static void limit(int what, struct rlimit set, rlim_t max)
{
    if (set.rlim_cur == RLIM_INFINITY || set.rlim_cur > max) set.rlim_cur = max;
    (void)setrlimit(what, &set);
}

static void set_limits(const try_bounds *bounds, size_t file_bytes)
{
    const rlim_t  used = address_space();
    struct rusage spent;

    if (bounds->has_cpu && getrusage(RUSAGE_SELF, &spent) == 0) {
        limit(RLIMIT_CPU, bounds->cpu,
              (rlim_t)spent.ru_utime.tv_sec + (rlim_t)spent.ru_stime.tv_sec + TIME_BASE_S +
                  (rlim_t)file_bytes / BYTES_A_S);
    }
    if (bounds->has_memory && used > 0) {
        limit(RLIMIT_AS, bounds->memory, used + MEMORY_BASE + MEMORY_FACTOR * (rlim_t)file_bytes);
    }
}

void try_file(const try_bounds *bounds, sld_doc *doc, bool (*open)(sld_doc *doc), answer *out)
{
    memset(out, 0, sizeof *out);
    set_limits(bounds, doc->file_bytes);
    read_all(doc, open, out);
    sld_doc_close(doc);
}
