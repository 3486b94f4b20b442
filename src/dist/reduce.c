/* dist/reduce.c: the tree's value to every rank, by three transports that give the same bits; and
 * its rows.
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

/* mine = op of my value and my peer's, the lower rank's on the left. */
static void combine_with(const sld_tree *t, int peer, sld_op op, void *mine, const void *theirs,
                         size_t n)
{
    if (t->dist->rank < peer) {
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
    for (int distance = 1; distance < t->dist->size; distance *= 2) {
        const int peer = t->dist->rank ^ distance;
        SLD_TRY(sld_exchange(ctx, t, peer, value, bytes, t->scratch, bytes));
        combine_with(t, peer, op, value, t->scratch, n);
    }
    return SLD_OK;
}

/* Elements of the lower half of [begin,end): whole cache lines of 16 floats where that is possible.
 */
static size_t cut(sld_range r)
{
    const size_t half = ((r.end - r.begin) / 2 + 15) / 16 * 16;
    return r.begin + half < r.end ? r.begin + half : r.end;
}

/* Aligned, long, element by element: at distance 1, 2, 4 ... the lower partner goes on with the
 * lower half of the elements that both have, the upper partner with the upper half; then the halves
 * are exchanged back at ... 4, 2, 1. */
static sld_status reduce_halving(sld_ctx *ctx, sld_tree *t, sld_op op, void *value, size_t n)
{
    const size_t width = element_bytes(op);
    const int    rank = t->dist->rank, size = t->dist->size;
    char        *elements = value;
    sld_range    mine     = {0, n}, whole[32]; /* whole[k]: what this rank had at distance 2^k */
    int          level    = 0;

    for (int distance = 1; distance < size; distance *= 2) {
        const int       peer = rank ^ distance;
        const sld_range low = {mine.begin, cut(mine)}, high = {cut(mine), mine.end};
        const sld_range theirs = rank < peer ? high : low;
        whole[level++]         = mine;
        mine                   = rank < peer ? low : high;
        SLD_TRY(sld_exchange(ctx, t, peer, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width, t->scratch,
                             (mine.end - mine.begin) * width));
        combine_with(t, peer, op, elements + mine.begin * width, t->scratch, mine.end - mine.begin);
    }
    for (int distance = size / 2; distance > 0; distance /= 2) {
        const int       peer = rank ^ distance;
        const sld_range both = whole[--level];
        const sld_range theirs =
            rank < peer ? (sld_range){mine.end, both.end} : (sld_range){both.begin, mine.begin};
        SLD_TRY(sld_exchange(ctx, t, peer, elements + mine.begin * width,
                             (mine.end - mine.begin) * width, elements + theirs.begin * width,
                             (theirs.end - theirs.begin) * width));
        mine = both;
    }
    return SLD_OK;
}

/* Any number of ranks, shards and rows. All ranks execute their steps in one order, that of the
 * plan, so that blocking messages cannot wait in a circle. */
static sld_status reduce_owners(sld_ctx *ctx, sld_tree *t, sld_op op, char *slots, size_t stride,
                                size_t n)
{
    const size_t bytes = n * element_bytes(op);
    const int    me    = t->dist->rank;

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
    const double     start = sld_clock_s();
    const sld_status st    = sld_dist_bcast(ctx, t->dist, slots, bytes, t->root_owner);
    t->wait_s += sld_clock_s() - start;
    return st;
}

sld_status sld_tree_reduce(sld_ctx *ctx, sld_tree *tree, sld_op op, void *slots, size_t stride,
                           size_t n)
{
    const size_t bytes = n * element_bytes(op);
    if (tree->dist->size == 1) {
        return SLD_OK; /* the local part has made the root */
    }
    if (bytes > tree->scratch_bytes) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "a reduction of %zu bytes in a tree made for %zu", bytes,
                        tree->scratch_bytes);
    }
    if (!tree->aligned) {
        return reduce_owners(ctx, tree, op, slots, stride, n);
    }
    if (op == SLD_MOMENTS || bytes < tree->halving_from) { /* moments share one count */
        return reduce_doubling(ctx, tree, op, slots, n);
    }
    return reduce_halving(ctx, tree, op, slots, n);
}

sld_status sld_tree_gather(sld_ctx *ctx, sld_tree *tree, void *rows, size_t row_bytes)
{
    const int    size  = tree->dist->size;
    const double start = sld_clock_s();
    sld_status   st    = SLD_OK;

    for (int rank = 0; rank < size && size > 1 && st == SLD_OK; rank++) {
        int first, count;
        sld_shard_owned(tree->n_shards, size, rank, &first, &count);
        const size_t begin = sld_tree_shard(tree, first).begin,
                     end   = sld_tree_shard(tree, first + count - 1).end;
        st                 = sld_dist_bcast(ctx, tree->dist, (char *)rows + begin * row_bytes,
                                            (end - begin) * row_bytes, rank);
    }
    tree->wait_s += sld_clock_s() - start;
    return st;
}
