/* simd/tile.h: tiles of sums in registers, in the words of the vector header that the including file
 * chose before (simd/avx2.h, simd/avx512.h), which says how many VECTORS a row has at most. */

enum { TILE_ROWS = 24 }; /* at most, of all tiles */

/* The sums of a tile: registers, once the loops over constant sizes are unrolled. */
typedef vec tile_sums[TILE_ROWS][VECTORS];

VEC_INLINE void clear(tile_sums sums, const size_t rows, const size_t vectors)
{
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = vec_zero();
        }
    }
}

/* sums[r] += values[r * step] * row; row: (VEC_LANES*vectors). */
VEC_INLINE void add_rank1(tile_sums sums, const size_t rows, const size_t vectors,
                          const float *values, size_t step, const float *row)
{
    vec factors[VECTORS];
#pragma GCC unroll 3
    for (size_t v = 0; v < vectors; v++) {
        factors[v] = vec_load(row + v * VEC_LANES);
    }
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
        const vec value = vec_broadcast(values[r * step]);
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = vec_fmadd(value, factors[v], sums[r][v]);
        }
    }
}

VEC_INLINE vec apply_epilogue(vec sum, size_t v, const float *y, const sld_epilogue *end)
{
    if (end->bias) {
        sum = vec_add(sum, vec_load(end->bias + v * VEC_LANES));
    }
    if (end->accumulate) {
        sum = vec_add(sum, vec_load(y));
    }
    return end->relu ? vec_relu(sum) : sum;
}

/* y[r] = what `end` makes of sums[r]. */
VEC_INLINE void store(tile_sums sums, const size_t rows, const size_t vectors,
                      const sld_epilogue *end, float *y, size_t y_row)
{
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            float *to = y + r * y_row + v * VEC_LANES;
            vec_store(to, apply_epilogue(sums[r][v], v, to, end));
        }
    }
}

/* The same for the first n rows, each with an address of its own, where the last vector has `last`
 * channels, behind which nothing is touched; end->bias has whole vectors. */
VEC_INLINE void store_first(tile_sums sums, const size_t rows, size_t n, const size_t vectors,
                            size_t last, const sld_epilogue *end, float *const *y)
{
    const sld_epilogue bias_alone = {.bias = end->bias};
#pragma GCC unroll 24
    for (size_t r = 0; r < rows; r++) {
        if (r >= n) {
            break;
        }
#pragma GCC unroll 3
        for (size_t v = 0; v + 1 < vectors; v++) {
            float *to = y[r] + v * VEC_LANES;
            vec_store(to, apply_epilogue(sums[r][v], v, to, end));
        }
        float *to  = y[r] + (vectors - 1) * VEC_LANES;
        vec    sum = apply_epilogue(sums[r][vectors - 1], vectors - 1, to, &bias_alone);
        if (end->accumulate) {
            sum = vec_add(sum, vec_load_first(to, last));
        }
        vec_store_first(to, last, end->relu ? vec_relu(sum) : sum);
    }
}
