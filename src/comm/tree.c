/* tree.c: plans a reduction in shard order (docs/determinism.md, "Reductions").
 *
 * The tree over shard index says which values meet in which order. The plan says where: what a rank
 * can combine by itself becomes slots and merges, what crosses ranks becomes steps. */
#include <stdlib.h>

#include "internal.h"

/* Bytes from which an aligned sum is halved: two rounds of messages for half the bytes and half the
 * additions. No work is done while a message of that length is on its way, for it may move only
 * where both ranks ask for it, and would be held up piece by piece. */
enum { HALVING_FROM = 64 * 1024 };

sld_range sld_shard_rows(size_t n, int n_shards, int s)
{
    const size_t v = (size_t)n_shards, i = (size_t)s;
    return (sld_range){i * n / v, (i + 1) * n / v};
}

void sld_shard_owned(int n_shards, int size, int rank, int *first, int *count)
{
    *first = (int)((int64_t)rank * n_shards / size);
    *count = (int)(((int64_t)rank + 1) * n_shards / size) - *first;
}

/* The rank that owns a shard: the inverse of sld_shard_owned(). */
static int owner_of(const sld_tree *t, int shard)
{
    return (int)((((int64_t)shard + 1) * t->comm->size - 1) / t->n_shards);
}

/* Largest power of two below n > 1. */
static int power_of_two_below(int n)
{
    int p = 1;
    while (p < n - p) {
        p *= 2;
    }
    return p;
}

/* The value of a node: which shards with rows it covers, and in which slot of the first one's owner
 * it lies. */
typedef struct value {
    int  first, last;
    int  slot;
    bool empty;
} value;

/* Plans a single shard: it takes the next free slot if it is this rank's. */
static value plan_leaf(sld_tree *t, int shard)
{
    value v = {.first = shard, .last = shard};
    if (owner_of(t, shard) == t->comm->rank) {
        v.slot                    = t->roots++;
        t->slot[shard - t->first] = (uint8_t)v.slot;
        t->slots                  = t->roots > t->slots ? t->roots : t->slots;
    }
    return v;
}

/* Joins two values: by a merge if one rank holds all of both, else by a step. */
static value plan_join(sld_tree *t, value left, value right)
{
    const int me         = t->comm->rank;
    const int left_owner = owner_of(t, left.first), right_owner = owner_of(t, right.first);

    if (left_owner == owner_of(t, right.last)) {
        if (left_owner == me) {
            t->merges[right.last - t->first]++;
            t->roots--;
        }
    } else if (left_owner == me || right_owner == me) {
        t->steps[t->n_steps++] = (sld_tree_step){left_owner, right_owner, left.slot, right.slot};
    }
    return (value){.first = left.first, .last = right.last, .slot = left.slot};
}

/* Plans the node [a,b), children first, left before right: the order in which every rank executes
 * its part, so that messages meet. */
static value plan_node(sld_tree *t, int a, int b)
{
    if (sld_shard_rows(t->n_rows, t->n_shards, a).begin ==
        sld_shard_rows(t->n_rows, t->n_shards, b - 1).end) {
        return (value){.empty = true};
    }
    if (b - a == 1) {
        return plan_leaf(t, a);
    }
    const int   middle = a + power_of_two_below(b - a);
    const value left   = plan_node(t, a, middle);
    const value right  = plan_node(t, middle, b);
    if (left.empty || right.empty) {
        return left.empty ? right : left;
    }
    return plan_join(t, left, right);
}

static bool is_power_of_two(int n)
{
    return (n & (n - 1)) == 0;
}

static bool make_lanes(sld_tree *t)
{
    bool made = true;
    for (int i = 0; i < SLD_TREE_LANES; i++) {
        t->lanes[i].tag     = i;
        t->lanes[i].scratch = aligned_alloc(64, t->scratch_bytes > 0 ? t->scratch_bytes : 64);
        made                = made && t->lanes[i].scratch;
    }
    return made;
}

sld_status sld_tree_create(sld_ctx *ctx, const sld_comm *comm, int n_shards, size_t n_rows,
                           size_t scratch_bytes, sld_tree **out)
{
    *out = NULL;
    if (n_shards < comm->size) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "parallel.shards: expected at least one shard for each of the %d ranks, got %d; start "
            "at most %d ranks, or raise parallel.shards, which changes the trial's ID",
            comm->size, n_shards, n_shards);
    }
    if (n_rows == 0) {
        return SLD_FAIL(ctx, SLD_ERR_ARG, "reduction: expected at least 1 row, got 0");
    }
    sld_tree *t = calloc(1, sizeof *t);
    if (!t) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a reduction tree");
    }
    t->comm         = comm;
    t->n_shards     = n_shards;
    t->n_rows       = n_rows;
    t->slots        = 1;
    t->halving_from = HALVING_FROM;
    sld_shard_owned(n_shards, comm->size, comm->rank, &t->first, &t->count);

    t->scratch_bytes = (scratch_bytes + 63) / 64 * 64;
    t->slot          = calloc((size_t)t->count, 1);
    t->merges        = calloc((size_t)t->count, 1);
    if (!t->slot || !t->merges || !make_lanes(t)) {
        sld_tree_destroy(t);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM,
                        "out of memory: a reduction tree of %d shards and %zu bytes of messages",
                        n_shards, scratch_bytes);
    }

    t->root_owner = owner_of(t, plan_node(t, 0, n_shards).first);
    /* Halves are the tree's own split only for powers of two; every rank needs a value to bring. */
    t->aligned =
        is_power_of_two(n_shards) && is_power_of_two(comm->size) && n_rows >= (size_t)comm->size;
    *out = t;
    return SLD_OK;
}

void sld_tree_destroy(sld_tree *tree)
{
    if (!tree) {
        return;
    }
    free(tree->slot);
    free(tree->merges);
    for (int i = 0; i < SLD_TREE_LANES; i++) {
        free(tree->lanes[i].scratch);
    }
    free(tree);
}

int sld_tree_first(const sld_tree *t)
{
    return t->first;
}

int sld_tree_count(const sld_tree *t)
{
    return t->count;
}

size_t sld_tree_rows(const sld_tree *t)
{
    return t->n_rows;
}

sld_range sld_tree_shard(const sld_tree *t, int s)
{
    return sld_shard_rows(t->n_rows, t->n_shards, s);
}

sld_range sld_tree_mine(const sld_tree *t)
{
    return (sld_range){sld_tree_shard(t, t->first).begin,
                       sld_tree_shard(t, t->first + t->count - 1).end};
}

int sld_tree_slots(const sld_tree *t)
{
    return t->slots;
}

int sld_tree_slot(const sld_tree *t, int s)
{
    return t->slot[s - t->first];
}

int sld_tree_merges(const sld_tree *t, int s)
{
    return t->merges[s - t->first];
}

int sld_tree_roots(const sld_tree *t)
{
    return t->roots;
}

void sld_tree_work(sld_tree *tree, sld_work *work)
{
    tree->work = work;
}
