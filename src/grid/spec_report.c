/* spec_report.c: `claims` and `report`: what a report is to say of the sweep. Only their form is
 * checked here; they change no trial. */
#include <stdio.h>
#include <string.h>

#include "grid.h"
#include "spec_parts.h"

static sld_status check_keys(spec_reader *r, const sld_node *map, const char *where,
                             const char *const *known, size_t n)
{
    SLD_TRY(sld_spec_once(r, map, where));
    for (size_t i = 0; i < map->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(map->key[i]->text, known[k]) != 0) {
            k++;
        }
        if (k == n) {
            return sld_spec_unknown(r, map->key[i], where, map->key[i]->text, known, n);
        }
    }
    return SLD_OK;
}

/* No text of a list stands twice. */
static sld_status check_once(spec_reader *r, const sld_node *list, const char *key)
{
    const char **texts = sld_spec_alloc(r, (list->n + 1) * sizeof *texts);
    size_t       first, again;

    if (!texts) {
        return SLD_ERR_NOMEM;
    }
    for (size_t i = 0; i < list->n; i++) {
        texts[i] = list->item[i]->text;
    }
    SLD_TRY(sld_spec_repeated(r, texts, list->n, &first, &again));
    return again == 0
               ? SLD_OK
               : sld_node_fail(r->ctx, list->item[again], key,
                               "expected each once, got %.60s twice; leave one out", texts[again]);
}

/* A text or a list of texts, at least one, each once. */
static sld_status check_texts(spec_reader *r, const sld_node *node, const char *key)
{
    const char *text;

    if (node->kind == SLD_NODE_SCALAR) {
        return sld_spec_text(r, node, key, &text);
    }
    SLD_TRY(sld_spec_want(r, node, key, SLD_NODE_LIST, "a text or a list of texts"));
    SLD_TRY(sld_spec_max(r, node, key, NAMED_MAX));
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(sld_spec_text(r, node->item[i], key, &text));
    }
    return node->n > 0 ? check_once(r, node, key)
                       : sld_node_fail(r->ctx, node, key, "expected a text, got none");
}

/* node names an axis; *axis: which. */
static sld_status find_axis(spec_reader *r, const sld_node *node, const char *key, size_t *axis)
{
    const spec *s = r->spec;
    const char *name, *names[AXES_MAX];

    SLD_TRY(sld_spec_text(r, node, key, &name));
    for (*axis = 0; *axis < s->n_axes; ++*axis) {
        names[*axis] = s->axes[*axis].name;
        if (strcmp(name, names[*axis]) == 0) {
            return SLD_OK;
        }
    }
    return sld_spec_unknown(r, node, key, name, names, s->n_axes);
}

/* node names an axis of two labels. */
static sld_status check_axis(spec_reader *r, const sld_node *node, const char *key)
{
    size_t a;

    SLD_TRY(find_axis(r, node, key, &a));
    return r->spec->axes[a].n == 2
               ? SLD_OK
               : sld_node_fail(r->ctx, node, key,
                               "expected an axis with two labels, got %s with %zu", node->text,
                               r->spec->axes[a].n);
}

/* A column of a report; gradient norms are called by what the trials train with. */
static sld_status check_metric(spec_reader *r, const sld_node *node)
{
    const sld_grid_params *p = r->params;
    const char            *name;

    SLD_TRY(sld_spec_text(r, node, "metric", &name));
    for (size_t i = 0; i < p->n_metrics; i++) {
        if (strcmp(name, p->metrics[i]) == 0) {
            return SLD_OK;
        }
    }
    return p->n_metrics == 0 || strncmp(name, "grad_norm_", 10) == 0
               ? SLD_OK
               : sld_spec_unknown(r, node, "metric", name, p->metrics, p->n_metrics);
}

static sld_status check_axis_name(spec_reader *r, const sld_node *node, const char *key)
{
    size_t a;

    return find_axis(r, node, key, &a);
}

/* An option's key, also as the column of an axis: axis_KEY. */
static const char *option_of(const sld_node *node)
{
    return strncmp(node->text, "axis_", 5) == 0 ? node->text + 5 : node->text;
}

static sld_status check_option(spec_reader *r, const sld_node *node, const char *key)
{
    const char *name    = option_of(node);
    const char *nearest = sld_config_nearest(name);

    return sld_config_is_key(name)
               ? SLD_OK
               : sld_node_fail(r->ctx, node, key, "expected the key of an option, got %.60s%s%s",
                               node->text, nearest ? "; nearest: " : "", nearest ? nearest : "");
}

typedef sld_status (*check_name)(spec_reader *r, const sld_node *node, const char *key);

/* A text or a list of texts, each as `check` has it. */
static sld_status check_names(spec_reader *r, const sld_node *node, const char *key,
                              check_name check)
{
    SLD_TRY(check_texts(r, node, key));
    if (node->kind == SLD_NODE_SCALAR) {
        return check(r, node, key);
    }
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(check(r, node->item[i], key));
    }
    return SLD_OK;
}

