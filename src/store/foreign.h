/* store/foreign.h: what foreign.c and the process that it starts, foreign_try.c, say to each other. */
#ifndef SLD_STORE_FOREIGN_H
#define SLD_STORE_FOREIGN_H

#include <sys/resource.h>

#include "internal.h"

typedef enum verdict { SURVIVED = 1, UNREADABLE, TOO_LARGE } verdict;

typedef struct answer {
    int  verdict; /* 0: none came, it crashed */
    char reason[200];
} answer;

/* The limits of the process when it began. */
typedef struct try_bounds {
    bool          has_cpu, has_memory;
    struct rlimit cpu, memory;
} try_bounds;

/* Local. In the new process: a crash ends it at once, without the handlers of MPI, which may wait for
 * ever, and without a core file. */
void try_prepare(try_bounds *bounds);

/* Local. Reads all of doc, within the time and memory that its size explains, and closes it. */
void try_file(const try_bounds *bounds, sld_doc *doc, bool (*open)(sld_doc *doc), answer *out);

/* seen.c. Local. Files that were read well. Begins as {0}; a file that finds no memory is not in it. */
typedef struct seen_file seen_file;
typedef struct seen_set {
    seen_file *files;
    size_t     n, room;
} seen_set;

bool seen_has(const seen_set *set, const char *path); /* Unchanged since it was added? */
void seen_add(seen_set *set, const char *path);
void seen_forget(seen_set *set); /* All of them. */

#endif
