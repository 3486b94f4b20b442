/* packing.h: memory for things that live only for a while. */
#ifndef SLD_PACKING_H
#define SLD_PACKING_H

#include <stddef.h>

typedef struct sld_span {
    size_t floats;
    int    from, to; /* lives in [from,to], both included */
    size_t offset;   /* written: floats from the start of the buffer, a multiple of 16 */
} sld_span;

/* Local. Places spans so that those alive together do not overlap, each as low as it can go in the
 * order given. Returns the size of the buffer, in floats. */
size_t sld_pack_spans(sld_span *spans, size_t n);

#endif
