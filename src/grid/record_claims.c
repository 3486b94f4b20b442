/* record_claims.c: what the claims of a spec mean in its grid: the trials that they compare. Claims that
 * come, go or mean something else after trials have ended are written down in DIR/late-claims, for
 * reports. What the folder's claims meant follows from its sweep.yaml and its points: words that stay can
 * name other trials, when labels are exchanged or an axis has one more. */
#include "record.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arm_names.h"
#include "grid.h"
#include "sld/grid_folder.h"

/* The claims of one of the two sweeps, with what they need to be understood. */
typedef struct claim_set {
    const sld_grid *grid;
    const sld_node *claims, *axes; /* of its spec; NULL: none */
    arm_index       arms;
    const char    **ids; /* (arms.n + 1) scratch */
} claim_set;

typedef struct comparison {
    sld_ctx   *ctx;
    sld_arena *arena;
    claim_set  there, here;
    int64_t   *seeds; /* (n_seeds) of both, ascending: seeds that are added change no meaning */
    size_t     n_seeds;
    int64_t   *seeds_there; /* (n_seeds_there) of the folder, ascending */
    size_t     n_seeds_there;
} comparison;

/* ---- seeds of both ---- */

static int by_seed(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Ascending, each once; the caller frees them. */
static size_t seeds_of(const arm_index *arms, int64_t *seeds)
{
    size_t n = 0;

    for (size_t i = 0; i < arms->n; i++) {
        seeds[i] = arms->points[i]->seed;
    }
    qsort(seeds, arms->n, sizeof *seeds, by_seed);
    for (size_t i = 0; i < arms->n; i++) {
        if (n == 0 || seeds[n - 1] != seeds[i]) {
            seeds[n++] = seeds[i];
        }
    }
    return n;
}

static sld_status find_seeds(comparison *c)
{
    const size_t n_there = c->there.arms.n, n_here = c->here.arms.n;
    void        *memory = NULL;

    SLD_TRY(
        sld_arena_alloc(c->ctx, c->arena, (2 * n_there + n_here + 1) * sizeof *c->seeds, &memory));
    c->seeds         = memory;
    c->seeds_there   = c->seeds + n_there;
    int64_t *here    = c->seeds_there + n_there;
    c->n_seeds_there = seeds_of(&c->there.arms, c->seeds_there);
    const size_t n   = seeds_of(&c->here.arms, here);
    for (size_t i = 0; i < c->n_seeds_there; i++) {
        if (bsearch(&c->seeds_there[i], here, n, sizeof *here, by_seed)) {
            c->seeds[c->n_seeds++] = c->seeds_there[i];
        }
    }
    return SLD_OK;
}

/* ---- what a claim means, as a text that equals another's if it means the same ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Puts the n IDs, each once, in an order that does not depend on the words of the claim. */
static void put_ids(const char **ids, size_t n, FILE *to)
{
    qsort(ids, n, sizeof *ids, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(ids[i], ids[i - 1]) != 0) {
            fprintf(to, " %s", ids[i]);
        }
    }
}

static bool is_common(const comparison *c, const sld_point *p)
{
    return bsearch(&p->seed, c->seeds, c->n_seeds, sizeof *c->seeds, by_seed) != NULL;
}

/* Adds the trials of an arm to set->ids. A name that is no arm's stands for itself. */
static void add_arm(const comparison *c, const claim_set *set, const char *name, size_t *n,
                    FILE *to)
{
    const sld_point *const *points;
    const size_t            found = sld_arms_find(&set->arms, name, &points);

    for (size_t i = 0; i < found && *n < set->arms.n; i++) {
        if (is_common(c, points[i])) {
            set->ids[(*n)++] = points[i]->id;
        }
    }
    if (found == 0) {
        fprintf(to, " ?%s", name);
    }
}

static void put_arms(const comparison *c, const claim_set *set, const sld_node *node, FILE *to)
{
    const bool one = node->kind == SLD_NODE_SCALAR;
    size_t     n   = 0;

    for (size_t i = 0; i < (one ? 1 : node->n); i++) {
        add_arm(c, set, one ? node->text : node->item[i]->text, &n, to);
    }
    put_ids(set->ids, n, to);
}

/* An axis and its two labels in the order of the spec, which says what an effect is less. */
typedef struct contrast {
    size_t      axis;
    const char *label[2];
} contrast;

/* Where the spec does not tell, the order is that of the points. */
static void order_as_spec(const claim_set *set, const char *axis, contrast *x)
{
    const sld_node *values = sld_node_value(set->axes, axis);
    const char     *last   = values && values->n == 2 && values->kind != SLD_NODE_SCALAR
                                 ? (values->kind == SLD_NODE_MAP ? values->key : values->item)[1]->text
                                 : "";

    if (strcmp(last, x->label[0]) == 0) {
        x->label[0] = x->label[1];
        x->label[1] = last;
    }
}

