/* arena.c: aligned memory, and zeroed memory of it that is freed all at once. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sld/base.h"

_Static_assert(sizeof(void *) == 8, "array sizes in files have 64 bits");

#define ALIGNMENT   64                /* a cache line, and an AVX-512 register */
#define CHUNK_BYTES ((size_t)1 << 16) /* at least, ... */
#define CHUNK_MAX   ((size_t)1 << 24) /* ... and as much as there is already, up to this */

#define LARGE_PAGE ((size_t)2 << 20) /* of x86-64, and of arm64 with pages of 4 KB */

/* A load waits for a store before it whose address agrees in the last 12 bits, as if it were to the same
 * place (Intel's optimisation manual calls it 4 KB aliasing). Arrays of one size would agree so for each
 * index, and kernels go through two or more of them side by side: each begins 17 lines further. */
#define ALIAS ((size_t)4096)
#define STEP  ((size_t)17 * ALIGNMENT)

/* What kernels stream through costs a walk through tables for each page of 4 KB, a longer one in a
 * virtual machine. Many systems give large pages only where they are asked for. */
void *sld_memory_alloc(size_t bytes)
{
    const size_t unit = bytes < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE;
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

typedef struct chunk {
    struct chunk *next;
    size_t        used, size; /* bytes after this header, which takes ALIGNMENT bytes */
} chunk;

struct sld_arena {
    chunk *chunks; /* newest first */
    size_t bytes;
    size_t arrays; /* of ALIAS bytes and more */
};

sld_status sld_arena_create(sld_ctx *ctx, sld_arena **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: an arena");
}

void sld_arena_destroy(sld_arena *arena)
{
    if (!arena) {
        return;
    }
    for (chunk *c = arena->chunks; c;) {
        chunk *next = c->next;
        free(c);
        c = next;
    }
    free(arena);
}

/* Bytes of a chunk's values when so many are asked for. Large chunks can lie on large pages. */
static size_t chunk_bytes(const sld_arena *arena, size_t need)
{
    const size_t grown = arena->bytes < CHUNK_MAX ? arena->bytes : CHUNK_MAX;
    const size_t least = grown > CHUNK_BYTES ? grown : CHUNK_BYTES;
    return need > least ? need : least;
}

/* Bytes to leave free at p, so that the next array begins where it does not alias with the one before. */
static size_t stagger(const sld_arena *arena, const char *p)
{
    return (arena->arrays * STEP - (uintptr_t)p) % ALIAS;
}

static void *take(sld_arena *arena, size_t bytes)
{
    const size_t need = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    const size_t room = need < ALIAS ? need : need + ALIAS;
    chunk       *c    = arena->chunks;

    if (room < bytes) {
        return NULL;
    }
    if (!c || c->size - c->used < room) {
        const size_t size = chunk_bytes(arena, room);
        if (size > SIZE_MAX - ALIGNMENT || !(c = sld_memory_alloc(ALIGNMENT + size))) {
            return NULL;
        }
        c->size       = size;
        c->used       = 0;
        c->next       = arena->chunks;
        arena->chunks = c;
    }
    if (need >= ALIAS) {
        c->used += stagger(arena, (char *)c + ALIGNMENT + c->used);
        arena->arrays++;
    }
    void *p = (char *)c + ALIGNMENT + c->used;
    c->used += need;
    arena->bytes += need;
    return memset(p, 0, need);
}

sld_status sld_arena_alloc(sld_ctx *ctx, sld_arena *arena, size_t bytes, void **out)
{
    *out = take(arena, bytes ? bytes : 1);
    return *out ? SLD_OK
                : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes, beside the %zu in use",
                           bytes, arena->bytes);
}

char *sld_arena_strdup(sld_arena *arena, const char *text)
{
    const size_t n = strlen(text) + 1;
    char        *p = take(arena, n);
    return p ? memcpy(p, text, n) : NULL;
}
