/* packing.h: one buffer for values that live only for a time. */
#ifndef SLD_PACKING_H
#define SLD_PACKING_H

#include <stddef.h>

typedef struct sld_span {
    size_t floats;
    int    from, to; /* it lives in [from,to], both included */
    size_t offset;   /* written: floats from the start of the buffer, a multiple of 16 */
} sld_span;

/* Local. Places spans in the order given, each at the lowest offset at which it overlaps no span
 * that lives at the same time. Returns the size of the buffer, in floats. */
size_t sld_pack_spans(sld_span *spans, size_t n);

#endif