static bool find_contrast(const claim_set *set, const sld_node *name, contrast *out)
{
    const sld_grid *grid = set->grid;
    size_t          n    = 0;

    for (out->axis = 0; out->axis < grid->n_axes; out->axis++) {
        if (strcmp(grid->axis[out->axis], name->text) == 0) {
            break;
        }
    }
    for (size_t i = 0; out->axis < grid->n_axes && i < grid->n + grid->n_same && n < 2; i++) {
        const sld_point *p = i < grid->n ? &grid->points[i] : &grid->same[i - grid->n];
        if (!p->is_teacher && p->n_axes > out->axis &&
            (n == 0 || strcmp(p->value[out->axis], out->label[0]) != 0)) {
            out->label[n++] = p->value[out->axis];
        }
    }
    if (n == 2) {
        order_as_spec(set, name->text, out);
    }
    return n == 2;
}

/* Whether the point has the second label. A list of points that somebody wrote may lack labels. */
static bool is_on(const contrast *x, const sld_point *p)
{
    return p->n_axes > x->axis && strcmp(p->value[x->axis], x->label[1]) == 0;
}

/* The trials of one side: those on, of two axes those that are both on or both off. */
static void put_side(const comparison *c, const claim_set *set, const contrast *first,
                     const contrast *second, bool plus, FILE *to)
{
    size_t n = 0;

    for (size_t i = 0; i < set->arms.n; i++) {
        const sld_point *p  = set->arms.points[i];
        const bool       on = second ? is_on(first, p) == is_on(second, p) : is_on(first, p);
        if (on == plus && is_common(c, p)) {
            set->ids[n++] = p->id;
        }
    }
    put_ids(set->ids, n, to);
}

static void put_effect(const comparison *c, const claim_set *set, const sld_node *first,
                       const sld_node *second, FILE *to)
{
    contrast x = {0}, y = {0};

    if (!find_contrast(set, first, &x) || (second && !find_contrast(set, second, &y))) {
        fprintf(to, "?%s %s", first->text, second ? second->text : "");
        return;
    }
    put_side(c, set, &x, second ? &y : NULL, true, to);
    fputs(" less", to);
    put_side(c, set, &x, second ? &y : NULL, false, to);
}

static void put_meaning(const comparison *c, const claim_set *set, const sld_node *body, FILE *to)
{
    const sld_node *arm = sld_node_value(body, "arm"), *against = sld_node_value(body, "against"),
                   *effect = sld_node_value(body, "effect"),
                   *both   = sld_node_value(body, "interaction"),
                   *metric = sld_node_value(body, "metric");

    fprintf(to, "%s of", metric ? metric->text : "top1_last");
    if (arm && against) {
        put_arms(c, set, arm, to);
        fputs(" less", to);
        put_arms(c, set, against, to);
    }
    if (effect) {
        fputs(" effect", to);
        put_effect(c, set, effect, NULL, to);
    }
    if (both && both->kind == SLD_NODE_LIST && both->n == 2) {
        fputs(" interaction", to);
        put_effect(c, set, both->item[0], both->item[1], to);
    }
}

/* What a claim means in one of the sweeps; with body NULL: what its baseline does. The caller frees the
 * text; NULL: no memory is left. */
