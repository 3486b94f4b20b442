/* conv_direct_tile_body.h: the tiles for one instruction set, each compiled for every size that
 * occurs. The file that includes this names the set: TARGET, LANES, VECTORS, its instructions on a
 * `vector`, EACH_ROWS(X) as X(rows) for each number of rows, AHEAD in floats (0: none). */
#include <immintrin.h>

#define TILE static inline __attribute__((always_inline, target(TARGET)))
#define FULL static __attribute__((noinline, target(TARGET)))

/* The sums of a tile: registers, once the loops over constant sizes are unrolled. */
typedef vector tile_sums[SLD_TILE_ROWS][VECTORS];

TILE void clear(tile_sums sums, const size_t rows, const size_t vectors)
{
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = ZERO();
        }
    }
}

/* sums[r] += values[r * step] * row; row: (LANES*vectors). */
TILE void add_outer(tile_sums sums, const size_t rows, const size_t vectors, const float *values,
                    size_t step, const float *row)
{
    vector factors[VECTORS];
#pragma GCC unroll 3
    for (size_t v = 0; v < vectors; v++) {
        factors[v] = LOAD(row + v * LANES);
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
        const vector value = SPREAD(values[r * step]);
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            sums[r][v] = MULTIPLY_ADD(value, factors[v], sums[r][v]);
        }
    }
}

TILE vector finish(vector sum, size_t v, const float *y, const sld_tile_end *end)
{
    if (end->bias) {
        sum = ADD(sum, LOAD(end->bias + v * LANES));
    }
    if (end->keep) {
        sum = ADD(sum, LOAD(y));
    }
    return end->relu ? ABOVE_ZERO(sum) : sum;
}

/* y[r] = what `end` makes of sums[r]. */
TILE void store(tile_sums sums, const size_t rows, const size_t vectors, const sld_tile_end *end,
                float *y, size_t y_row)
{
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
        for (size_t v = 0; v < vectors; v++) {
            float *to = y + r * y_row + v * LANES;
            STORE(to, finish(sums[r][v], v, to, end));
        }
    }
}

TILE void sum_tile(const sld_tap *taps, int n_taps, size_t depth, const size_t rows,
                   const size_t vectors, size_t x_row, float *y, size_t y_row,
                   const sld_tile_end *end, const float *next)
{
    tile_sums sums;
    clear(sums, rows, vectors);
    for (int t = 0; t < n_taps; t++) {
        const float *x = taps[t].x, *w = taps[t].w;
#pragma GCC unroll 2
        for (size_t k = 0; k < depth; k++) {
            if (AHEAD) {
                _mm_prefetch((const char *)next, _MM_HINT_T1);
                next += AHEAD;
            }
            add_outer(sums, rows, vectors, x + k, x_row, w + k * vectors * LANES);
        }
    }
    store(sums, rows, vectors, end, y, y_row);
}

TILE void outer_tile(const sld_tile_run *runs, int n_runs, size_t samples, const size_t rows,
                     const size_t vectors, sld_tile_rows x, sld_tile_rows dy, bool keep, float *dw)
{
    const sld_tile_end end = {.keep = keep};
    tile_sums          sums;
    clear(sums, rows, vectors);
    for (size_t s = 0; s < samples; s++) {
        for (const sld_tile_run *run = runs; run < runs + n_runs; run++) {
            const float *values = x.first + s * x.sample + run->x * x.pixel;
            const float *row    = dy.first + s * dy.sample + run->dy * dy.pixel;
            for (uint32_t k = run->n; k > 0; k--, values += x.pixel, row += dy.pixel) {
                add_outer(sums, rows, vectors, values, 1, row);
            }
        }
    }
    store(sums, rows, vectors, &end, dw, vectors * LANES);
}

#define SUM(rows, vectors)   sum_tile(taps, n_taps, depth, rows, vectors, x_row, y, y_row, end, next)
#define OUTER(rows, vectors) outer_tile(runs, n_runs, samples, rows, vectors, x, dy, keep, dw)
#define TILES_OF(rows)                                                                             \
    FULL void sum_##rows(const sld_tap *taps, int n_taps, size_t depth, int vectors, size_t x_row, \
                         float *y, size_t y_row, const sld_tile_end *end, const float *next){      \
        BY_VECTORS(rows, SUM)} FULL void outer_##rows(const sld_tile_run *runs, int n_runs,        \
                                                      size_t samples, int vectors,                 \
                                                      sld_tile_rows x, sld_tile_rows dy,           \
                                                      bool keep, float *dw)                        \
    {                                                                                              \
        BY_VECTORS(rows, OUTER)                                                                    \
    }
EACH_ROWS(TILES_OF)

#define SUM_CASE(rows)                                                                             \
    case rows:                                                                                     \
        sum_##rows(taps, n_taps, depth, vectors, x_row, y, y_row, end, next);                      \
        break;
static void sum(const sld_tap *taps, int n_taps, size_t depth, int rows, int vectors, size_t x_row,
                float *y, size_t y_row, const sld_tile_end *end, const float *next)
{
    switch (rows) {
        EACH_ROWS(SUM_CASE)
    }
}

#define OUTER_CASE(rows)                                                                           \
    case rows:                                                                                     \
        outer_##rows(runs, n_runs, samples, vectors, x, dy, keep, dw);                             \
        break;
static void outer(const sld_tile_run *runs, int n_runs, size_t samples, int rows, int vectors,
                  sld_tile_rows x, sld_tile_rows dy, bool keep, float *dw)
{
    switch (rows) {
        EACH_ROWS(OUTER_CASE)
    }
}
