/* spec_top.c: the keys at a spec's top, and how a spec is recognised. */
#include "spec_parts.h"

#include <stdio.h>
#include <string.h>

static const char *const top_keys[] = {"name",  "base",     "teachers", "axes",   "exclude",
                                       "seeds", "baseline", "launch",   "claims", "report"};
enum { N_TOP = sizeof top_keys / sizeof *top_keys };

static bool is_top_key(const char *key)
{
    for (size_t i = 0; i < N_TOP; i++) {
        if (strcmp(key, top_keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool sld_spec_is_top_key(const char *key)
{
    char         first[16];
    const size_t n = strcspn(key, ".");

    snprintf(first, sizeof first, "%.*s", (int)n, key);
    return is_top_key(first);
}

static bool is_of_experiments(const char *key)
{
    return sld_config_is_key(key) || sld_config_is_section(key);
}

/* The first key that only a spec has; NULL: none. Both may have a name. */
static const sld_node *spec_key(const sld_node *root)
{
    for (size_t i = 0; root->kind == SLD_NODE_MAP && i < root->n; i++) {
        if (is_top_key(root->key[i]->text) && !is_of_experiments(root->key[i]->text)) {
            return root->key[i];
        }
    }
    return NULL;
}

sld_status sld_spec_check_top(spec_reader *r, const sld_node *root)
{
    SLD_TRY(sld_spec_want(r, root, NULL, SLD_NODE_MAP, "a sweep: name, base, axes ..."));
    SLD_TRY(sld_spec_once(r, root, NULL));
    for (size_t i = 0; i < root->n; i++) {
        const sld_node *key = root->key[i];
        if (is_top_key(key->text)) {
            continue;
        }
        if (!is_of_experiments(key->text)) {
            return sld_spec_unknown(r, key, NULL, key->text, top_keys, N_TOP);
        }
        return spec_key(root)
                   ? sld_node_fail(r->ctx, key, key->text,
                                   "expected inside base, for it is an option of experiments, got "
                                   "it at the top")
                   : sld_node_fail(
                         r->ctx, key, key->text,
                         "expected inside base, for it is an option of experiments, got it at the "
                         "top; train the file as a single experiment: sld run %s",
                         r->params->path);
    }
    return SLD_OK;
}

sld_status sld_grid_refuse_spec(sld_ctx *ctx, const char *path, const void *text, size_t n)
{
    sld_arena      *arena = NULL;
    const sld_node *root;

    SLD_TRY(sld_arena_create(ctx, &arena));
    sld_status st = sld_yaml_document(ctx, arena, path, text, n, &root);
    if (st == SLD_OK) {
        const sld_node *key = spec_key(root);
        st =
            key ? sld_node_fail(
                      ctx, key, key->text,
                      "expected an experiment, got the spec of a sweep; run it: sld sweep %s", path)
                : SLD_OK;
    }
    sld_arena_destroy(arena);
    return st;
}
