/* html_figures.c: draws the figures of a sweep's page as inline SVG. */
#include <math.h>
#include <string.h>

#include "cells.h"
#include "curves.h"
#include "html.h"

/* Size and margins of the figure of curves, in SVG units. */
enum { WIDTH = 640, HEIGHT = 330, LEFT = 46, RIGHT = 12, TOP = 10, BOTTOM = 40 };
enum { MAX_POINTS = 120, STRIP = 160 };

static const char *const dashes[] = {"", "7 3", "2 2.5", "8 3 2 3"};

typedef struct frame { /* maps epochs and percent to SVG units */
    double low, high;
    size_t longest;
} frame;

static double x_of(const frame *f, size_t epoch)
{
    const double span = f->longest > 1 ? (double)(f->longest - 1) : 1.0;

    return LEFT + (WIDTH - LEFT - RIGHT) * (double)(epoch - 1) / span;
}

static double y_of(const frame *f, double percent)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (f->high - percent) / (f->high - f->low);
}

static double sd_of(const stats_sample *s)
{
    return isnan(s->sd) ? 0.0 : s->sd;
}

/* Ignores the first fifth of the epochs: all arms rise there in the same way, and showing it would
 * leave too little height for the differences between arms. */
static frame find_frame(const arm_curve *curves, size_t n, size_t longest)
{
    frame f = {.low = INFINITY, .high = -INFINITY, .longest = longest};

    for (size_t c = 0; c < n; c++) {
        for (size_t e = longest / 5; e < curves[c].n_epochs; e++) {
            const stats_sample *s = &curves[c].at[e];
            if (isfinite(s->mean)) {
                f.low  = fmin(f.low, s->mean - sd_of(s));
                f.high = fmax(f.high, s->mean + sd_of(s));
            }
        }
    }
    if (!isfinite(f.low)) {
        f.low = f.high = 0.0;
    }
    if (f.high - f.low < 1.0) {
        f.low -= 0.5;
        f.high += 0.5;
    }
    return f;
}

/* Distance of ticks: 1, 2 or 5 times a power of ten, so that about five ticks fit the span. */
static double tick_of(double span)
{
    const double power = pow(10.0, floor(log10(span / 5.0))), part = span / 5.0 / power;

    return power * (part > 5.0 ? 10.0 : part > 2.0 ? 5.0 : part > 1.0 ? 2.0 : 1.0);
}

static void put_axes(const frame *f, FILE *to)
{
    const double tick = tick_of(f->high - f->low);
    const size_t step = f->longest > 5 ? (size_t)fmax(1.0, tick_of((double)f->longest)) : 1;
    const long   last = (long)floor(f->high / tick);

    for (long i = (long)ceil(f->low / tick); i <= last; i++) {
        const double v = (double)i * tick;
        fprintf(to,
                "<path d=\"M%d %.1fH%d\" stroke=\"var(--line)\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%g</text>\n",
                LEFT, y_of(f, v), WIDTH - RIGHT, LEFT - 6, y_of(f, v) + 4.0, v);
    }
    for (size_t e = step; e <= f->longest; e += step) {
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n", x_of(f, e),
                HEIGHT - BOTTOM + 18, e);
    }
    fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4);
}

static void put_point(const frame *f, size_t e, double percent, bool first, FILE *to)
{
    fprintf(to, "%s%.1f %.1f", first ? "M" : "L", x_of(f, e + 1), y_of(f, percent));
}

/* The epoch of the i-th of n points of a curve; the first and the last epoch are among them. */
static size_t epoch_at(const arm_curve *c, size_t i, size_t n)
{
    return n < 2 ? 0 : i * (c->n_epochs - 1) / (n - 1);
}

static void put_curve(const frame *f, const arm_curve *c, size_t color, FILE *to)
{
    const size_t n     = c->n_epochs < MAX_POINTS ? c->n_epochs : MAX_POINTS;
    bool         first = true;

    fprintf(to, "<path fill=\"var(--c%zu)\" opacity=\".16\" d=\"", color % 8);
    for (size_t k = 0; k < 2 * n; k++) { /* the band: forth along its upper edge, then back below */
        const size_t        e = epoch_at(c, k < n ? k : 2 * n - 1 - k, n);
        const stats_sample *s = &c->at[e];
        if (isfinite(s->mean)) {
            put_point(f, e, s->mean + (k < n ? sd_of(s) : -sd_of(s)), first, to);
            first = false;
        }
    }
    fprintf(to,
            "Z\"/><path fill=\"none\" stroke=\"var(--c%zu)\" stroke-width=\"2\" "
            "stroke-dasharray=\"%s\" d=\"",
            color % 8, dashes[color % 4]);
    first = true;
    for (size_t k = 0; k < n; k++) {
        const size_t e = epoch_at(c, k, n);
        if (isfinite(c->at[e].mean)) {
            put_point(f, e, c->at[e].mean, first, to);
            first = false;
        }
    }
    fprintf(to, "\"/>\n");
    if (c->n_epochs == 1 && isfinite(c->at[0].mean)) { /* a path of one point is invisible */
        fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"var(--c%zu)\"/>\n", x_of(f, 1),
                y_of(f, c->at[0].mean), color % 8);
    }
}

