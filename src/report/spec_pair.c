/* spec_pair.c: the axes that a spec names with `report: {pair: AXIS}` or a list of them. */
#include <string.h>

#include "report.h"
#include "sld/config.h"

static sld_status keep(sld_ctx *ctx, report *r, const sld_node *pair)
{
    const bool   one = pair->kind == SLD_NODE_SCALAR;
    const size_t n   = one ? 1 : pair->n;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, (n + 1) * sizeof *r->pair, (void **)&r->pair));
    for (size_t i = 0; i < n; i++) {
        const sld_node *name = one ? pair : pair->item[i];
        if (name->kind == SLD_NODE_SCALAR && name->text[0]) {
            r->pair[r->n_pair++] = name->text;
        }
    }
    return SLD_OK;
}

/* The sweep's start has checked the spec. One that somebody changed since is none to be read. */
sld_status report_read_pair(sld_ctx *ctx, report *r, const char *text, size_t n)
{
    const sld_node  *root = NULL;
    const sld_status st   = sld_yaml_document(ctx, r->arena, "sweep.yaml", text, n, &root);

    if (st == SLD_ERR_NOMEM) {
        return st;
    }
    if (st != SLD_OK) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    const sld_node *pair = sld_node_value(sld_node_value(root, "report"), "pair");
    return pair && pair->kind != SLD_NODE_MAP ? keep(ctx, r, pair) : SLD_OK;
}
