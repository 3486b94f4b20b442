/* page.c: writes the present state of a sweep as one HTML page without scripts or other files. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cells.h"
#include "html.h"
#include "sld/base_read.h"
#include "sld/report.h"

enum { MAX_RUNNING = 64, MAX_LOST = 40, MAX_EVENTS = 8, RELOAD_S = 60 };

static void put_title(const report *r, const sld_grid_totals *all, FILE *to)
{
    const bool left = all->count[SLD_POINT_WAITING] + all->count[SLD_POINT_RUNNING] > 0;

    fprintf(to, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n" HTML_MARK
                "\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
    if (left) {
        fprintf(to, "<meta http-equiv=\"refresh\" content=\"%d\">\n", RELOAD_S);
    }
    fprintf(to, "<title>%zu/%zu ",
            all->n - all->count[SLD_POINT_WAITING] - all->count[SLD_POINT_RUNNING], all->n);
    html_text(to, r->name);
    fprintf(to, "</title>\n<style>%s</style></head>\n<body>\n<h1>", html_style);
    html_text(to, r->name);
    fprintf(to, "</h1>\n");
}

static void put_states(const report *r, const sld_grid_totals *all, FILE *to)
{
    char cell[CELL_BYTES], now[32];

    fprintf(to, "<p>%zu trial%s", all->n, sld_text_plural((long long)all->n));
    for (int s = 0, first = 1; s <= SLD_POINT_SKIPPED; s++) {
        if (all->count[s] > 0) {
            fprintf(to, "%s %zu %s", first ? ":" : ",", all->count[s],
                    sld_point_state_name((sld_point_state)s));
            first = 0;
        }
    }
    if (all->left_s > 0) {
        sld_clock_span(all->left_s, cell);
        fprintf(to, "; ETA %s", cell);
    }
    if (all->ranks > 0) {
        fprintf(to, "; %d core%s busy", all->ranks, sld_text_plural(all->ranks));
    }
    sld_clock_utc(now);
    fprintf(to, "</p>\n<div class=\"bar\" role=\"img\" aria-label=\"states of the trials\">");
    for (int s = SLD_POINT_DONE; s <= SLD_POINT_SKIPPED + 1; s++) { /* running last */
        const sld_point_state state =
            s > SLD_POINT_SKIPPED ? SLD_POINT_RUNNING : (sld_point_state)s;
        if (all->count[state] > 0) {
            fprintf(to, "<i class=\"%s\" style=\"width:%.2f%%\"></i>", sld_point_state_name(state),
                    100.0 * (double)all->count[state] / (double)all->n);
        }
    }
    fprintf(to, "</div>\n<p class=\"note\">");
    html_text(to, r->dir);
    fprintf(to, ", as of %s. The same in a terminal: <code>sld report ", now);
    html_text(to, r->dir);
    fprintf(to, "</code></p>\n");
}

static sld_status put_explanation(sld_ctx *ctx, const report *r, FILE *to)
{
    char  *text  = NULL;
    size_t n     = 0;
    FILE  *lines = open_memstream(&text, &n);

    if (!lines) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the page of a sweep");
    }
    cell_explain(r, "±", lines);
    if (fclose(lines) != 0) {
        free(text);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the page of a sweep");
    }
    for (char *c = text; *c; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    fprintf(to, "<p class=\"note\">");
    html_text(to, text);
    free(text);
    return SLD_OK;
}