/* One option, or two for a heat map. Whether they vary is known once the grid is. */
static sld_status read_x(spec_reader *r, const sld_node *x)
{
    spec *s = r->spec;

    SLD_TRY(check_names(r, x, "x", check_option));
    s->n_x = x->kind == SLD_NODE_SCALAR ? 1 : x->n;
    if (s->n_x > X_MAX) {
        return sld_node_fail(
            r->ctx, x, "x",
            "expected one option, or two for a heat map, got %zu; leave the others "
            "out",
            x->n);
    }
    for (size_t i = 0; i < s->n_x; i++) {
        s->x[i]     = x->kind == SLD_NODE_SCALAR ? x : x->item[i];
        s->x_key[i] = option_of(s->x[i]);
    }
    return s->n_x < 2 || strcmp(s->x_key[0], s->x_key[1]) != 0
               ? SLD_OK
               : sld_node_fail(r->ctx, s->x[1], "x",
                               "expected each once, got %.60s twice; leave one out", s->x_key[1]);
}

/* Which of its keys a claim has, and what it lacks. */
static sld_status refuse_form(spec_reader *r, const sld_node *body, const char *where)
{
    static const char *const forms[]   = {"arm", "against", "effect", "interaction"};
    char                     found[64] = "";
    size_t                   n = 0, used = 0;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (sld_node_value(body, forms[i])) {
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s", n++ ? ", " : "",
                                     forms[i]);
        }
    }
    return sld_node_fail(r->ctx, body, where,
                         "expected arm and against, or effect, or interaction, got %s%s; write "
                         "{arm: A, against: B}, {effect: AXIS} or {interaction: [AXIS, AXIS]}",
                         n ? found : "none of them", n == 1 ? " alone" : "");
}

static sld_status read_interaction(spec_reader *r, const sld_node *both)
{
    SLD_TRY(sld_spec_want(r, both, "interaction", SLD_NODE_LIST, "a list of two axes"));
    if (both->n != 2) {
        return sld_node_fail(r->ctx, both, "interaction", "expected two axes, got %zu", both->n);
    }
    SLD_TRY(check_axis(r, both->item[0], "interaction"));
    SLD_TRY(check_axis(r, both->item[1], "interaction"));
    return strcmp(both->item[0]->text, both->item[1]->text) != 0
               ? SLD_OK
               : sld_node_fail(r->ctx, both->item[1], "interaction",
                               "expected two axes, got %.60s twice; name another one, or write "
                               "effect: %.60s",
                               both->item[1]->text, both->item[1]->text);
}

static sld_status read_claim(spec_reader *r, const sld_node *at, const sld_node *body)
{
    static const char *const keys[] = {"arm", "against", "effect", "interaction", "metric"};
    const char              *text;
    char                     where[LABEL_MAX + 8];

    SLD_TRY(sld_spec_label(r, at, "claims", &text));
    snprintf(where, sizeof where, "claims.%s", text);
    SLD_TRY(sld_spec_want(r, body, where, SLD_NODE_MAP, "{arm: A, against: B} or {effect: AXIS}"));
    SLD_TRY(check_keys(r, body, where, keys, sizeof keys / sizeof *keys));
    const sld_node *arm = sld_node_value(body, "arm"), *against = sld_node_value(body, "against"),
                   *effect = sld_node_value(body, "effect"),
                   *both   = sld_node_value(body, "interaction"),
                   *metric = sld_node_value(body, "metric");
    if (!arm != !against || !arm + !effect + !both != 2) {
        return refuse_form(r, body, where);
    }
    if (metric) {
        SLD_TRY(check_metric(r, metric));
    }
    if (arm) {
        SLD_TRY(check_texts(r, arm, "arm"));
        return check_texts(r, against, "against");
    }
    return effect ? check_axis(r, effect, "effect") : read_interaction(r, both);
}

sld_status sld_spec_claims(spec_reader *r, const sld_node *node)
{
    SLD_TRY(sld_spec_want(r, node, "claims", SLD_NODE_MAP, "contrasts by name"));
    SLD_TRY(sld_spec_max(r, node, "claims", NAMED_MAX));
    SLD_TRY(sld_spec_once(r, node, "claims"));
    for (size_t i = 0; i < node->n; i++) {
        SLD_TRY(read_claim(r, node->key[i], node->item[i]));
    }
    r->spec->claims = node;
    return SLD_OK;
}

sld_status sld_spec_report(spec_reader *r, const sld_node *node)
{
    static const char *const keys[] = {"title", "x", "checks", "pair"};
    const char              *text;

    SLD_TRY(sld_spec_want(r, node, "report", SLD_NODE_MAP, "title, x, checks, pair with values"));
    SLD_TRY(check_keys(r, node, "report", keys, sizeof keys / sizeof *keys));
    const sld_node *title = sld_node_value(node, "title"), *x = sld_node_value(node, "x"),
                   *pair = sld_node_value(node, "pair"), *checks = sld_node_value(node, "checks");
    if (title) {
        SLD_TRY(sld_spec_text(r, title, "title", &text));
    }
    if (x) {
        SLD_TRY(read_x(r, x));
    }
    if (pair) {
        SLD_TRY(check_names(r, pair, "pair", check_axis_name));
    }
    if (!checks) {
        return SLD_OK;
    }
    SLD_TRY(sld_spec_want(r, checks, "checks", SLD_NODE_MAP, "arms by component"));
    SLD_TRY(sld_spec_max(r, checks, "checks", NAMED_MAX));
    SLD_TRY(sld_spec_once(r, checks, "checks"));
    for (size_t i = 0; i < checks->n; i++) {
        SLD_TRY(sld_spec_label(r, checks->key[i], "checks", &text));
        SLD_TRY(check_texts(r, checks->item[i], text));
    }
    r->spec->checks = checks;
    return SLD_OK;
}
