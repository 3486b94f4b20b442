/* lanes_vector.h: one vector of BYTES bytes, and the file that works with it (lanes_each.h). */

typedef float   V(vec) __attribute__((vector_size(FLOATS * sizeof(float))));
typedef int32_t V(masks) __attribute__((vector_size(FLOATS * sizeof(int32_t))));
typedef double  V(doubles) __attribute__((vector_size(DOUBLES * sizeof(double))));
typedef float   V(halves) __attribute__((vector_size(DOUBLES * sizeof(float))));
typedef int32_t V(half_masks) __attribute__((vector_size(DOUBLES * sizeof(int32_t))));

SLD_INLINE V(vec) V(vec_load)(const float *p)
{
    V(vec) v;
    memcpy(&v, p, sizeof v);
    return v;
}

SLD_INLINE void V(vec_store)(float *p, V(vec) v)
{
    memcpy(p, &v, sizeof v);
}

SLD_INLINE V(vec) V(where)(V(masks) mask, V(vec) yes, V(vec) no)
{
    return (V(vec))(((V(masks))yes & mask) | ((V(masks))no & ~mask));
}

/* v where gate is not <= 0, else 0: a gate that is not a number lets v through. */
SLD_INLINE V(vec) V(gate)(V(vec) v, V(vec) gate)
{
    const V(vec) zero = {0};
    return (V(vec))((V(masks))v & ~(gate <= zero));
}

/* sum[c] += v[c] in double. */
SLD_INLINE void V(fold)(double *sum, V(vec) v)
{
    for (size_t c = 0; c < FLOATS; c++) {
        sum[c] += (double)v[c];
    }
}

/* Lane by lane: gcc 12 makes one instruction of it, of __builtin_convertvector() two halves. */
SLD_INLINE V(doubles) V(load_double)(const float *p)
{
    V(halves) v;
    V(doubles) d;
    memcpy(&v, p, sizeof v);
    for (size_t c = 0; c < DOUBLES; c++) {
        d[c] = (double)v[c];
    }
    return d;
}

SLD_INLINE V(doubles) V(load_doubles)(const double *p)
{
    V(doubles) v;
    memcpy(&v, p, sizeof v);
    return v;
}

SLD_INLINE void V(add_to)(double *p, V(doubles) v)
{
    v += V(load_doubles)(p);
    memcpy(p, &v, sizeof v);
}

/* Rounds to float32 once; relu: then 0 where it is <= 0, a value that is not a number stays. */
SLD_INLINE void V(store_rounded)(float *p, V(doubles) v, bool relu)
{
    const V(halves) zero = {0};
    V(halves) f          = __builtin_convertvector(v, V(halves));
    if (relu) {
        f = (V(halves))((V(half_masks))f & ~(f <= zero));
    }
    memcpy(p, &f, sizeof f);
}

#include SLD_OF_LANES
