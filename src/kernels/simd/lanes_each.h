/* lanes_each.h: includes the file that SLD_OF_LANES names once for each width: groups of channels
 * in VECTORS vectors of BYTES bytes, compiled for the instruction set that has such registers; with
 * SLD_MANY_CHANNELS defined, those of SLD_FOR_MANY_CHANNELS too.
 * V(name) is the name of what belongs to this width: V(vec_load) is load_32x2 with two vectors of AVX2.
 * The file defines functions for ranges of channels, which SLD_FOR_CHANNELS calls by that name. */
#define V_(name, bytes, vectors)   name##_##bytes##x##vectors
#define V_OF(name, bytes, vectors) V_(name, bytes, vectors)
#define V(name)                    V_OF(name, BYTES, VECTORS)
#define FLOATS                     SLD_LANES(BYTES, float) /* of one vector */
#define DOUBLES                    SLD_LANES(BYTES, double)

#define BYTES   64
#define VECTORS 1
#ifdef SLD_WIDE_VECTORS
#pragma GCC push_options
#pragma GCC target("avx512f")
#endif
#include "lanes_vector.h"
#undef VECTORS
#ifdef SLD_MANY_CHANNELS
#define VECTORS 4
#include "lanes_vector.h"
#undef VECTORS
#endif
#ifdef SLD_WIDE_VECTORS
#pragma GCC pop_options
#endif
#undef BYTES

#ifdef SLD_WIDE_VECTORS
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#define BYTES   32
#define VECTORS 2
#include "lanes_vector.h"
#undef VECTORS
#define VECTORS 1
#include "lanes_vector.h"
#undef VECTORS
#undef BYTES
#ifdef SLD_WIDE_VECTORS
#pragma GCC pop_options
#endif

#define BYTES   16
#define VECTORS 4
#include "lanes_vector.h"
#undef VECTORS
#define VECTORS 1
#include "lanes_vector.h"
#undef BYTES
#define BYTES 8
#include "lanes_vector.h"
#undef BYTES
#define BYTES 4
#include "lanes_vector.h"
#undef BYTES
#undef VECTORS

#undef DOUBLES
#undef FLOATS
#undef V
#undef V_OF
#undef V_
#undef SLD_OF_LANES
