/* ranks.h: several ranks as threads of one process, in place of MPI. ThreadSanitizer sees the
 * threads of one process only; so it sees who reads a shared page while another rank writes it. */
#ifndef TESTS_TSAN_RANKS_H
#define TESTS_TSAN_RANKS_H

#include <stdio.h>
#include <stdlib.h>

#include "internal.h" /* src/comm: struct sld_comm */

enum { RANKS = 3 };

/* Ends the program unless what holds. cmocka's own asserts jump to the main thread's stack. */
#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #what);                    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Runs body once on each of RANKS threads, with a context and a world of its own, and waits for the
 * end of all. Every MPI call and every shared page of src/comm then meets in this process. */
void ranks_run(void (*body)(sld_ctx *ctx, sld_comm *comm));

#endif
