/* packing.c: first fit by address. */
#include "packing.h"

#define ALIGN_FLOATS 16 /* a cache line */

static size_t rounded(size_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static int overlap(const sld_span *a, const sld_span *b)
{
    return a->from <= b->to && b->from <= a->to && a->offset < b->offset + rounded(b->floats) &&
           b->offset < a->offset + rounded(a->floats);
}

size_t sld_pack_spans(sld_span *spans, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        sld_span *s = &spans[i];
        s->offset   = 0;
        for (size_t j = 0; j < i; j++) {
            if (overlap(s, &spans[j])) {
                s->offset = spans[j].offset + rounded(spans[j].floats);
                j         = (size_t)-1; /* it has moved: compare it with all of them again */
            }
        }
        const size_t end = s->offset + rounded(s->floats);
        total            = end > total ? end : total;
    }
    return total;
}