static sld_status put_arms(sld_ctx *ctx, const report *r, FILE *to)
{
    double     low, high;
    const bool seeds = html_range(r, &low, &high);
    char       cell[CELL_BYTES];

    fprintf(to, "<h2>Test top-1, %%</h2>\n<div class=\"scroll\"><table><thead><tr><th>arm</th>");
    for (int c = 0; c < CELL_COLUMNS; c++) {
        fprintf(to, "<th>%s</th>", cell_heads[c]);
    }
    fprintf(to, "%s</tr></thead><tbody>\n", seeds ? "<th>seeds</th>" : "");
    for (size_t a = 0; a < r->n_arms; a++) {
        fprintf(to, "<tr><th>");
        html_text(to, r->arms[a].name);
        fprintf(to, "%s</th>", r->arms[a].is_teacher ? " (teacher)" : "");
        for (int c = 0; c < CELL_COLUMNS; c++) {
            cell_of_arm(cell, &r->arms[a], c, "±");
            fprintf(to, "<td>%s</td>", cell);
        }
        if (seeds) {
            fprintf(to, "<td>");
            html_seeds(r, a, low, high, to);
            fprintf(to, "</td>");
        }
        fprintf(to, "</tr>\n");
    }
    fprintf(to, "</tbody></table></div>\n");
    SLD_TRY(put_explanation(ctx, r, to));
    if (seeds) {
        fprintf(to,
                "seeds: one dot a seed, the mean and one deviation, from %.2f to %.2f; dotted: the "
                "baseline's mean.",
                low, high);
    }
    fprintf(to, "</p>\n");
    return SLD_OK;
}

/* A teacher of the sweep may have the name of an arm of students. */
static void put_name(const sld_point *p, FILE *to)
{
    html_text(to, p->arm);
    fprintf(to, "%s", p->is_teacher ? " (teacher)" : "");
}

static void put_running_trial(const report_trial *t, FILE *to)
{
    const sld_point_status *s = &t->status;
    char                    cell[CELL_BYTES];

    fprintf(to, "<tr><th>");
    put_name(t->point, to);
    fprintf(to, "</th><td>%lld</td>", (long long)t->point->seed);
    if (s->epochs > 0) {
        sld_clock_span(s->left_s, cell);
        fprintf(to, "<td>%lld of %lld</td><td>%s</td>", (long long)s->epoch, (long long)s->epochs,
                s->left_s > 0 ? cell : "-");
    } else {
        fprintf(to, "<td>starting</td><td>-</td>");
    }
    if (t->n_top1 > 0) {
        fprintf(to, "<td>%.2f</td>", t->top1[t->n_top1 - 1]);
    } else {
        fprintf(to, "<td>-</td>");
    }
    if (s->ranks > 0) {
        fprintf(to, "<td>%d</td>", s->ranks);
    } else {
        fprintf(to, "<td>-</td>");
    }
    fprintf(to, "<td>%d</td></tr>\n", s->attempts);
}

static void put_running(const report *r, const sld_grid_totals *all, FILE *to)
{
    size_t shown = 0;

    if (all->count[SLD_POINT_RUNNING] == 0) {
        return;
    }
    fprintf(to,
            "<h2>Running</h2>\n<div class=\"scroll\"><table><thead><tr><th>arm</th><th>seed</th>"
            "<th>epoch</th><th>ETA</th><th>top-1, %%</th><th>ranks</th><th>attempt</th></tr>"
            "</thead><tbody>\n");
    for (size_t i = 0; i < r->n_trials; i++) {
        if (r->trials[i].status.state == SLD_POINT_RUNNING && shown++ < MAX_RUNNING) {
            put_running_trial(&r->trials[i], to);
        }
    }
    fprintf(to, "</tbody></table></div>\n");
    if (shown > MAX_RUNNING) {
        fprintf(to, "<p class=\"note\">and %zu more</p>\n", shown - MAX_RUNNING);
    }
}

static bool is_lost(const report_trial *t)
{
    return t->status.state == SLD_POINT_FAILED || t->status.state == SLD_POINT_DIVERGED;
}

static void put_lost(const report *r, FILE *to)
{
    size_t shown = 0;

    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        if (!is_lost(t) || shown++ >= MAX_LOST) {
            continue;
        }
        if (shown == 1) {
            fprintf(to,
                    "<h2 class=\"bad\">Failed, diverged</h2>\n<div class=\"scroll\"><table "
                    "class=\"lost\"><thead><tr><th>arm</th><th>seed</th><th>ID</th><th>state</th>"
                    "<th class=\"text\">reason</th></tr></thead><tbody>\n");
        }
        fprintf(to, "<tr><th>");
        put_name(t->point, to);
        fprintf(to, "</th><td>%lld</td><td>", (long long)t->point->seed);
        html_text(to, t->point->id);
        fprintf(to, "</td><td>%s</td><td class=\"text\">", sld_point_state_name(t->status.state));
        html_text(to, t->status.reason);
        fprintf(to, "</td></tr>\n");
    }
    if (shown > 0) {
        fprintf(to, "</tbody></table></div>\n");
    }
    if (shown > MAX_LOST) {
        fprintf(to, "<p class=\"note\">and %zu more</p>\n", shown - MAX_LOST);
    }
}

