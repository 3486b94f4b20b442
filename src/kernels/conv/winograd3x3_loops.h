/* winograd3x3_loops.h: the transforms and products of winograd3x3.c for one instruction set.
 * PRODUCT_n and REST_n are the rows of its tiles of n vectors and of those behind the last of them,
 * together any multiple of SLD_TILES_STEP; GRADIENT_n of its weight gradient divide VEC_LANES. */

/* ---- x -> V, dy -> D ---- */

/* Bt x B. */
VEC_INLINE void input_transform_vector(const float *const x[SLD_POINTS], size_t at, float *v,
                                       size_t point)
{
    vec rows[4][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++) {
        const vec a = vec_load(x[j] + at), b = vec_load(x[4 + j] + at);
        const vec c = vec_load(x[8 + j] + at), d = vec_load(x[12 + j] + at);
        rows[0][j] = vec_sub(a, c);
        rows[1][j] = vec_add(b, c);
        rows[2][j] = vec_sub(c, b);
        rows[3][j] = vec_sub(b, d);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++, v += 4 * point) {
        const vec *r = rows[i];
        vec_store(v, vec_sub(r[0], r[2]));
        vec_store(v + point, vec_add(r[1], r[2]));
        vec_store(v + 2 * point, vec_sub(r[2], r[1]));
        vec_store(v + 3 * point, vec_sub(r[1], r[3]));
    }
}

VEC_FUNCTION void input_transform(const float *const x[SLD_POINTS], size_t channels, float *v,
                                  size_t point, size_t block)
{
    for (size_t c = 0; c < channels; c += VEC_LANES, v += block) {
        input_transform_vector(x, c, v, point);
    }
}

/* A dy At. */
VEC_INLINE void gradient_transform_vector(const float *const dy[SLD_RESULTS], size_t at, float *d,
                                          size_t point)
{
    vec rows[4][2];
#pragma GCC unroll 2
    for (size_t j = 0; j < 2; j++) {
        const vec a = vec_load(dy[j] + at), b = vec_load(dy[2 + j] + at);
        rows[0][j] = a;
        rows[1][j] = vec_add(a, b);
        rows[2][j] = vec_sub(a, b);
        rows[3][j] = vec_sub(vec_zero(), b);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++, d += 4 * point) {
        const vec *r = rows[i];
        vec_store(d, r[0]);
        vec_store(d + point, vec_add(r[0], r[1]));
        vec_store(d + 2 * point, vec_sub(r[0], r[1]));
        vec_store(d + 3 * point, vec_sub(vec_zero(), r[1]));
    }
}

VEC_FUNCTION void gradient_transform(const float *const dy[SLD_RESULTS], int vectors, float *d,
                                     size_t point)
{
    for (size_t at = 0; at < (size_t)vectors * VEC_LANES; at += VEC_LANES) {
        gradient_transform_vector(dy, at, d + at, point);
    }
}

/* ---- products ---- */

VEC_INLINE void multiply_rows(const size_t rows, const size_t vectors, const float *v, size_t block,
                              size_t blocks, const float *u, bool accumulate, float *m)
{
    const sld_epilogue end = {.accumulate = accumulate};
    tile_sums          sums;
    clear(sums, rows, vectors);
    for (size_t b = 0; b < blocks; b++, v += block) {
#pragma GCC unroll 2
        for (size_t k = 0; k < VEC_LANES; k++, u += vectors * VEC_LANES) {
            add_rank1(sums, rows, vectors, v + k, VEC_LANES, u);
        }
    }
    store(sums, rows, vectors, &end, m, vectors * VEC_LANES);
}

VEC_INLINE void multiply_by(const size_t rows, const size_t rest, const size_t vectors,
                            const float *v, size_t block, size_t n, size_t blocks, const float *u,
                            bool accumulate, float *m)
{
    size_t t = 0;
    for (; t + rows <= n; t += rows) {
        multiply_rows(rows, vectors, v + t * VEC_LANES, block, blocks, u, accumulate,
                      m + t * vectors * VEC_LANES);
    }
    for (; t < n; t += rest) {
        multiply_rows(rest, vectors, v + t * VEC_LANES, block, blocks, u, accumulate,
                      m + t * vectors * VEC_LANES);
    }
}

VEC_FUNCTION void multiply(const float *v, size_t block, size_t n, size_t blocks, const float *u,
                           int vectors, bool accumulate, float *m)
{
    if (vectors == 3) {
        multiply_by(PRODUCT_3, REST_3, 3, v, block, n, blocks, u, accumulate, m);
    } else if (vectors == 2) {
        multiply_by(PRODUCT_2, REST_2, 2, v, block, n, blocks, u, accumulate, m);
    } else {
        multiply_by(PRODUCT_1, REST_1, 1, v, block, n, blocks, u, accumulate, m);
    }
}

