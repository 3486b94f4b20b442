/* conv/stride_classes.h: which pixels of y a pixel of x meets in a convolution, as its data gradient
 * needs them. The pixels x = a * stride + c of one class c, along an axis, meet the same taps: in tap
 * k pixel a + (c + pad - k) / stride of y, where that divides. */
#ifndef SLD_STRIDE_CLASSES_H
#define SLD_STRIDE_CLASSES_H

#include "conv/conv.h"

/* Local. Pixels of y along an axis of x. */
static inline int sld_conv_out_of(const sld_conv_params *p, int size)
{
    return sld_conv_out_size(size, p->kernel, p->stride, p->pad);
}

/* Local. Whether tap k meets pixels of class c, and how many pixels of y behind the class's own. */
static inline bool sld_class_meets(const sld_conv_params *p, int c, int k, int *behind)
{
    const int distance = c + p->pad - k;
    *behind            = distance / p->stride;
    return distance % p->stride == 0;
}

/* Local. Pixels of class c along an axis of x. */
static inline int sld_class_size(const sld_conv_params *p, int size, int c)
{
    return c < size ? (size - c + p->stride - 1) / p->stride : 0;
}

/* Local. The border that y needs along an axis: before it, and its size with both. */
static inline void sld_class_border(const sld_conv_params *p, int size, size_t *before,
                                    size_t *whole)
{
    const int pixels = sld_conv_out_of(p, size);
    int       first = 0, last = pixels - 1, behind;
    for (int c = 0; c < p->stride; c++) {
        for (int k = 0; k < p->kernel; k++) {
            const int n = sld_class_size(p, size, c);
            if (n > 0 && sld_class_meets(p, c, k, &behind)) {
                first = behind < first ? behind : first;
                last  = n - 1 + behind > last ? n - 1 + behind : last;
            }
        }
    }
    *before = (size_t)-first;
    *whole  = (size_t)(last - first + 1);
}

#endif
