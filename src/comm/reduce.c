/* comm/reduce.c: the tree's value, to where it is added up and then to every rank, by three
 * transports that give the same bits; and its rows.
 *
 * MPI_Allreduce promises no order of its operands, so the messages are our own. Where the ranks
 * themselves are the leaves of a perfect tree, every rank computes: whole messages when they are
 * short (one round per level), halves when they are long (each rank adds up a part of the elements,
 * then the parts are gathered). Else a node is computed by the owner of its first shard with rows,
 * and the root is broadcast. */
#include "internal.h"

static size_t element_bytes(sld_op op)
{
    return op == SLD_SUM_F32 ? sizeof(float) : sizeof(double);
}

/* mine = op of this rank's value and its peer's, with that of the lower rank on the left. */
static void combine_with(const sld_tree *t, int peer, sld_op op, void *mine, const void *theirs,
                         size_t n)
{
    if (t->comm->rank < peer) {
        sld_op_apply(op, mine, theirs, mine, n);
    } else {
        sld_op_apply(op, theirs, mine, mine, n);
    }
}

static size_t bytes_of(const sld_lane *l)
{
    return l->n * element_bytes(l->op);
}

/* ---- aligned, short: at distance 1, 2, 4 ... both partners exchange their nodes and compute the
 * parent. This is the transport that moves while its caller does something else. ---- */

static int partner(const sld_tree *t, const sld_lane *l)
{
    return t->comm->rank ^ l->distance;
}

static sld_status begin_distance(sld_ctx *ctx, sld_tree *t, sld_lane *l, int distance)
{
    l->distance = distance;
    return distance < t->comm->size ? sld_exchange_begin(ctx, t, l, partner(t, l), l->slots,
                                                         bytes_of(l), l->scratch, bytes_of(l))
                                    : SLD_OK;
}

/* The exchange has ended: computes the parent, and goes on. */
static sld_status end_distance(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    combine_with(t, partner(t, l), l->op, l->slots, l->scratch, l->n);
    return begin_distance(ctx, t, l, 2 * l->distance);
}

static bool is_moving(const sld_tree *t, const sld_lane *l)
{
    return l->distance > 0 && l->distance < t->comm->size;
}

static sld_status finish_doubling(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    while (is_moving(t, l)) {
        SLD_TRY(sld_exchange_finish(ctx, t, l));
        SLD_TRY(end_distance(ctx, t, l));
    }
    return SLD_OK;
}

/* ---- aligned, long: by halves, element by element ---- */

/* How many elements the lower half of [begin,end) has: whole cache lines of 16 floats if
 * possible. */
static size_t cut(sld_range r)
{
    const size_t half = ((r.end - r.begin) / 2 + 15) / 16 * 16;
    return r.begin + half < r.end ? r.begin + half : r.end;
}

/* At distance 1, 2, 4 ... the lower partner goes on with the lower half of the elements that both
 * have, the upper partner with the upper half. whole[k]: what this rank has at the k-th distance,
 * and in the end. */
static void halve(const sld_tree *t, size_t n, sld_range whole[33])
{
    whole[0] = (sld_range){0, n};
    for (int level = 0; 1 << level < t->comm->size; level++) {
        const sld_range both = whole[level];
        const bool      low  = !(t->comm->rank >> level & 1);
        whole[level + 1] =
            low ? (sld_range){both.begin, cut(both)} : (sld_range){cut(both), both.end};
    }
}

/* The half with which a partner continues. */
static sld_range other_half(sld_range both, sld_range mine)
{
    return mine.begin == both.begin ? (sld_range){mine.end, both.end}
                                    : (sld_range){both.begin, mine.begin};
}

static sld_status reduce_halving(sld_ctx *ctx, sld_tree *t, sld_lane *l, sld_range *mine)
{
    const size_t width    = element_bytes(l->op);
    char        *elements = l->slots;
    sld_range    whole[33];

    halve(t, l->n, whole);
    *mine = whole[0];
    for (int level = 0; 1 << level < t->comm->size; level++) {
        const int       peer   = t->comm->rank ^ 1 << level;
        const sld_range theirs = other_half(whole[level], whole[level + 1]);
        *mine                  = whole[level + 1];
        SLD_TRY(sld_exchange(ctx, t, l, peer, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width, l->scratch,
                             (mine->end - mine->begin) * width));
        combine_with(t, peer, l->op, elements + mine->begin * width, l->scratch,
                     mine->end - mine->begin);
    }
    return SLD_OK;
}

/* The halves are exchanged back at distance ... 4, 2, 1. */
static sld_status broadcast_halves(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    const size_t width    = element_bytes(l->op);
    char        *elements = l->slots;
    sld_range    whole[33];
    int          level = 0;

    halve(t, l->n, whole);
    while (1 << level < t->comm->size) {
        level++;
    }
    while (level-- > 0) {
        const int       peer = t->comm->rank ^ 1 << level;
        const sld_range mine = whole[level + 1], theirs = other_half(whole[level], mine);
        SLD_TRY(sld_exchange(ctx, t, l, peer, elements + mine.begin * width,
                             (mine.end - mine.begin) * width, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width));
    }
    return SLD_OK;
}

/* ---- any number of ranks, shards and rows: by owners ---- */

/* All ranks execute their steps in the order of the plan, so that blocking messages cannot
 * deadlock. */
