/* sweep_plan.c: prints the plan of a sweep: changes, cost, storage and points. Runs nothing. */
#include "sweep_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sld/grid_folder.h"
#include "sweep_cost.h"

static void print_bytes(const char *what, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int                      u       = 0;

    while (bytes >= 1000 && u < 4) {
        bytes /= 1000;
        u++;
    }
    printf("  %-28s %.3g %s\n", what, bytes, units[u]);
}

static void print_points(const sld_grid *grid, const sld_point_status *status)
{
    const size_t n = sld_grid_count(grid);

    printf("  %-12s %-8s %6s  %s\n", "id", "state", "seed", "arm");
    for (size_t i = 0; i < n; i++) {
        const sld_point *p = sld_grid_point(grid, i);
        char             arm[4096];
        printf("  %-12s %-8s %6lld  %s%s\n", p->id,
               status ? sld_point_state_name(status[i].state) : "new", (long long)p->seed,
               p->is_teacher ? "teacher " : "", sld_text_printable(p->arm, arm, sizeof arm));
    }
}

static void print_same(const sld_grid *grid)
{
    const size_t n = sld_grid_count_same(grid);

    for (size_t i = 0; i < n; i++) {
        const sld_point *p    = sld_grid_same(grid, i);
        const int        same = sld_grid_find(grid, p->id);
        char             arm[256], its[256];
        printf("    %s%s seed %lld: the same trial as %s\n", p->is_teacher ? "teacher " : "",
               sld_text_printable(p->arm, arm, sizeof arm), (long long)p->seed,
               sld_text_printable(sld_grid_point(grid, (size_t)same)->arm, its, sizeof its));
    }
}

static void print_change(const sld_grid *grid, const sld_grid_change *change)
{
    const char *parts = sld_sweep_changed_parts(change);
    char        dir[512];

    (void)sld_text_printable(sld_grid_dir(grid), dir, sizeof dir);
    if (change->known + change->gone == 0) {
        printf("folder %s: new\n", dir);
        return;
    }
    printf("folder %s: %zu point%s known, %zu added, %zu gone\n", dir, change->known,
           sld_text_plural(change->known), change->added, change->gone);
    if (change->gone > 0) {
        printf("  changed: %s\n", change->example);
        puts(change->accepted ? "  --accept-changes takes the spec as it is"
                              : "  the sweep needs --accept-changes, or another folder: --dir DIR");
    }
    if (change->left > 0) {
        printf(
            "  %zu of the gone have ended: the sweep and its reports leave them out, their files "
            "stay on disk\n",
            change->left);
    }
    if (*change->renamed) {
        printf("  labels that name other trials than in the folder: %s\n", change->renamed);
    }
    if (*change->meant) {
        printf("  claims that compare other trials, though they say the same: %s\n", change->meant);
    }
    if (parts) {
        printf("  the given spec has other %s, and will replace the folder's\n", parts);
    }
    if ((change->claims || change->baseline) && change->ended > 0) {
        printf("  after %zu of %zu trial%s have ended: what is other in claims and baseline is no "
               "prediction, and reports will say so\n",
               change->ended, sld_grid_count(grid), sld_text_plural(sld_grid_count(grid)));
    }
}

static void print_estimate(const sld_sweep_cost *c, int asked)
{
    const double cores = sld_sweep_cores(), used = fmin(cores, fmax(c->ranks, 1));

    if (c->left < c->points) {
        printf("  %zu of %zu point%s left\n", c->left, c->points, sld_text_plural(c->points));
    }
    for (size_t i = 0; i < c->n_made; i++) {
        printf("  %s\n", c->made[i]);
    }
    if (c->n_more > 0) {
        puts("  ... and others");
    }
    if (c->measured > 0) {
        printf("estimate (%.3g GFLOP/s per core, measured on %zu trial%s here):\n", c->gflops,
               c->measured, sld_text_plural(c->measured));
    } else {
        printf("estimate (%.0f GFLOP/s per core; the machine decides):\n", c->gflops);
    }
    if (c->core_hours < 1) {
        printf("  %-28s %.3g core-minutes, %.3g minutes on %.0f core%s\n", "training",
               60 * c->core_hours, 60 * c->core_hours / used, cores,
               sld_text_plural((long long)cores));
    } else {
        printf("  %-28s %.3g core-hours, %.3g hours on %.0f core%s\n", "training", c->core_hours,
               c->core_hours / used, cores, sld_text_plural((long long)cores));
    }
    if (c->left > 0 && cores > c->ranks) {
        printf("  %.0f of %.0f cores idle: a trial uses at most parallel.shards ranks\n",
               cores - c->ranks, cores);
    }
    if (c->left > 0 && asked > c->max_ranks) {
        printf("  launch.ranks %d: a trial uses at most parallel.shards ranks, here %.0f\n", asked,
               c->max_ranks);
    }
    print_bytes("results and weights", c->kept_bytes);
    print_bytes("checkpoints per running trial", c->running_bytes);
    print_bytes("teacher logits, if all kept", c->logits_bytes);
}

sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const size_t      n      = sld_grid_count(grid);
    sld_point_status *status = NULL;
    sld_sweep_cost    cost;
    size_t            teachers = 0;

    for (size_t i = 0; i < n; i++) {
        teachers += sld_grid_point(grid, i)->is_teacher;
    }
    SLD_TRY(sld_sweep_known(ctx, grid, change, &status));
    sld_status st = sld_sweep_cost_of(ctx, grid, status, &cost);
    if (st == SLD_OK) {
        char name[256];
        printf("sweep %s: %zu point%s, %zu of them %s\n",
               sld_text_printable(sld_grid_name(grid), name, sizeof name), n, sld_text_plural(n),
               teachers, teachers == 1 ? "a teacher" : "teachers");
        if (sld_grid_dropped(grid) > 0) {
            printf("  %zu more compute%s the same as another: one trial each\n",
                   sld_grid_dropped(grid), sld_grid_dropped(grid) == 1 ? "s" : "");
        }
        print_same(grid);
        print_change(grid, change);
        print_estimate(&cost, sld_grid_launch(grid)->ranks);
        print_points(grid, status);
    }
    free(status);
    return st;
}

sld_status sld_sweep_known(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                           sld_point_status **out)
{
    *out = NULL;
    if (change->known == 0) {
        return SLD_OK;
    }
    sld_point_status *status = calloc(sld_grid_count(grid) + 1, sizeof *status);
    if (!status) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the plan");
    }
    if (sld_grid_status(ctx, grid, status) == SLD_OK) {
        *out = status;
    } else { /* the plan goes on without it; the sweep itself will report the error */
        sld_err_clear(ctx);
        free(status);
    }
    return SLD_OK;
}
