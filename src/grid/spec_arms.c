/* spec_arms.c: the arms that a spec names, once the grid is known: each is there, and what a claim
 * compares are different trials. */
#include <stdlib.h>
#include <string.h>

#include "arm_names.h"
#include "grid.h"
#include "spec_parts.h"

typedef struct checker {
    sld_ctx     *ctx;
    arm_index    arms;
    const char **ids; /* (2, points + 1) scratch */
} checker;

/* node names an arm; its points. */
static sld_status find_arm(const checker *c, const sld_node *node, const char *key,
                           const sld_point *const **points, size_t *n)
{
    char choices[SLD_CHOICES_BYTES];

    *n = sld_arms_find(&c->arms, node->text, points);
    if (*n > 0) {
        return SLD_OK;
    }
    sld_arms_choices(c->arms.grid, node->text, choices);
    return sld_node_fail(c->ctx, node, key, "expected an arm of this sweep, got %.60s%s",
                         node->text, choices);
}

/* A text, or the i-th of a list. */
static const sld_node *text_of(const sld_node *node, size_t i)
{
    return node->kind == SLD_NODE_SCALAR ? node : node->item[i];
}

static size_t count_texts(const sld_node *node)
{
    return node->kind == SLD_NODE_SCALAR ? 1 : node->n;
}

static sld_status check_arms(const checker *c, const sld_node *node, const char *key)
{
    const sld_point *const *points;
    size_t                  n;

    for (size_t i = 0; i < count_texts(node); i++) {
        SLD_TRY(find_arm(c, text_of(node, i), key, &points, &n));
    }
    return SLD_OK;
}

/* ---- the sides of a claim are other trials ---- */

typedef struct use { /* of a trial, by an arm that a claim names */
    const sld_point *point;
    const sld_node  *at;
    size_t           place; /* in the claim */
    bool             against;
} use;

typedef struct use_list {
    use   *uses; /* (n) */
    size_t n;
} use_list;