static sld_status reduce_owners(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    const int me    = t->comm->rank;
    char     *slots = l->slots;

    for (const sld_tree_step *s = t->steps; s < t->steps + t->n_steps; s++) {
        char *left  = slots + (size_t)s->left_slot * l->stride;
        char *right = slots + (size_t)s->right_slot * l->stride;
        if (s->left_owner != me) {
            SLD_TRY(sld_exchange(ctx, t, l, s->left_owner, right, bytes_of(l), NULL, 0));
        } else if (s->right_owner != me) {
            SLD_TRY(sld_exchange(ctx, t, l, s->right_owner, NULL, 0, l->scratch, bytes_of(l)));
            sld_op_apply(l->op, left, l->scratch, left, l->n);
        } else {
            sld_op_apply(l->op, left, right, left, l->n);
        }
    }
    return SLD_OK;
}

/* ---- a reduction ---- */

typedef enum { ALONE, DOUBLING, HALVING, OWNERS } transport;

static transport transport_of(const sld_tree *t, const sld_lane *l)
{
    if (t->comm->size == 1) {
        return ALONE; /* the local part has made the root */
    }
    if (!t->aligned) {
        return OWNERS;
    }
    /* moments share one count */
    return l->op == SLD_MOMENTS || bytes_of(l) < t->halving_from ? DOUBLING : HALVING;
}

static sld_status begin(sld_ctx *ctx, sld_tree *t, sld_lane *l, sld_op op, void *slots,
                        size_t stride, size_t n)
{
    l->op       = op;
    l->slots    = slots;
    l->stride   = stride;
    l->n        = n;
    l->distance = 0;

    const transport way = transport_of(t, l);
    if (way != ALONE && bytes_of(l) > t->scratch_bytes) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "reduction: expected at most %zu bytes, got %zu",
                        t->scratch_bytes, bytes_of(l));
    }
    return way == DOUBLING ? begin_distance(ctx, t, l, 1) : SLD_OK;
}

/* *mine: the elements that this rank has in the end. */
static sld_status finish_part(sld_ctx *ctx, sld_tree *t, sld_lane *l, sld_range *mine)
{
    *mine = (sld_range){0, l->n};
    switch (transport_of(t, l)) {
    case DOUBLING:
        return finish_doubling(ctx, t, l);
    case HALVING:
        return reduce_halving(ctx, t, l, mine);
    case OWNERS:
        mine->end = t->root_owner == t->comm->rank ? l->n : 0;
        return reduce_owners(ctx, t, l);
    case ALONE:
        break;
    }
    return SLD_OK;
}

static sld_status broadcast(sld_ctx *ctx, sld_tree *t, sld_lane *l)
{
    const transport way = transport_of(t, l);

    if (way == HALVING) {
        return broadcast_halves(ctx, t, l);
    }
    return way == OWNERS ? sld_comm_bcast(ctx, t->comm, l->slots, bytes_of(l), t->root_owner)
                         : SLD_OK;
}

sld_status sld_tree_reduce_part(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                                size_t n, sld_range *mine)
{
    SLD_TRY(begin(ctx, tree, tree->lanes, op, slots, stride, n));
    return finish_part(ctx, tree, tree->lanes, mine);
}

sld_status sld_tree_broadcast(sld_ctx *ctx, sld_tree *tree, sld_op op, void *value, size_t n)
{
    sld_lane *l = tree->lanes;

    l->op    = op;
    l->slots = value;
    l->n     = n;
    return broadcast(ctx, tree, l);
}

sld_status sld_tree_reduce(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                           size_t n)
{
    SLD_TRY(sld_tree_begin(ctx, tree, 0, op, slots, stride, n));
    return sld_tree_finish(ctx, tree, 0);
}

sld_status sld_tree_begin(sld_ctx *ctx, sld_tree *tree, int lane, sld_op op, void *slots,
                          size_t stride, size_t n)
{
    return begin(ctx, tree, &tree->lanes[lane], op, slots, stride, n);
}

sld_status sld_tree_advance(sld_ctx *ctx, sld_tree *tree)
{
    for (sld_lane *l = tree->lanes; l < tree->lanes + SLD_TREE_LANES; l++) {
        bool ended = true;
        while (ended && is_moving(tree, l)) {
            SLD_TRY(sld_exchange_advance(ctx, tree, l, &ended));
            if (ended) {
                SLD_TRY(end_distance(ctx, tree, l));
            }
        }
    }
    return SLD_OK;
}

sld_status sld_tree_finish(sld_ctx *ctx, sld_tree *tree, int lane)
{
    sld_range mine;

    SLD_TRY(finish_part(ctx, tree, &tree->lanes[lane], &mine));
    return broadcast(ctx, tree, &tree->lanes[lane]);
}

sld_status sld_tree_gather(sld_ctx *ctx, sld_tree *tree, void *rows, size_t row_bytes)
{
    const int  size = tree->comm->size;
    sld_status st   = SLD_OK;

    for (int rank = 0; rank < size && size > 1 && st == SLD_OK; rank++) {
        int first, count;
        sld_shard_owned(tree->n_shards, size, rank, &first, &count);
        const size_t begin = sld_tree_shard(tree, first).begin,
                     end   = sld_tree_shard(tree, first + count - 1).end;
        st                 = sld_comm_bcast(ctx, tree->comm, (char *)rows + begin * row_bytes,
                                            (end - begin) * row_bytes, rank);
    }
    return st;
}
