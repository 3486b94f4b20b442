/* conv/amx_pack.c: weights as the products of conv/amx.c read them: 16 columns of all taps at a time
 * are brought into rows of 16 floats, one for each tap and channel of the depth, and these step by
 * step, two rows at a time, into tiles of bfloat16. */
#include <string.h>

#include "conv/amx.h"

/* How weights (O,I,taps) are read: floats from a column, and from a channel of the depth, to the
 * next; the depth's channels. */
typedef struct {
    const float *plain;
    size_t       column, channel, channels;
} source;

size_t sld_amx_pack_scratch_bytes(const sld_amx *a)
{
    const size_t channels = (size_t)(a->params.in > a->params.out ? a->params.in : a->params.out);
    return (sld_amx_taps(a) * channels + 1) * SLD_AMX_SIDE * sizeof(float);
}

/* n columns; rows: (taps,channels,16), the columns behind n are 0. */
static void spread(const sld_amx *a, const source *from, size_t column, size_t n, float *rows)
{
    const sld_loops *loops = sld_loops_of_cpu();
    const size_t     taps = sld_amx_taps(a), tap = from->channels * SLD_AMX_SIDE;
    const float     *first = from->plain + column * from->column;
    if (sld_amx_by_nine(a, loops, n)) {
        for (size_t c = 0; c < from->channels; c++) {
            loops->split_taps(first + c * from->channel, from->column, rows + c * SLD_AMX_SIDE,
                              (ptrdiff_t)tap);
        }
        return;
    }
    memset(rows, 0, taps * tap * sizeof *rows);
    for (size_t j = 0; j < n; j++, first += from->column) {
        for (size_t c = 0; c < from->channels; c++) {
            for (size_t t = 0; t < taps; t++) {
                rows[t * tap + c * SLD_AMX_SIDE + j] = first[c * from->channel + t];
            }
        }
    }
}

/* The 32 rows of one step: the depth from k on of a run of taps. */
static void find_rows(const source *from, const int *taps, size_t k, size_t depth,
                      const float *rows, const float *zeros, const float *found[SLD_AMX_DEPTH])
{
    for (size_t i = 0; i < SLD_AMX_DEPTH; i++, k++) {
        const size_t tap = k < depth ? (size_t)taps[k / from->channels] : 0;
        found[i] =
            k < depth ? rows + (tap * from->channels + k % from->channels) * SLD_AMX_SIDE : zeros;
    }
}

/* One tile of columns, its steps so many values apart. */
static void pack_tile(const sld_amx *a, const source *from, const sld_amx_product *p,
                      const float *rows, uint16_t *to, size_t step)
{
    const float *zeros = rows + sld_amx_taps(a) * from->channels * SLD_AMX_SIDE;
    const float *found[SLD_AMX_DEPTH];
    const int   *taps = p->taps;
    for (size_t r = 0; r < p->n_runs; taps += p->run_taps[r++]) {
        const size_t depth = sld_amx_depth(p, r, from->channels);
        for (size_t k = 0; k < depth; k += SLD_AMX_DEPTH, to += step) {
            find_rows(from, taps, k, depth, rows, zeros, found);
            a->loops->pair(found, 0, SLD_AMX_SIDE, to);
        }
    }
}

static void pack(const sld_amx *a, const sld_amx_pass *pass, const source *from, float *rows)
{
    memset(rows + sld_amx_taps(a) * from->channels * SLD_AMX_SIDE, 0, SLD_AMX_SIDE * sizeof *rows);
    for (size_t c = 0; c < pass->out && pass->products; c += SLD_AMX_SIDE) {
        const size_t block = c / SLD_AMX_BLOCK * SLD_AMX_BLOCK, left = pass->out - c;
        const size_t tiles = sld_amx_block_tiles(pass, block);
        spread(a, from, c, left < SLD_AMX_SIDE ? left : SLD_AMX_SIDE, rows);
        for (size_t i = 0; i < pass->n_products; i++) {
            const sld_amx_product *p = &pass->products[i];
            pack_tile(a, from, p, rows,
                      p->weights + block * p->n_steps * SLD_AMX_DEPTH +
                          (c - block) / SLD_AMX_SIDE * SLD_AMX_VALUES,
                      tiles * SLD_AMX_VALUES);
        }
    }
}

sld_status sld_amx_refresh(sld_ctx *ctx, void *state, const float *weights, const float *bias)
{
    sld_amx     *a  = state;
    const size_t in = (size_t)a->params.in, out = (size_t)a->params.out, taps = sld_amx_taps(a);
    pack(a, &a->forward, &(source){weights, taps * in, taps, in}, a->kernels->scratch);
    pack(a, &a->backward, &(source){weights, taps, taps * in, out}, a->kernels->scratch);
    if (a->bias) {
        memcpy(a->bias, bias, out * sizeof *bias);
    }
    return SLD_OK;
}
