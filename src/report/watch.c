/* watch.c: prints the state of a sweep to a terminal: curves of the arms, running trials, last
 * events. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cells.h"
#include "curves.h"
#include "sld/report.h"

enum { MAX_CURVES = 6, CHART_ROWS = 9, MIN_COLUMNS = 40, LABEL = 8, EVENTS = 5 };
enum { NAME_BYTES = 28, MAX_FAILED = 3 };
enum { MAX_COLUMNS = 120, DOTS_X = 2, DOTS_Y = 4 }; /* a braille character is 2 x 4 dots */

typedef struct chart {
    int           columns; /* characters */
    double        low, high;
    size_t        longest;
    unsigned char dots[CHART_ROWS][MAX_COLUMNS];
    char mark[CHART_ROWS][MAX_COLUMNS]; /* letter of the arm whose curve ends here; 0: none */
    char of[CHART_ROWS][MAX_COLUMNS];   /* letter of the arm drawn here last; 0: none */
} chart;

/* Bit of dot (x, y) in a braille character, which is U+2800 + bits. */
static const unsigned char braille[DOTS_Y][DOTS_X] = {
    {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

static void find_range(const arm_curve *curves, size_t n, chart *c)
{
    c->low  = INFINITY;
    c->high = -INFINITY;
    for (size_t k = 0; k < n; k++) {
        for (size_t e = 0; e < curves[k].n_epochs; e++) {
            const double mean = curves[k].at[e].mean;
            if (isfinite(mean)) {
                c->low  = fmin(c->low, mean);
                c->high = fmax(c->high, mean);
            }
        }
    }
    if (!isfinite(c->low)) {
        c->low = c->high = 0.0;
    }
    if (c->high - c->low < 1.0) {
        c->low -= 0.5;
        c->high += 0.5;
    }
}

/* The curve's value at dot x of the chart, interpolated between epochs; NaN after its end. */
static double height_at(const chart *c, const arm_curve *curve, int x)
{
    const double span = c->longest > 1 ? (double)(c->longest - 1) : 1.0;
    const double e    = span * x / (DOTS_X * c->columns - 1);
    const size_t from = (size_t)e;

    if (e > (double)(curve->n_epochs - 1)) {
        return NAN;
    }
    const double a = curve->at[from].mean;
    const double b = from + 1 < curve->n_epochs ? curve->at[from + 1].mean : a;
    return a + (b - a) * (e - (double)from);
}

static void draw(chart *c, const arm_curve *curve, char letter)
{
    int last_x = -1, last_y = 0;

    for (int x = 0; x < DOTS_X * c->columns; x++) {
        const double h = height_at(c, curve, x);
        if (!isfinite(h)) {
            continue;
        }
        const int y = (int)lround((DOTS_Y * CHART_ROWS - 1) * (c->high - h) / (c->high - c->low));
        c->dots[y / DOTS_Y][x / DOTS_X] |= braille[y % DOTS_Y][x % DOTS_X];
        c->of[y / DOTS_Y][x / DOTS_X] = letter;
        last_x                        = x;
        last_y                        = y;
    }
    if (last_x >= 0) {
        c->mark[last_y / DOTS_Y][last_x / DOTS_X] = letter;
    }
}

/* ANSI colours that can be told apart on light and dark backgrounds. */
static const char *const colours[MAX_CURVES] = {"34", "31", "32", "35", "36", "33"};

static void put_coloured(const sld_screen *screen, char letter, const char *text, FILE *to)
{
    if (screen->colour && letter) {
        fprintf(to, "\033[%sm%s\033[0m", colours[(letter - 'a') % MAX_CURVES], text);
    } else {
        fputs(text, to);
    }
}

static void put_cell(const sld_screen *screen, const chart *c, int row, int column, FILE *to)
{
    const char    letter  = c->of[row][column];
    const char    plain[] = {c->mark[row][column] ? c->mark[row][column] : letter, '\0'};
    unsigned char utf8[4] = {0xe2, 0xa0, 0x80, 0};

    if (!letter) {
        fputc(' ', to);
    } else if (c->mark[row][column] || !screen->utf8) {
        put_coloured(screen, plain[0], plain, to);
    } else {
        utf8[1] = (unsigned char)(0xa0 | (c->dots[row][column] >> 6));
        utf8[2] = (unsigned char)(0x80 | (c->dots[row][column] & 0x3f));
        put_coloured(screen, letter, (const char *)utf8, to);
    }
}

static void put_chart(const sld_screen *screen, const chart *c, FILE *to)
{
    for (int row = 0; row < CHART_ROWS; row++) {
        if (row == 0 || row == CHART_ROWS - 1 || row == CHART_ROWS / 2) {
            fprintf(to, "%*.2f ", LABEL - 1, c->high - (c->high - c->low) * row / (CHART_ROWS - 1));
        } else {
            fprintf(to, "%*s", LABEL, "");
        }
        for (int column = 0; column < c->columns; column++) {
            put_cell(screen, c, row, column, to);
        }
        fputc('\n', to);
    }
    fprintf(to, "%*s1%*zu\n", LABEL, "", c->columns - 1, c->longest);
}

static const char *plus_minus(const sld_screen *screen)
{
    return screen->utf8 ? "±" : "+-";
}

/* Bytes of the text minus its characters: printf counts widths in bytes. */
static int extra(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) == 0x80;
    }
    return n;
}

