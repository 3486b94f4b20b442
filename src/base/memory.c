/* memory.c: memory for arrays that kernels stream through. With pages of 4 KB each of them costs a
 * walk through tables, twice as long in a virtual machine; many systems give larger ones only where
 * they are asked for. */
#include <stdlib.h>
#include <sys/mman.h>

#include "sld/base.h"

enum { LINE = 64 };

#define LARGE_PAGE ((size_t)2 << 20) /* of x86-64, and of arm64 with pages of 4 KB */

void *sld_memory_alloc(size_t bytes)
{
    const size_t unit = bytes < LARGE_PAGE ? LINE : LARGE_PAGE;
    if (bytes > SIZE_MAX - unit) {
        return NULL;
    }
    const size_t whole = (bytes + unit - 1) / unit * unit;
    void        *p     = aligned_alloc(unit, whole);
#ifdef MADV_HUGEPAGE
    if (p && unit == LARGE_PAGE) {
        (void)madvise(p, whole, MADV_HUGEPAGE); /* a wish: without it all works as before */
    }
#endif
    return p;
}
