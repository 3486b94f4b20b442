/* fixture.h: a sweep from a literal. Weights and data are known by the last part of their path. */
#ifndef TEST_GRID_FIXTURE_H
#define TEST_GRID_FIXTURE_H

#include "config/fixture.h"
#include "sld/grid.h"

/* The content of a file is its name: the same wherever it lies. *user: how often it was asked. */
static inline sld_status fixture_content(sld_ctx *ctx, void *user, const sld_config *config,
                                         const char *weights, int version,
                                         char name[SLD_CONTENT_BYTES])
{
    const char *path  = weights ? weights : sld_config_options(config)->data.path;
    const char *slash = strrchr(path, '/');

    *(int *)user += 1;
    snprintf(name, SLD_CONTENT_BYTES, "%s%s", version == 1 ? "old " : "", slash ? slash + 1 : path);
    return SLD_OK;
}

/* s.yaml holds text; overrides are separated by spaces. */
static inline sld_status fixture_expand(sld_ctx *ctx, const char *text, const char *overrides,
                                        int *asked, sld_grid **out)
{
    static int  nobody;
    char        words[512] = "";
    const char *list[16];
    size_t      n = 0;

    snprintf(words, sizeof words, "%s", overrides ? overrides : "");
    for (char *c = strtok(words, " "); c; c = strtok(NULL, " ")) {
        list[n++] = c;
    }
    static const char *const metrics[] = {"top1_last", "nll_last", "copy_rate", "top1_val_last",
                                          "swapped_teacher_strong_last"};
    const sld_grid_params    params    = {.path        = "s.yaml",
                                          .text        = text,
                                          .n           = strlen(text),
                                          .overrides   = list,
                                          .n_overrides = n,
                                          .method      = fixture_methods,
                                          .content     = fixture_content,
                                          .user        = asked ? asked : &nobody,
                                          .metrics     = metrics,
                                          .n_metrics   = 5};
    sld_ctx_init(ctx);
    ctx->log_level = SLD_LOG_ERROR;
    return sld_grid_expand(ctx, &params, out);
}

static inline sld_grid *fixture_sweep(const char *text, const char *overrides)
{
    sld_ctx   ctx;
    sld_grid *grid = NULL;

    if (fixture_expand(&ctx, text, overrides, NULL, &grid) != SLD_OK) {
        fail_msg("%s\nwith %s: %s", text, overrides ? overrides : "no overrides", ctx.err.msg);
    }
    return grid;
}

static inline const sld_point *fixture_point(const sld_grid *grid, const char *arm, int64_t seed)
{
    for (size_t i = 0; i < sld_grid_count(grid); i++) {
        const sld_point *p = sld_grid_point(grid, i);
        if (strcmp(p->arm, arm) == 0 && p->seed == seed) {
            return p;
        }
    }
    fail_msg("no point %s of seed %d", arm, (int)seed);
    return NULL;
}

#endif
