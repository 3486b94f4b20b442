/* conv/taps_loops.h: from weights as users know them, the nine taps of a channel side by side, to
 * rows of channels side by side and back, for one instruction set: 8 x 8 values at a time are
 * transposed in registers of AVX2. */

enum { SIDE = 8, LAST_TAP = SLD_TAPS - 1 };

/* to[j * to_row + i] = from[i * from_row + j] for i, j < SIDE. */
VEC_INLINE void transpose(const float *from, size_t from_row, float *to, ptrdiff_t to_row)
{
    __m256 rows[SIDE], pairs[SIDE], fours[SIDE];
    for (size_t i = 0; i < SIDE; i++) {
        rows[i] = _mm256_loadu_ps(from + i * from_row);
    }
    for (size_t i = 0; i < SIDE; i += 2) {
        pairs[i]     = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (size_t i = 0; i < SIDE; i += 4) {
        fours[i]     = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
        fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
        fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
        fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
    }
    for (size_t i = 0; i < SIDE / 2; i++, to += to_row) {
        _mm256_storeu_ps(to, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
        _mm256_storeu_ps(to + SIDE / 2 * to_row,
                         _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
    }
}

VEC_FUNCTION void split_taps(const float *from, size_t channel, float *to, ptrdiff_t tap)
{
    for (size_t c = 0; c < VEC_LANES; c += SIDE, from += SIDE * channel, to += SIDE) {
        transpose(from, channel, to, tap);
        for (size_t i = 0; i < SIDE; i++) {
            to[LAST_TAP * tap + (ptrdiff_t)i] = from[i * channel + LAST_TAP];
        }
    }
}

VEC_FUNCTION void join_taps(const float *from, size_t tap, float *to, size_t channel)
{
    for (size_t c = 0; c < VEC_LANES; c += SIDE, from += SIDE, to += SIDE * channel) {
        transpose(from, tap, to, (ptrdiff_t)channel);
        for (size_t i = 0; i < SIDE; i++) {
            to[i * channel + LAST_TAP] = from[LAST_TAP * tap + i];
        }
    }
}