static void put_arms(const sld_screen *screen, const report *r, const arm_curve *curves, size_t n,
                     FILE *to)
{
    char cells[CELL_COLUMNS][CELL_BYTES], name[NAME_BYTES];

    for (size_t k = 0; k < n; k++) {
        const report_arm *a        = &r->arms[curves[k].arm];
        const char        letter[] = {(char)('a' + k), '\0'};
        for (int c = 0; c < CELL_COLUMNS; c++) {
            cell_of_arm(cells[c], a, c, plus_minus(screen));
        }
        fputs("  ", to);
        put_coloured(screen, letter[0], letter, to);
        sld_text_printable(a->name, name, sizeof name);
        fprintf(to, " %-*s %6s  %*s  %s\n", 24 + extra(name), name, cells[0], 15 + extra(cells[1]),
                cells[1], cells[4]);
    }
}

static sld_status put_curves(sld_ctx *ctx, const sld_screen *screen, const report *r, FILE *to)
{
    arm_curve  curves[MAX_CURVES];
    arm_curves chosen;
    chart     *c = NULL;

    SLD_TRY(choose_curves(ctx, r, MAX_CURVES, curves, &chosen));
    const size_t n = chosen.n;
    if (n == 0) {
        return SLD_OK;
    }
    SLD_TRY(sld_arena_alloc(ctx, r->arena, sizeof *c, (void **)&c));
    c->columns = screen->columns - LABEL - 1;
    c->columns = c->columns < MIN_COLUMNS   ? MIN_COLUMNS
                 : c->columns > MAX_COLUMNS ? MAX_COLUMNS
                                            : c->columns;
    c->longest = chosen.longest;
    find_range(curves, n, c);
    for (size_t k = 0; k < n; k++) {
        draw(c, &curves[k], (char)('a' + k));
    }
    fprintf(to, "\ntest top-1, %%, by epoch\n");
    put_chart(screen, c, to);
    fprintf(to, "    %-24s %6s  %15s  %s\n", "arm", cell_heads[0], cell_heads[1], cell_heads[4]);
    put_arms(screen, r, curves, n, to);
    return SLD_OK;
}

static void count_states(const report *r, sld_point_status *status, sld_grid_totals *all)
{
    for (size_t i = 0; i < r->n_trials; i++) {
        status[i] = r->trials[i].status;
    }
    sld_grid_count_states(status, r->n_trials, all);
}

static void put_totals(const sld_grid_totals *all, FILE *to)
{
    char cell[CELL_BYTES];

    fprintf(to, "%zu points:", all->n);
    for (int s = 0; s <= SLD_POINT_SKIPPED; s++) {
        if (all->count[s] > 0) {
            fprintf(to, " %zu %s", all->count[s], sld_point_state_name((sld_point_state)s));
        }
    }
    if (all->ranks > 0) {
        fprintf(to, ", %d core%s busy", all->ranks, sld_text_plural(all->ranks));
    }
    if (all->left_s > 0) {
        sld_clock_span(all->left_s, cell);
        fprintf(to, ", ETA %s", cell);
    }
}

