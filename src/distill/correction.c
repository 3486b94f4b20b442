/* correction.c: corrections of one row of the teacher's logits (docs/methods.md, "Corrections").
 * They leave a row alone whose maximum is the label, because a placebo must touch the same rows as
 * its treatment. Options let ga and mix touch every row. */
#include "correction.h"

#include <math.h>
#include <string.h>

/* A row to be corrected. */
typedef struct teacher_row {
    const sld_correction_params *params;
    const sld_row_key           *key;
    const float                 *z; /* (K) */
    size_t                       y, top, K;
} teacher_row;

/* Each function turns out (K), a copy of row->z, into the corrected logits. False: the row is
 * skipped. */

static bool leave(const teacher_row *row, float *out)
{
    return true;
}

static bool skip(const teacher_row *row, float *out)
{
    return false;
}

static bool swap(const teacher_row *row, float *out)
{
    sld_swap(row->z, (int32_t)row->y, row->K, out);
    return true;
}

static bool add_omega(const teacher_row *row, float *out)
{
    out[row->y] = (float)((double)row->z[row->y] + row->params->omega);
    return true;
}

static bool raise_label(const teacher_row *row, float *out)
{
    out[row->y] = nextafterf(row->z[row->top], INFINITY);
    return true;
}

/* The logits log((1 - share) softmax(z) + share one-hot), plus the constant with which only the
 * label's entry moves. No softmax sees a constant. */
static bool mix_with_one_hot(const teacher_row *row, float *out)
{
    const double share = row->params->share, z_top = (double)row->z[row->top];
    double       sum = 0.0;
    if (share == 0.0) return true;
    for (size_t k = 0; k < row->K; k++) {
        sum += exp((double)row->z[k] - z_top);
    }
    const double p_label = exp((double)row->z[row->y] - z_top) / sum;
    out[row->y]          = (float)(z_top + log(sum) + log(p_label + share / (1.0 - share)));
    return true;
}

/* Exchanges z[y] with a class drawn uniformly from the K-1 others; the maximum is one of them. */
static bool exchange_with_random(const teacher_row *row, float *out)
{
    const sld_row_key *key    = row->key;
    const uint64_t     stream = (uint64_t)key->sample * SLD_VIEWS + (uint64_t)key->view;
    sld_rng rng = sld_rng_make(row->params->seed, SLD_RNG_CORRECTION, (uint32_t)key->epoch, stream);
    uint32_t other = sld_rng_below(&rng, (uint32_t)(row->K - 1));
    if (other >= (uint32_t)row->y) other++;

    out[row->y] = row->z[other];
    out[other]  = row->z[row->y];
    return true;
}

/* Every class above the label comes down by z_m - z_y, so that the highest meets the label, which
 * then becomes the float next above. */
static bool translate(const teacher_row *row, float *out)
{
    const double z_y = (double)row->z[row->y], down = (double)row->z[row->top] - z_y;
    for (size_t k = 0; k < row->K; k++) {
        if (row->z[k] > row->z[row->y]) out[k] = (float)((double)row->z[k] - down);
    }
    out[row->y] = nextafterf(row->z[row->y], INFINITY);
    return true;
}

/* Whether class j comes before class k: the larger logit, of equal ones the lower index. */
static bool is_before(const float *z, size_t j, size_t k)
{
    return z[j] > z[k] || (z[j] == z[k] && j < k);
}

/* The label moves to the first rank, and the classes before it move down by one in their order:
 * each takes the logit of the class after it. The set of values stays the same. */
static bool reorder(const teacher_row *row, float *out)
{
    for (size_t k = 0; k < row->K; k++) {
        if (!is_before(row->z, k, row->y)) continue;
        size_t next = row->y;
        for (size_t j = 0; j < row->K; j++) {
            if (is_before(row->z, k, j) && is_before(row->z, j, next)) next = j;
        }
        out[k] = row->z[next];
    }
    out[row->y] = row->z[row->top];
    return true;
}

static const struct {
    sld_correction_text text;
    bool (*apply)(const teacher_row *row, float *out);
} corrections[SLD_CORRECTIONS] = {
#define SLD_CORRECTION_ROW(ID, name, apply, formula, lost) {{name, formula, lost}, apply},
    SLD_CORRECTION_LIST(SLD_CORRECTION_ROW)
#undef SLD_CORRECTION_ROW
};

bool sld_correction_find(const char *name, sld_correction *out)
{
    for (size_t i = 0; i < SLD_CORRECTIONS; i++) {
        if (strcmp(corrections[i].text.name, name) == 0) {
            *out = (sld_correction)i;
            return true;
        }
    }
    return false;
}

const sld_correction_text *sld_correction_describe(sld_correction correction)
{
    return &corrections[correction].text;
}

bool sld_correct_row(const sld_correction_params *params, const sld_row_key *key, const float *z,
                     int32_t y, size_t K, float *out)
{
    const teacher_row row = {
        .params = params, .key = key, .z = z, .y = (size_t)y, .top = sld_argmax(z, K), .K = K};
    const bool every_row =
        params->every_row && (params->kind == SLD_CORRECT_GA || params->kind == SLD_CORRECT_MIX);

    memcpy(out, z, K * sizeof *out);
    return row.top == row.y && !every_row ? true : corrections[params->kind].apply(&row, out);
}