VEC_INLINE void multiply_gradient_by(const size_t rows, const size_t vectors, const float *v,
                                     size_t block, size_t n, size_t blocks, const float *d,
                                     bool accumulate, float *du)
{
    const sld_epilogue end = {.accumulate = accumulate};
    for (size_t i = 0; i < blocks * VEC_LANES; i += rows, du += rows * vectors * VEC_LANES) {
        const float *values = v + i / VEC_LANES * block + i % VEC_LANES;
        tile_sums    sums;
        clear(sums, rows, vectors);
#pragma GCC unroll 2
        for (size_t t = 0; t < n; t++) {
            add_rank1(sums, rows, vectors, values + t * VEC_LANES, 1, d + t * vectors * VEC_LANES);
        }
        store(sums, rows, vectors, &end, du, vectors * VEC_LANES);
    }
}

VEC_FUNCTION void multiply_gradient(const float *v, size_t block, size_t n, size_t blocks,
                                    const float *d, int vectors, bool accumulate, float *du)
{
    if (vectors == 3) {
        multiply_gradient_by(GRADIENT_3, 3, v, block, n, blocks, d, accumulate, du);
    } else if (vectors == 2) {
        multiply_gradient_by(GRADIENT_2, 2, v, block, n, blocks, d, accumulate, du);
    } else {
        multiply_gradient_by(GRADIENT_1, 1, v, block, n, blocks, d, accumulate, du);
    }
}

/* ---- M -> y, dU -> dw ---- */

/* At m A. */
VEC_INLINE void output_transform_vector(const float *m, size_t point, size_t v,
                                        const sld_epilogue *end, float *const y[SLD_RESULTS])
{
    vec rows[2][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++, m += point) {
        const vec a = vec_load(m), b = vec_load(m + 4 * point);
        const vec c = vec_load(m + 8 * point), d = vec_load(m + 12 * point);
        rows[0][j] = vec_add(vec_add(a, b), c);
        rows[1][j] = vec_sub(vec_sub(b, c), d);
    }
#pragma GCC unroll 2
    for (size_t i = 0; i < 2; i++) {
        const vec *r    = rows[i];
        float     *left = y[2 * i] + v * VEC_LANES, *right = y[2 * i + 1] + v * VEC_LANES;
        vec_store(left, apply_epilogue(vec_add(vec_add(r[0], r[1]), r[2]), v, left, end));
        vec_store(right, apply_epilogue(vec_sub(vec_sub(r[1], r[2]), r[3]), v, right, end));
    }
}

VEC_FUNCTION void output_transform(const float *m, size_t point, int vectors,
                                   const sld_epilogue *end, float *const y[SLD_RESULTS])
{
    for (size_t v = 0; v < (size_t)vectors; v++) {
        output_transform_vector(m + v * VEC_LANES, point, v, end, y);
    }
}

VEC_INLINE void store_gradient(vec sum, const bool accumulate, float *dw)
{
    vec_store(dw, accumulate ? vec_add(sum, vec_load(dw)) : sum);
}

/* Gt du G. */
VEC_INLINE void weights_transform_vector(const float *du, size_t point, const bool accumulate,
                                         float *dw, size_t tap)
{
    const vec half = vec_broadcast(0.5f);
    vec       rows[3][4];
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; j++, du += point) {
        const vec b = vec_load(du + 4 * point), c = vec_load(du + 8 * point);
        const vec sum = vec_mul(half, vec_add(b, c));
        rows[0][j]    = vec_add(vec_load(du), sum);
        rows[1][j]    = vec_mul(half, vec_sub(b, c));
        rows[2][j]    = vec_add(vec_load(du + 12 * point), sum);
    }
#pragma GCC unroll 3
    for (size_t i = 0; i < 3; i++, dw += 3 * tap) {
        const vec *r   = rows[i];
        const vec  sum = vec_mul(half, vec_add(r[1], r[2]));
        store_gradient(vec_add(r[0], sum), accumulate, dw);
        store_gradient(vec_mul(half, vec_sub(r[1], r[2])), accumulate, dw + tap);
        store_gradient(vec_add(r[3], sum), accumulate, dw + 2 * tap);
    }
}

VEC_FUNCTION void weights_transform(const float *du, size_t point, size_t n, bool accumulate,
                                    float *dw, size_t tap)
{
    for (size_t i = 0; i < n; i += VEC_LANES) {
        weights_transform_vector(du + i, point, accumulate, dw + i, tap);
    }
}
