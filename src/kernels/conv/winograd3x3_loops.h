/* winograd3x3_loops.h: the transforms and products of winograd3x3.c for one instruction set.
 * PRODUCT_n and REST_n are the rows of its tiles of n vectors and of those behind the last of them,
 * together any multiple of SLD_TILES_STEP; GRADIENT_n of its weight gradient divide LANES. */

/* ---- x -> V, dy -> D ---- */

/* Bt x B. */
TILE void spread_vector(const float *const x[SLD_PLANES], size_t at, float *v, size_t plane)
{
    vector rows[4][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++) {
        const vector a = LOAD(x[j] + at), b = LOAD(x[4 + j] + at);
        const vector c = LOAD(x[8 + j] + at), d = LOAD(x[12 + j] + at);
        rows[0][j] = SUBTRACT(a, c);
        rows[1][j] = ADD(b, c);
        rows[2][j] = SUBTRACT(c, b);
        rows[3][j] = SUBTRACT(b, d);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++, v += 4 * plane) {
        const vector *r = rows[i];
        STORE(v, SUBTRACT(r[0], r[2]));
        STORE(v + plane, ADD(r[1], r[2]));
        STORE(v + 2 * plane, SUBTRACT(r[2], r[1]));
        STORE(v + 3 * plane, SUBTRACT(r[1], r[3]));
    }
}

FULL void spread(const float *const x[SLD_PLANES], size_t channels, float *v, size_t plane,
                 size_t block)
{
    for (size_t c = 0; c < channels; c += LANES, v += block) {
        spread_vector(x, c, v, plane);
    }
}

/* A dy At. */
TILE void spread_gradient_vector(const float *const dy[SLD_RESULTS], size_t at, float *d,
                                 size_t plane)
{
    vector rows[4][2];
#pragma GCC unroll 2
    for (size_t j = 0; j < 2; j++) {
        const vector a = LOAD(dy[j] + at), b = LOAD(dy[2 + j] + at);
        rows[0][j] = a;
        rows[1][j] = ADD(a, b);
        rows[2][j] = SUBTRACT(a, b);
        rows[3][j] = SUBTRACT(ZERO(), b);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++, d += 4 * plane) {
        const vector *r = rows[i];
        STORE(d, r[0]);
        STORE(d + plane, ADD(r[0], r[1]));
        STORE(d + 2 * plane, SUBTRACT(r[0], r[1]));
        STORE(d + 3 * plane, SUBTRACT(ZERO(), r[1]));
    }
}

FULL void spread_gradient(const float *const dy[SLD_RESULTS], int vectors, float *d, size_t plane)
{
    for (size_t at = 0; at < (size_t)vectors * LANES; at += LANES) {
        spread_gradient_vector(dy, at, d + at, plane);
    }
}

/* ---- products ---- */

TILE void multiply_rows(const size_t rows, const size_t vectors, const float *v, size_t block,
                        size_t blocks, const float *u, bool keep, float *m)
{
    const sld_sums_end end = {.keep = keep};
    tile_sums          sums;
    clear(sums, rows, vectors);
    for (size_t b = 0; b < blocks; b++, v += block) {
#pragma GCC unroll 2
        for (size_t k = 0; k < LANES; k++, u += vectors * LANES) {
            add_outer(sums, rows, vectors, v + k, LANES, u);
        }
    }
    store(sums, rows, vectors, &end, m, vectors * LANES);
}

TILE void multiply_by(const size_t rows, const size_t rest, const size_t vectors, const float *v,
                      size_t block, size_t n, size_t blocks, const float *u, bool keep, float *m)
{
    size_t t = 0;
    for (; t + rows <= n; t += rows) {
        multiply_rows(rows, vectors, v + t * LANES, block, blocks, u, keep,
                      m + t * vectors * LANES);
    }
    for (; t < n; t += rest) {
        multiply_rows(rest, vectors, v + t * LANES, block, blocks, u, keep,
                      m + t * vectors * LANES);
    }
}

FULL void multiply(const float *v, size_t block, size_t n, size_t blocks, const float *u,
                   int vectors, bool keep, float *m)
{
    if (vectors == 3) {
        multiply_by(PRODUCT_3, REST_3, 3, v, block, n, blocks, u, keep, m);
    } else if (vectors == 2) {
        multiply_by(PRODUCT_2, REST_2, 2, v, block, n, blocks, u, keep, m);
    } else {
        multiply_by(PRODUCT_1, REST_1, 1, v, block, n, blocks, u, keep, m);
    }
}

