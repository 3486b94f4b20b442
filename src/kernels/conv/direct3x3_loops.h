/* direct3x3_loops.h: the sums of direct3x3.c for one instruction set, compiled for every size of
 * tile that occurs: EACH_ROWS(X) is X(rows) for each number of rows, BY_VECTORS picks the vectors.
 * PREFETCH in floats (0: none). */

VEC_INLINE void sum_tile(const sld_tap *taps, int n_taps, size_t depth, const size_t rows,
                         const size_t vectors, size_t x_row, float *y, size_t y_row,
                         const sld_epilogue *end, const float *next)
{
    tile_sums sums;
    clear(sums, rows, vectors);
    for (int t = 0; t < n_taps; t++) {
        const float *x = taps[t].x, *w = taps[t].w;
#pragma GCC unroll 2
        for (size_t k = 0; k < depth; k++) {
            if (PREFETCH) {
                _mm_prefetch((const char *)next, _MM_HINT_T1);
                next += PREFETCH;
            }
            add_rank1(sums, rows, vectors, x + k, x_row, w + k * vectors * VEC_LANES);
        }
    }
    store(sums, rows, vectors, end, y, y_row);
}

VEC_INLINE void rank1_tile(const sld_run *runs, int n_runs, size_t samples, const size_t rows,
                           const size_t vectors, sld_rows_at x, sld_rows_at dy, bool accumulate,
                           float *dw)
{
    const sld_epilogue end = {.accumulate = accumulate};
    tile_sums          sums;
    clear(sums, rows, vectors);
    for (size_t s = 0; s < samples; s++) {
        for (const sld_run *run = runs; run < runs + n_runs; run++) {
            const float *values = x.first + s * x.sample + run->x * x.pixel;
            const float *row    = dy.first + s * dy.sample + run->dy * dy.pixel;
            for (uint32_t k = run->n; k > 0; k--, values += x.pixel, row += dy.pixel) {
                add_rank1(sums, rows, vectors, values, 1, row);
            }
        }
    }
    store(sums, rows, vectors, &end, dw, vectors * VEC_LANES);
}

#define SUM(rows, vectors)   sum_tile(taps, n_taps, depth, rows, vectors, x_row, y, y_row, end, next)
#define RANK1(rows, vectors) rank1_tile(runs, n_runs, samples, rows, vectors, x, dy, accumulate, dw)
#define TILES_OF(rows)                                                                             \
    VEC_FUNCTION void sum_##rows(const sld_tap *taps, int n_taps, size_t depth, int vectors,       \
                                 size_t x_row, float *y, size_t y_row, const sld_epilogue *end,    \
                                 const float *next){BY_VECTORS(                                    \
        rows, SUM)} VEC_FUNCTION void rank1_update_##rows(const sld_run *runs, int n_runs,         \
                                                          size_t samples, int vectors,             \
                                                          sld_rows_at x, sld_rows_at dy,           \
                                                          bool accumulate, float *dw)              \
    {                                                                                              \
        BY_VECTORS(rows, RANK1)                                                                    \
    }
EACH_ROWS(TILES_OF)

#define SUM_CASE(rows)                                                                             \
    case rows:                                                                                     \
        sum_##rows(taps, n_taps, depth, vectors, x_row, y, y_row, end, next);                      \
        break;
static void sum(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors, size_t x_row,
                float *y, size_t y_row, const sld_epilogue *end, const float *next)
{
    switch (rows) {
        EACH_ROWS(SUM_CASE)
    }
}

#define RANK1_CASE(rows)                                                                           \
    case rows:                                                                                     \
        rank1_update_##rows(runs, n_runs, samples, vectors, x, dy, accumulate, dw);                \
        break;
static void rank1_update(const sld_run *runs, int n_runs, size_t samples, int rows, int vectors,
                         sld_rows_at x, sld_rows_at dy, bool accumulate, float *dw)
{
    switch (rows) {
        EACH_ROWS(RANK1_CASE)
    }
}
