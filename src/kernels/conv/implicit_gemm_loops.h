/* conv/implicit_gemm_loops.h: the products of conv/implicit_gemm.c for one instruction set. GEMM_n
 * is the rows of a tile of n vectors. */

/* Up to `rows` rows: the last of fewer is computed again in place of those that are missing. */
VEC_INLINE void gemm_tile(const size_t rows, const size_t vectors, const sld_gemm_block *b,
                          size_t first)
{
    const size_t n = b->rows - first < rows ? b->rows - first : rows;
    const float *x[GEMM_MAX], *w = b->weights;
    float       *y[GEMM_MAX];
    tile_sums    sums;
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
        x[r] = b->x + b->from[first + (r < n ? r : n - 1)];
    }
    clear(sums, rows, vectors);
    for (const sld_segment *s = b->segments; s < b->segments + b->n_segments; s++) {
        for (size_t k = s->at; k < s->at + s->n; k++, w += vectors * VEC_LANES) {
            vec factors[VECTORS];
#pragma GCC unroll 3
            for (size_t v = 0; v < vectors; v++) {
                factors[v] = vec_load(w + v * VEC_LANES);
            }
#pragma GCC unroll 8
            for (size_t r = 0; r < rows; r++) {
                const vec value = vec_broadcast(x[r][k]);
#pragma GCC unroll 3
                for (size_t v = 0; v < vectors; v++) {
                    sums[r][v] = vec_fmadd(value, factors[v], sums[r][v]);
                }
            }
        }
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
        y[r] = b->y + b->to[first + (r < n ? r : n - 1)];
    }
    store_first(sums, rows, n, vectors, b->last, &b->end, y);
}

VEC_FUNCTION void gemm(const sld_gemm_block *b)
{
    if (b->vectors == 3) {
        for (size_t r = 0; r < b->rows; r += GEMM_3) {
            gemm_tile(GEMM_3, 3, b, r);
        }
    } else if (b->vectors == 2) {
        for (size_t r = 0; r < b->rows; r += GEMM_2) {
            gemm_tile(GEMM_2, 2, b, r);
        }
    } else {
        for (size_t r = 0; r < b->rows; r += GEMM_1) {
            gemm_tile(GEMM_1, 1, b, r);
        }
    }
}