static void put_legend(const report *r, const arm_curve *curves, size_t n, FILE *to)
{
    fprintf(to, "<ul class=\"legend\">\n");
    for (size_t c = 0; c < n; c++) {
        fprintf(to,
                "<li><svg viewBox=\"0 0 34 10\" aria-hidden=\"true\"><path d=\"M1 5H33\" "
                "stroke=\"var(--c%zu)\" stroke-width=\"2.4\" stroke-dasharray=\"%s\"/></svg><span>",
                c % 8, dashes[c % 4]);
        html_text(to, r->arms[curves[c].arm].name);
        fprintf(to, "</span></li>\n");
    }
    fprintf(to, "</ul>\n");
}

sld_status html_curves(sld_ctx *ctx, const report *r, FILE *to)
{
    arm_curve  curves[HTML_MAX_CURVES];
    arm_curves chosen;

    SLD_TRY(choose_curves(ctx, r, HTML_MAX_CURVES, curves, &chosen));
    const size_t n = chosen.n;
    if (n == 0) {
        return SLD_OK;
    }
    const frame f = find_frame(curves, n, chosen.longest);
    fprintf(
        to,
        "<h2>Learning curves</h2>\n<figure><svg class=\"curves\" viewBox=\"0 0 %d %d\" "
        "role=\"img\" font-size=\"12\" fill=\"currentColor\" aria-label=\"Test top-1 in percent "
        "by epoch of %zu arms\">\n",
        WIDTH, HEIGHT, n);
    put_axes(&f, to);
    fprintf(to, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"%d %d %d %d\">\n",
            LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, LEFT, TOP, WIDTH - LEFT - RIGHT,
            HEIGHT - TOP - BOTTOM);
    for (size_t c = 0; c < n; c++) {
        put_curve(&f, &curves[c], c, to);
    }
    fprintf(to, "</svg></svg>\n");
    put_legend(r, curves, n, to);
    fprintf(to,
            "<figcaption class=\"note\">Test top-1, %%: mean over the seeds that have reached an "
            "epoch; band: one standard deviation.%s</figcaption></figure>\n",
            chosen.left_out > 0 ? " The baseline and the best arms are shown." : "");
    return SLD_OK;
}

static bool is_done(const report *r, const report_trial *t, size_t arm)
{
    return t->status.state == SLD_POINT_DONE && t->has_results &&
           isfinite(t->metric[REPORT_top1_last]) && report_is_arm_of(&r->arms[arm], t->point);
}

bool html_range(const report *r, double *low, double *high)
{
    *low  = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        const report_trial *t = &r->trials[i];
        if (!t->point->is_teacher && t->status.state == SLD_POINT_DONE &&
            isfinite(t->metric[REPORT_top1_last])) {
            *low  = fmin(*low, t->metric[REPORT_top1_last]);
            *high = fmax(*high, t->metric[REPORT_top1_last]);
        }
    }
    if (*high - *low < 0.1) {
        *low -= 0.05;
        *high += 0.05;
    }
    return isfinite(*low);
}

void html_seeds(const report *r, size_t arm, double low, double high, FILE *to)
{
    const stats_sample *s     = &r->arms[arm].metric[REPORT_top1_last];
    const double        scale = (STRIP - 12) / (high - low);
    char                cell[CELL_BYTES];

    if (s->n == 0 || r->arms[arm].is_teacher) {
        return;
    }
    cell_sample(cell, *s, s->sd, "", "±");
    fprintf(to, "<svg class=\"seeds\" viewBox=\"0 0 %d 20\" role=\"img\" aria-label=\"%s\">", STRIP,
            cell);
    const int base = r->arms[arm].baseline;
    if (base >= 0 && isfinite(r->arms[base].metric[REPORT_top1_last].mean)) {
        fprintf(to, "<path d=\"M%.1f 0V20\" stroke=\"var(--faint)\" stroke-dasharray=\"2 2\"/>",
                6.0 + scale * (r->arms[base].metric[REPORT_top1_last].mean - low));
    }
    if (isfinite(s->sd)) {
        const double from = fmax(0.0, 6.0 + scale * (s->mean - s->sd - low));
        const double end  = fmin(STRIP, 6.0 + scale * (s->mean + s->sd - low));
        fprintf(to,
                "<path d=\"M%.1f 10H%.1f\" stroke=\"var(--c0)\" stroke-width=\"12\" "
                "opacity=\".2\"/>",
                from, end);
    }
    fprintf(to, "<path d=\"M%.1f 3V17\" stroke=\"var(--c0)\" stroke-width=\"2\"/>",
            6.0 + scale * (s->mean - low));
    for (size_t i = 0; i < r->n_trials + r->n_same; i++) {
        if (is_done(r, &r->trials[i], arm)) {
            fprintf(to, "<circle cx=\"%.1f\" cy=\"10\" r=\"3\" fill=\"var(--c0)\" opacity=\".6\"/>",
                    6.0 + scale * (r->trials[i].metric[REPORT_top1_last] - low));
        }
    }
    fprintf(to, "</svg>");
}