static void put_events(const report *r, const sld_grid_event *events, size_t n, FILE *to)
{
    if (n == 0) {
        return;
    }
    fprintf(to, "<h2>Last events</h2>\n<div class=\"scroll\"><table><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        const sld_point *p  = r->trials[events[i].point].point;
        const time_t     at = (time_t)events[i].at;
        struct tm        utc;
        char             text[32] = "";
        if (gmtime_r(&at, &utc)) {
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%SZ", &utc);
        }
        fprintf(to, "<tr><th>%s</th><td class=\"text\">", text);
        put_name(p, to);
        fprintf(to, ", seed %lld: %s</td></tr>\n", (long long)p->seed, events[i].what);
    }
    fprintf(to, "</tbody></table></div>\n");
}

static void put_late(const report *r, FILE *to)
{
    if (r->late_claims[0]) {
        fprintf(to, "<p>No predictions, because trials had ended before:</p>\n<ul>\n");
        report_put_late(r, "<li>", "</li>\n", html_text, to);
        fprintf(to, "</ul>\n");
    }
}

static sld_status put_page(sld_ctx *ctx, const report *r, const sld_grid *grid, FILE *to)
{
    sld_point_status *status = NULL;
    sld_grid_totals   all;
    sld_grid_event    events[MAX_EVENTS];
    size_t            n = 0;

    SLD_TRY(sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * sizeof *status, (void **)&status));
    for (size_t i = 0; i < r->n_trials; i++) {
        status[i] = r->trials[i].status;
    }
    sld_grid_count_states(status, r->n_trials, &all);
    SLD_TRY(sld_grid_events(ctx, grid, MAX_EVENTS, events, &n));
    put_title(r, &all, to);
    put_states(r, &all, to);
    SLD_TRY(html_facts(ctx, r, to));
    put_lost(r, to);
    SLD_TRY(put_arms(ctx, r, to));
    put_late(r, to);
    SLD_TRY(html_curves(ctx, r, to));
    put_running(r, &all, to);
    put_events(r, events, n, to);
    fprintf(to, "</body></html>\n");
    return SLD_OK;
}

sld_status sld_report_page(sld_ctx *ctx, const sld_grid *grid, const char *path, bool replace)
{
    report *r    = NULL;
    char   *text = NULL;
    size_t  n    = 0;

    SLD_TRY(report_gather_curves(ctx, grid, &r));
    FILE      *to = open_memstream(&text, &n);
    sld_status st = to ? put_page(ctx, r, grid, to)
                       : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the page of a sweep");
    if (to && fclose(to) != 0 && st == SLD_OK) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the page of a sweep");
    }
    if (st == SLD_OK) {
        st = sld_file_publish(ctx, path, text, n, replace);
    }
    free(text);
    report_destroy(r);
    return st;
}

bool sld_report_is_page(const char *path)
{
    char  head[512] = "";
    FILE *file      = sld_file_stream(path);

    if (!file) {
        return false;
    }
    const size_t n = fread(head, 1, sizeof head - 1, file);
    head[n]        = '\0';
    fclose(file);
    return strstr(head, HTML_MARK) != NULL;
}

sld_status sld_report_keep_page(sld_ctx *ctx, const sld_grid *grid)
{
    char path[PATH_MAX];

    sld_sweep_path(sld_grid_dir(grid), "report.html", path);
    if (access(path, F_OK) == 0 && !sld_report_is_page(path)) {
        return SLD_OK; /* a file of the user's: keep it */
    }
    return sld_report_page(ctx, grid, path, true);
}
