/* sweep_change.c: tells in the log what a sweep is, and what of its folder this command has
 * changed. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sld/grid_folder.h"
#include "sweep_plan.h"

enum { SAME_SHOWN = 10 };

static void say_points(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const size_t dropped = sld_grid_dropped(grid), same = sld_grid_count_same(grid);

    for (size_t i = 0; i < same && i < SAME_SHOWN; i++) {
        const sld_point *p = sld_grid_same(grid, i);
        sld_log(ctx, SLD_LOG_INFO, "%s seed %lld: the same trial as %s (%s)", p->arm,
                (long long)p->seed, sld_grid_point(grid, (size_t)sld_grid_find(grid, p->id))->arm,
                p->id);
    }
    if (dropped > 0) {
        sld_log(ctx, SLD_LOG_INFO,
                "%zu point%s of the grid compute%s what another does already: one trial each",
                dropped, sld_text_plural(dropped), dropped == 1 ? "s" : "");
    }
    sld_log(ctx, SLD_LOG_INFO, "sweep %s in %s: %zu point%s%s", sld_grid_name(grid),
            sld_grid_dir(grid), sld_grid_count(grid), sld_text_plural(sld_grid_count(grid)),
            change->known == 0   ? ""
            : change->added == 0 ? ", resumed"
                                 : ", extended");
}

const char *sld_sweep_changed_parts(const sld_grid_change *change)
{
    return change->claims && change->report ? "claims and report"
           : change->claims                 ? "claims"
           : change->report                 ? "report"
                                            : NULL;
}

/* Results that the sweep leaves out, labels and claims that name other trials than before. */
static void say_meaning(sld_ctx *ctx, const char *dir, const sld_grid_change *change)
{
    const sld_log_level level = change->ended > 0 ? SLD_LOG_WARN : SLD_LOG_INFO;

    if (change->left > 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: %zu trial%s that %s ended %s not in this spec: the sweep and its reports leave "
            "%s out; %s on disk",
            dir, change->left, sld_text_plural(change->left), change->left == 1 ? "has" : "have",
            change->left == 1 ? "is" : "are", change->left == 1 ? "it" : "them",
            change->left == 1 ? "it stays" : "they stay");
    }
    if (change->fewer) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: claims compare fewer seeds than before, though trials of the others had ended; "
            "reports say so beside their tests",
            dir);
    }
    if (*change->renamed) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: labels that name other trials than in the folder before: %s", dir,
                change->renamed);
    }
    if (*change->meant) {
        sld_log(ctx, level,
                "%s: claims that compare other trials than before, though they say the same: %s",
                dir, change->meant);
    }
}

void sld_sweep_say_change(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const char  *parts = sld_sweep_changed_parts(change), *dir = sld_grid_dir(grid);
    const size_t n = sld_grid_count(grid);

    say_points(ctx, grid, change);
    if (parts) {
        sld_log(ctx, SLD_LOG_INFO, "%s/sweep.yaml: replaced by the given spec, which has other %s",
                dir, parts);
    }
    say_meaning(ctx, dir, change);
    if (change->claims && change->ended > 0) { /* after results they are no predictions */
        sld_log(ctx, SLD_LOG_WARN,
                "%s: claims were %s after %zu of %zu trial%s had ended; reports say so beside "
                "their tests; name claims before the first trial",
                dir, change->claims, change->ended, n, sld_text_plural(n));
    }
    if (change->baseline && change->ended > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: the baseline became other trials after %zu of %zu trial%s had ended; reports "
                "say so",
                dir, change->ended, n, sld_text_plural(n));
    }
}

void sld_sweep_tell_command(sld_ctx *ctx, const sld_grid *grid)
{
    const sld_launch *launch = sld_grid_launch(grid);
    size_t            i      = 0;

    while (i < sld_grid_count(grid) && sld_grid_point(grid, i)->max_ranks == 1) {
        i++;
    }
    if (*launch->command && !strstr(launch->command, "{ranks}") && launch->ranks != 1 &&
        i < sld_grid_count(grid)) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "launch.command: expected {ranks}, which becomes a trial's number of ranks, got a line "
            "without it: trials run on as many as the line itself starts, whatever the sweep says; "
            "write {ranks} into it, or give launch.ranks=1 where it starts one");
    }
}

static bool any_asked(const sld_grid *grid)
{
    size_t i = 0;

    while (i < sld_grid_count(grid) && !sld_grid_point(grid, i)->asked) {
        i++;
    }
    return i < sld_grid_count(grid);
}

/* Whether students wait for a file of this teacher that is not there: the sweep trains it once more. */
static bool is_missed(const sld_grid *grid, const sld_point_status *status, size_t teacher)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < sld_grid_count(grid); i++) {
        const sld_point *p = sld_grid_point(grid, i);
        if (p->teacher == (int)teacher && status[i].state == SLD_POINT_WAITING) {
            sld_sweep_path(sld_grid_dir(grid), p->teacher_file, path);
            if (access(path, F_OK) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* Of points that have ended: how many ask for something else than the folder records. *keys: of the
 * first. */
static size_t count_asked(const sld_grid *grid, const sld_point_status *status, const char **keys)
{
    size_t n = 0;

    for (size_t i = 0; i < sld_grid_count(grid); i++) {
        const sld_point *p = sld_grid_point(grid, i);
        if (p->asked &&
            (status[i].state == SLD_POINT_DONE || status[i].state == SLD_POINT_DIVERGED) &&
            !is_missed(grid, status, i)) {
            *keys = n++ == 0 ? p->asked : *keys;
        }
    }
    return n;
}

/* The keys of words. */
static void keys_of(const char *const *words, size_t n_words, char *keys, size_t n)
{
    size_t used = 0;

    keys[0] = '\0';
    for (size_t i = 0; i < n_words; i++) {
        const int length = (int)strcspn(words[i], "=");
        if (used + (size_t)length + 3 < n) {
            used += (size_t)snprintf(keys + used, n - used, "%s%.*s", used > 0 ? ", " : "", length,
                                     words[i]);
        }
    }
}

sld_status sld_sweep_warn_ended(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change,
                                const char *const *words, size_t n_words)
{
    sld_point_status *status = NULL;
    sld_grid_totals   totals;
    const char       *asked = "";
    char              keys[400];

    if (n_words == 0 && !any_asked(grid)) {
        return SLD_OK;
    }
    SLD_TRY(sld_sweep_known(ctx, grid, change, &status));
    if (!status) {
        return SLD_OK;
    }
    sld_grid_count_states(status, sld_grid_count(grid), &totals);
    const size_t n = count_asked(grid, status, &asked);
    free(status);
    if (n > 0) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s: %s: changes nothing in %zu of %zu trial%s, which ended without it; --retry ID "
                "trains one anew, another --dir all",
                sld_grid_dir(grid), asked, n, totals.n, sld_text_plural(totals.n));
    }
    if (n_words > 0 && totals.count[SLD_POINT_WAITING] + totals.count[SLD_POINT_RUNNING] == 0) {
        keys_of(words, n_words, keys, sizeof keys);
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: %s: change%s nothing here: a setting beside a folder holds for the trials that "
            "this command runs, and none is left to run; --retry ID trains one anew",
            sld_grid_dir(grid), keys, n_words == 1 ? "s" : "");
    }
    return SLD_OK;
}