static int by_trial(const void *a, const void *b)
{
    const use *x = a, *y = b;
    const int  order = strcmp(x->point->id, y->point->id);

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* Adds the trials of the arms in node; with uses NULL it counts them. */
static sld_status add_side(const checker *c, const sld_node *node, bool against, size_t *place,
                           use_list *list)
{
    const sld_point *const *points;
    size_t                  n;

    for (size_t i = 0; i < count_texts(node); i++, ++*place) {
        SLD_TRY(find_arm(c, text_of(node, i), against ? "against" : "arm", &points, &n));
        for (size_t k = 0; k < n; k++, list->n++) {
            if (list->uses) {
                list->uses[list->n] = (use){points[k], text_of(node, i), *place, against};
            }
        }
    }
    return SLD_OK;
}

static sld_status list_uses(const checker *c, const sld_node *arm, const sld_node *against,
                            use_list *list)
{
    for (int pass = 0; pass < 2; pass++) {
        size_t place = 0;
        list->n      = 0;
        SLD_TRY(add_side(c, arm, false, &place, list));
        SLD_TRY(add_side(c, against, true, &place, list));
        if (pass == 0 && !(list->uses = malloc((list->n + 1) * sizeof *list->uses))) {
            return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the arms of a claim");
        }
    }
    qsort(list->uses, list->n, sizeof *list->uses, by_trial);
    return SLD_OK;
}

/* Two arms of a claim that are one trial. */
static sld_status refuse(const checker *c, const use *first, const use *again)
{
    const char *key = again->against ? "against" : "arm", *name = again->at->text;

    if (strcmp(first->point->arm, again->point->arm) == 0) {
        return first->against == again->against
                   ? sld_node_fail(c->ctx, again->at, key,
                                   "expected each arm once, got %.60s, which %.60s names already; "
                                   "leave one out",
                                   name, first->at->text)
                   : sld_node_fail(
                         c->ctx, again->at, key,
                         "expected other arms than those of arm, got %.60s in both; leave "
                         "it out of one",
                         name);
    }
    return sld_node_fail(
        c->ctx, again->at, key,
        "expected arms of different trials, got %.60s and %.60s, two labels of the "
        "same trial (%s); leave one out",
        first->at->text, name, again->point->id);
}

static sld_status check_sides(const checker *c, const sld_node *arm, const sld_node *against)
{
    use_list   list  = {0};
    const use *first = NULL, *again = NULL;

    sld_status st = list_uses(c, arm, against, &list);
    for (size_t i = 1; st == SLD_OK && i < list.n; i++) {
        const use *before = &list.uses[i - 1], *here = &list.uses[i];
        if (strcmp(before->point->id, here->point->id) == 0 && before->place != here->place &&
            (!again || here->place < again->place)) {
            first = before;
            again = here;
        }
    }
    st = again ? refuse(c, first, again) : st;
    free(list.uses);
    return st;
}

/* ---- an effect is of trials that differ ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The IDs of the trials with this label, ascending. */
static size_t list_ids(const checker *c, size_t axis, const char *label, const char **ids)
{
    size_t n = 0;

    for (size_t i = 0; i < c->arms.n; i++) {
        if (strcmp(c->arms.points[i]->value[axis], label) == 0) {
            ids[n++] = c->arms.points[i]->id;
        }
    }
    qsort(ids, n, sizeof *ids, by_id);
    return n;
}

static size_t axis_of(const spec *s, const sld_node *name)
{
    size_t axis = 0;

    while (strcmp(s->axes[axis].name, name->text) != 0) {
        axis++;
    }
    return axis;
}

/* node names an axis of two labels. */
static sld_status check_effect(const checker *c, const spec *s, const sld_node *node,
                               const char *key)
{
    const char **ids[2] = {c->ids, c->ids + c->arms.n + 1}, *label[2];
    const size_t axis   = axis_of(s, node);
    size_t       n[2], i = 0;

    for (int k = 0; k < 2; k++) {
        label[k] = s->axes[axis].entries[k].label;
        n[k]     = list_ids(c, axis, label[k], ids[k]);
        if (n[k] == 0) {
            return sld_node_fail(c->ctx, node, key,
                                 "expected an axis of which both labels have trials, got %.60s, "
                                 "whose %.60s is left out everywhere; leave this claim out",
                                 node->text, label[k]);
        }
    }
    while (i < n[0] && i < n[1] && strcmp(ids[0][i], ids[1][i]) == 0) {
        i++;
    }
    return i < n[0] || i < n[1]
               ? SLD_OK
               : sld_node_fail(c->ctx, node, key,
                               "expected an axis whose two labels are different trials, got %.60s, "
                               "whose %.60s and %.60s are the same; leave this claim out",
                               node->text, label[0], label[1]);
}

/* An interaction is of four cells: each label of one axis with each of the other. */
static sld_status check_cells(const checker *c, const spec *s, const sld_node *both)
{
    const size_t axis[2]     = {axis_of(s, both->item[0]), axis_of(s, both->item[1])};
    bool         there[2][2] = {{false, false}, {false, false}};

    for (size_t i = 0; i < c->arms.n; i++) {
        const sld_point *p = c->arms.points[i];
        bool             on[2];
        for (int k = 0; k < 2; k++) {
            on[k] = strcmp(p->value[axis[k]], s->axes[axis[k]].entries[1].label) == 0;
        }
        there[on[0]][on[1]] = true;
    }
    for (int x = 0; x < 2; x++) {
        for (int y = 0; y < 2; y++) {
            if (!there[x][y]) {
                return sld_node_fail(c->ctx, both, "interaction",
                                     "expected trials with each label of one axis beside each of "
                                     "the other, got none "
                                     "with %.60s and %.60s; exclude less, or leave this claim out",
                                     s->axes[axis[0]].entries[x].label,
                                     s->axes[axis[1]].entries[y].label);
            }
        }
    }
    return SLD_OK;
}

static sld_status check_claim(const checker *c, const spec *s, const sld_node *body)
{
    const sld_node *arm = sld_node_value(body, "arm"), *effect = sld_node_value(body, "effect"),
                   *both = sld_node_value(body, "interaction");

    if (arm) {
        return check_sides(c, arm, sld_node_value(body, "against"));
    }
    if (effect) {
        return check_effect(c, s, effect, "effect");
    }
    SLD_TRY(check_effect(c, s, both->item[0], "interaction"));
    SLD_TRY(check_effect(c, s, both->item[1], "interaction"));
    return check_cells(c, s, both);
}

/* ---- all ---- */

static sld_status check_all(const checker *c, const spec *s, sld_grid *grid)
{
    const sld_point *const *points;
    size_t                  n;

    if (s->baseline_at && *s->baseline) {
        SLD_TRY(find_arm(c, s->baseline_at, "baseline", &points, &n));
        grid->baseline = points[0]->arm;
    }
    for (size_t i = 0; s->claims && i < s->claims->n; i++) {
        SLD_TRY(check_claim(c, s, s->claims->item[i]));
    }
    for (size_t i = 0; s->checks && i < s->checks->n; i++) {
        SLD_TRY(check_arms(c, s->checks->item[i], s->checks->key[i]->text));
    }
    return SLD_OK;
}

sld_status sld_spec_check_arms(sld_ctx *ctx, const spec *s, sld_grid *grid)
{
    checker    c      = {.ctx = ctx};
    sld_arena *arena  = NULL;
    void      *memory = NULL;

    if (!s->baseline_at && !s->claims && !s->checks) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_arms_index(ctx, arena, grid, &c.arms);
    if (st == SLD_OK) {
        st    = sld_arena_alloc(ctx, arena, 2 * (c.arms.n + 1) * sizeof *c.ids, &memory);
        c.ids = memory;
    }
    st = st == SLD_OK ? check_all(&c, s, grid) : st;
    sld_arena_destroy(arena);
    return st;
}