static void put_running(const report *r, int max, FILE *to)
{
    char cell[CELL_BYTES], name[256];
    int  shown = 0;

    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial     *t = &r->trials[i];
        const sld_point_status *s = &t->status;
        if (s->state != SLD_POINT_RUNNING || shown++ >= max) {
            continue;
        }
        fprintf(to, "%s  %s%s seed %lld: ", shown == 1 ? "\nrunning\n" : "",
                t->point->is_teacher ? "teacher " : "",
                sld_text_printable(t->point->arm, name, sizeof name), (long long)t->point->seed);
        if (s->epochs > 0) {
            sld_clock_span(s->left_s, cell);
            fprintf(to, "epoch %lld of %lld%s%s\n", (long long)s->epoch, (long long)s->epochs,
                    s->left_s > 0 ? ", ETA " : "", s->left_s > 0 ? cell : "");
        } else {
            fprintf(to, "starting\n");
        }
    }
    if (shown > max) {
        fprintf(to, "  and %d more\n", shown - max);
    }
}

static void put_failed(const report *r, FILE *to)
{
    char name[256], reason[512];
    int  shown = 0;

    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        if (t->status.state == SLD_POINT_FAILED && shown++ < MAX_FAILED) {
            fprintf(to, "%s  %s%s seed %lld: %s\n", shown == 1 ? "\nfailed\n" : "",
                    t->point->is_teacher ? "teacher " : "",
                    sld_text_printable(t->point->arm, name, sizeof name), (long long)t->point->seed,
                    sld_text_printable(t->status.reason, reason, sizeof reason));
        }
    }
    if (shown > MAX_FAILED) {
        fprintf(to, "  and %d more: sld status %s\n", shown - MAX_FAILED, r->dir);
    }
}

static sld_status put_events(sld_ctx *ctx, const report *r, const sld_grid *grid, FILE *to)
{
    sld_grid_event events[EVENTS];
    size_t         n;
    char           name[256];

    SLD_TRY(sld_grid_events(ctx, grid, EVENTS, events, &n));
    for (size_t i = 0; i < n; i++) {
        const report_trial *t        = &r->trials[events[i].point];
        const time_t        at       = (time_t)events[i].at;
        char                text[16] = "";
        struct tm           utc;
        if (gmtime_r(&at, &utc)) {
            strftime(text, sizeof text, "%H:%M:%SZ", &utc);
        }
        fprintf(to, "%s  %s %s%s seed %lld: %s\n", i == 0 ? "\nlast events\n" : "", text,
                t->point->is_teacher ? "teacher " : "",
                sld_text_printable(t->point->arm, name, sizeof name), (long long)t->point->seed,
                events[i].what);
    }
    return SLD_OK;
}

static sld_status put_screen(sld_ctx *ctx, const report *r, const sld_grid *grid,
                             const sld_screen *screen, const sld_grid_totals *all, FILE *to)
{
    const int room = screen->rows - CHART_ROWS - MAX_CURVES - EVENTS - 10;

    fprintf(to, "%s in %s: ", r->name, r->dir);
    put_totals(all, to);
    fputc('\n', to);
    SLD_TRY(put_curves(ctx, screen, r, to));
    put_running(r, room < 3 ? 3 : room, to);
    put_failed(r, to);
    return put_events(ctx, r, grid, to);
}

/* Prints one line, for a log. */
static void put_line(const report *r, const sld_grid_totals *all, FILE *to)
{
    char now[32];

    sld_clock_utc(now);
    fprintf(to, "%s %s: ", now, r->name);
    put_totals(all, to);
    fputc('\n', to);
}

sld_status sld_report_watch(sld_ctx *ctx, const sld_grid *grid, const sld_screen *screen, FILE *to,
                            bool *ended)
{
    report           *r      = NULL;
    sld_point_status *status = NULL;
    sld_grid_totals   all;

    SLD_TRY(report_gather_curves(ctx, grid, &r));
    sld_status st =
        sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * sizeof *status, (void **)&status);
    if (st == SLD_OK) {
        count_states(r, status, &all);
        *ended = all.count[SLD_POINT_WAITING] + all.count[SLD_POINT_RUNNING] == 0;
        if (screen) {
            st = put_screen(ctx, r, grid, screen, &all, to);
        } else {
            put_line(r, &all, to);
        }
    }
    report_destroy(r);
    return st;
}