static char *meaning_of(const comparison *c, const claim_set *set, const sld_node *body)
{
    char  *text = NULL;
    size_t size = 0, n = 0;
    FILE  *to = open_memstream(&text, &size);

    if (to && body) {
        put_meaning(c, set, body, to);
    } else if (to) {
        add_arm(c, set, set->grid->baseline, &n, to);
        put_ids(set->ids, n, to);
    }
    if (!to || fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* *same: a claim of `set` means what another does in the given sweep. */
static sld_status compare(const comparison *c, const claim_set *set, const sld_node *body,
                          const sld_node *given, bool *same)
{
    char      *old = meaning_of(c, set, body), *now = meaning_of(c, &c->here, given);
    const bool ok = old && now;

    *same = ok && strcmp(old, now) == 0;
    free(old);
    free(now);
    return ok ? SLD_OK : SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the claims");
}

/* ---- which claims are other ones ---- */

static size_t count(const sld_node *claims)
{
    return claims && claims->kind == SLD_NODE_MAP ? claims->n : 0;
}

static void add(late_claims *out, const char *name, const char *what)
{
    out->entries[out->n++] = (late_claim){.name = name, .what = what};
}

/* A claim that means the same over the seeds of both: names it if it had more of them. */
static sld_status list_fewer(const comparison *c, const char *name, const sld_node *old,
                             const sld_node *given, late_claims *out)
{
    comparison all  = *c;
    bool       same = false;

    all.seeds   = c->seeds_there;
    all.n_seeds = c->n_seeds_there;
    SLD_TRY(compare(&all, &all.there, old, given, &same));
    if (!same) {
        out->entries[out->n++] = (late_claim){.name = name, .what = "changed", .fewer = true};
    }
    return SLD_OK;
}

/* A claim whose words say the same as before is named for the user: other trials have its labels. */
static void note_words(sld_grid_change *change, const char *name)
{
    const size_t used = strlen(change->meant);
    char         shown[128];

    (void)sld_text_printable(name, shown, sizeof shown);
    if (used + strlen(shown) + 3 < sizeof change->meant) {
        snprintf(change->meant + used, sizeof change->meant - used, "%s%s", used ? ", " : "",
                 shown);
    }
}

static sld_status list_given(const comparison *c, sld_grid_change *change, late_claims *out)
{
    const sld_node *claims = c->here.claims;

    for (size_t i = 0; i < count(claims); i++) {
        const char     *name = claims->key[i]->text;
        const sld_node *old  = sld_node_value(c->there.claims, name);
        bool            same = false;
        if (!old) {
            add(out, name, "named");
            continue;
        }
        SLD_TRY(compare(c, &c->there, old, claims->item[i], &same));
        if (same) {
            SLD_TRY(list_fewer(c, name, old, claims->item[i], out));
            continue;
        }
        add(out, name, "changed");
        SLD_TRY(compare(c, &c->here, old, claims->item[i], &same));
        if (same) {
            note_words(change, name);
        }
    }
    return SLD_OK;
}

static sld_status list_all(const comparison *c, sld_grid_change *change, late_claims *out)
{
    static const char *const order[] = {"named", "changed", "taken out"};
    const sld_node          *old     = c->there.claims;
    bool                     same    = true;

    SLD_TRY(list_given(c, change, out));
    for (size_t i = 0; i < count(old); i++) {
        if (!sld_node_value(c->here.claims, old->key[i]->text)) {
            add(out, old->key[i]->text, "taken out");
        }
    }
    for (size_t k = 0; k < sizeof order / sizeof *order && !change->claims; k++) {
        for (size_t i = 0; i < out->n && !change->claims; i++) {
            if (out->entries[i].fewer) { /* told once it is known whether any of them had ended */
                continue;
            }
            change->claims = strcmp(out->entries[i].what, order[k]) == 0 ? order[k] : NULL;
        }
    }
    if (*c->there.grid->baseline && *c->here.grid->baseline) {
        SLD_TRY(compare(c, &c->there, NULL, NULL, &same));
    }
    if (!same) {
        change->baseline = true;
        add(out, SLD_LATE_BASELINE, "changed");
    }
    return SLD_OK;
}

static sld_status open_set(comparison *c, const recorded_spec *spec, claim_set *out)
{
    void *memory = NULL;

    *out = (claim_set){.grid = spec->grid, .claims = spec->claims, .axes = spec->axes};
    SLD_TRY(sld_arms_index(c->ctx, c->arena, spec->grid, &out->arms));
    SLD_TRY(sld_arena_alloc(c->ctx, c->arena, (out->arms.n + 1) * sizeof *out->ids, &memory));
    out->ids = memory;
    return SLD_OK;
}

sld_status sld_record_claims(sld_ctx *ctx, sld_arena *arena, const recorded_spec *there,
                             const recorded_spec *here, sld_grid_change *change, late_claims *out)
{
    comparison c      = {.ctx = ctx, .arena = arena};
    void      *memory = NULL;
    size_t     n      = count(there->claims) + count(here->claims) + 1;

    SLD_TRY(sld_arena_alloc(ctx, arena, n * sizeof *out->entries, &memory));
    *out = (late_claims){.entries = memory};
    SLD_TRY(open_set(&c, there, &c.there));
    SLD_TRY(open_set(&c, here, &c.here));
    SLD_TRY(find_seeds(&c));
    return list_all(&c, change, out);
}

/* ---- DIR/late-claims ---- */

sld_status sld_record_late(sld_ctx *ctx, const char *dir, const late_claims *late,
                           const sld_grid_change *change, size_t n_points)
{
    char   path[PATH_MAX], now[32], name[512];
    void  *before   = NULL;
    char  *lines    = NULL;
    size_t n_before = 0, n_lines = 0;

    const size_t ended = change->ended + change->left;
    bool         any   = false;

    for (size_t i = 0; i < late->n; i++) {
        any |= late->entries[i].fewer ? change->left > 0 : ended > 0;
    }
    if (!any) {
        return SLD_OK;
    }
    sld_clock_utc(now);
    sld_sweep_path(dir, SLD_LATE_CLAIMS, path);
    if (access(path, F_OK) == 0 || errno != ENOENT) { /* what it holds must stay */
        SLD_TRY(sld_file_read(ctx, path, (size_t)1 << 28, &before, &n_before));
    }
    FILE *to = open_memstream(&lines, &n_lines);
    bool  ok = to && (!before || fwrite(before, 1, n_before, to) == n_before);
    for (size_t i = 0; to && i < late->n; i++) {
        if (!late->entries[i].fewer || change->left > 0) {
            fprintf(to, "%s: %s after %zu of %zu trials had ended, %s\n",
                    sld_text_printable(late->entries[i].name, name, sizeof name),
                    late->entries[i].what, ended, n_points + change->left, now);
        }
    }
    free(before);
    ok                  = to && fclose(to) == 0 && ok;
    const sld_status st = ok ? sld_file_publish(ctx, path, lines, n_lines, true)
                             : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %s", path);
    free(lines);
    return st;
}
