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

/* Aligned, short: at distance 1, 2, 4 ... both partners exchange their nodes and compute the
 * parent. */
static sld_status reduce_doubling(sld_ctx *ctx, sld_tree *t, sld_op op, void *value, size_t n)
{
    const size_t bytes = n * element_bytes(op);
    for (int distance = 1; distance < t->comm->size; distance *= 2) {
        const int peer = t->comm->rank ^ distance;
        SLD_TRY(sld_exchange(ctx, t, peer, value, bytes, t->scratch, bytes));
        combine_with(t, peer, op, value, t->scratch, n);
    }
    return SLD_OK;
}

/* How many elements the lower half of [begin,end) has: whole cache lines of 16 floats if
 * possible. */
static size_t cut(sld_range r)
{
    const size_t half = ((r.end - r.begin) / 2 + 15) / 16 * 16;
    return r.begin + half < r.end ? r.begin + half : r.end;
}

/* Aligned, long, element by element: at distance 1, 2, 4 ... the lower partner goes on with the
 * lower half of the elements that both have, the upper partner with the upper half. whole[k]: what
 * this rank has at the k-th distance, and in the end. */
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

static sld_status reduce_halving(sld_ctx *ctx, sld_tree *t, sld_op op, void *value, size_t n,
                                 sld_range *mine)
{
    const size_t width    = element_bytes(op);
    char        *elements = value;
    sld_range    whole[33];

    halve(t, n, whole);
    *mine = whole[0];
    for (int level = 0; 1 << level < t->comm->size; level++) {
        const int       peer   = t->comm->rank ^ 1 << level;
        const sld_range theirs = other_half(whole[level], whole[level + 1]);
        *mine                  = whole[level + 1];
        SLD_TRY(sld_exchange(ctx, t, peer, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width, t->scratch,
                             (mine->end - mine->begin) * width));
        combine_with(t, peer, op, elements + mine->begin * width, t->scratch,
                     mine->end - mine->begin);
    }
    return SLD_OK;
}

/* The halves are exchanged back at distance ... 4, 2, 1. */
static sld_status broadcast_halves(sld_ctx *ctx, sld_tree *t, sld_op op, void *value, size_t n)
{
    const size_t width    = element_bytes(op);
    char        *elements = value;
    sld_range    whole[33];
    int          level = 0;

    halve(t, n, whole);
    while (1 << level < t->comm->size) {
        level++;
    }
    while (level-- > 0) {
        const int       peer = t->comm->rank ^ 1 << level;
        const sld_range mine = whole[level + 1], theirs = other_half(whole[level], mine);
        SLD_TRY(sld_exchange(ctx, t, peer, elements + mine.begin * width,
                             (mine.end - mine.begin) * width, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width));
    }
    return SLD_OK;
}

/* For any number of ranks, shards and rows. All ranks execute their steps in the order of the plan,
 * so that blocking messages cannot deadlock. */
static sld_status reduce_owners(sld_ctx *ctx, sld_tree *t, sld_op op, char *slots, size_t stride,
                                size_t n)
{
    const size_t bytes = n * element_bytes(op);
    const int    me    = t->comm->rank;

    for (const sld_tree_step *s = t->steps; s < t->steps + t->n_steps; s++) {
        char *left  = slots + (size_t)s->left_slot * stride;
        char *right = slots + (size_t)s->right_slot * stride;
        if (s->left_owner != me) {
            SLD_TRY(sld_exchange(ctx, t, s->left_owner, right, bytes, NULL, 0));
        } else if (s->right_owner != me) {
            SLD_TRY(sld_exchange(ctx, t, s->right_owner, NULL, 0, t->scratch, bytes));
            sld_op_apply(op, left, t->scratch, left, n);
        } else {
            sld_op_apply(op, left, right, left, n);
        }
    }
    return SLD_OK;
}

typedef enum { ALONE, DOUBLING, HALVING, OWNERS } transport;

static transport transport_of(const sld_tree *t, sld_op op, size_t n)
{
    if (t->comm->size == 1) {
        return ALONE; /* the local part has made the root */
    }
    if (!t->aligned) {
        return OWNERS;
    }
    /* moments share one count */
    return op == SLD_MOMENTS || n * element_bytes(op) < t->halving_from ? DOUBLING : HALVING;
}

sld_status sld_tree_reduce_part(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                                size_t n, sld_range *mine)
{
    const size_t    bytes = n * element_bytes(op);
    const transport way   = transport_of(tree, op, n);

    *mine = (sld_range){0, n};
    if (way != ALONE && bytes > tree->scratch_bytes) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "reduction: expected at most %zu bytes, got %zu",
                        tree->scratch_bytes, bytes);
    }
    switch (way) {
    case DOUBLING:
        return reduce_doubling(ctx, tree, op, slots, n);
    case HALVING:
        return reduce_halving(ctx, tree, op, slots, n, mine);
    case OWNERS:
        mine->end = tree->root_owner == tree->comm->rank ? n : 0;
        return reduce_owners(ctx, tree, op, slots, stride, n);
    case ALONE:
        break;
    }
    return SLD_OK;
}

sld_status sld_tree_broadcast(sld_ctx *ctx, sld_tree *tree, sld_op op, void *value, size_t n)
{
    const transport way = transport_of(tree, op, n);

    if (way == HALVING) {
        return broadcast_halves(ctx, tree, op, value, n);
    }
    return way == OWNERS
               ? sld_comm_bcast(ctx, tree->comm, value, n * element_bytes(op), tree->root_owner)
               : SLD_OK;
}

sld_status sld_tree_reduce(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                           size_t n)
{
    sld_range mine;
    SLD_TRY(sld_tree_reduce_part(ctx, tree, op, slots, stride, n, &mine));
    return sld_tree_broadcast(ctx, tree, op, slots, n);
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