TILE void multiply_gradient_by(const size_t rows, const size_t vectors, const float *v,
                               size_t block, size_t n, size_t blocks, const float *d, bool keep,
                               float *du)
{
    const sld_sums_end end = {.keep = keep};
    for (size_t i = 0; i < blocks * LANES; i += rows, du += rows * vectors * LANES) {
        const float *values = v + i / LANES * block + i % LANES;
        tile_sums    sums;
        clear(sums, rows, vectors);
#pragma GCC unroll 2
        for (size_t t = 0; t < n; t++) {
            add_outer(sums, rows, vectors, values + t * LANES, 1, d + t * vectors * LANES);
        }
        store(sums, rows, vectors, &end, du, vectors * LANES);
    }
}

FULL void multiply_gradient(const float *v, size_t block, size_t n, size_t blocks, const float *d,
                            int vectors, bool keep, float *du)
{
    if (vectors == 3) {
        multiply_gradient_by(GRADIENT_3, 3, v, block, n, blocks, d, keep, du);
    } else if (vectors == 2) {
        multiply_gradient_by(GRADIENT_2, 2, v, block, n, blocks, d, keep, du);
    } else {
        multiply_gradient_by(GRADIENT_1, 1, v, block, n, blocks, d, keep, du);
    }
}

/* ---- M -> y, dU -> dw ---- */

/* At m A. */
TILE void gather_vector(const float *m, size_t plane, size_t v, const sld_sums_end *end,
                        float *const y[SLD_RESULTS])
{
    vector rows[2][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++, m += plane) {
        const vector a = LOAD(m), b = LOAD(m + 4 * plane);
        const vector c = LOAD(m + 8 * plane), d = LOAD(m + 12 * plane);
        rows[0][j] = ADD(ADD(a, b), c);
        rows[1][j] = SUBTRACT(SUBTRACT(b, c), d);
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++) {
        const vector *r    = rows[i];
        float        *left = y[2 * i] + v * LANES, *right = y[2 * i + 1] + v * LANES;
        STORE(left, finish(ADD(ADD(r[0], r[1]), r[2]), v, left, end));
        STORE(right, finish(SUBTRACT(SUBTRACT(r[1], r[2]), r[3]), v, right, end));
    }
}

FULL void gather(const float *m, size_t plane, int vectors, const sld_sums_end *end,
                 float *const y[SLD_RESULTS])
{
    for (size_t v = 0; v < (size_t)vectors; v++) {
        gather_vector(m + v * LANES, plane, v, end, y);
    }
}

TILE void store_gradient(vector sum, const bool keep, float *dw)
{
    STORE(dw, keep ? ADD(sum, LOAD(dw)) : sum);
}

/* Gt du G. */
TILE void gather_gradient_vector(const float *du, size_t plane, const bool keep, float *dw,
                                 size_t tap)
{
    const vector half = SPREAD(0.5f);
    vector       rows[3][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++, du += plane) {
        const vector b = LOAD(du + 4 * plane), c = LOAD(du + 8 * plane);
        const vector sum = MULTIPLY(half, ADD(b, c));
        rows[0][j]       = ADD(LOAD(du), sum);
        rows[1][j]       = MULTIPLY(half, SUBTRACT(b, c));
        rows[2][j]       = ADD(LOAD(du + 12 * plane), sum);
    }
#pragma GCC unroll 3
    for (size_t i = 0; i < 3; i++, dw += 3 * tap) {
        const vector *r   = rows[i];
        const vector  sum = MULTIPLY(half, ADD(r[1], r[2]));
        store_gradient(ADD(r[0], sum), keep, dw);
        store_gradient(MULTIPLY(half, SUBTRACT(r[1], r[2])), keep, dw + tap);
        store_gradient(ADD(r[3], sum), keep, dw + 2 * tap);
    }
}

FULL void gather_gradient(const float *du, size_t plane, size_t n, bool keep, float *dw, size_t tap)
{
    for (size_t i = 0; i < n; i += LANES) {
        gather_gradient_vector(du + i, plane, keep, dw + i, tap);
    }
}
