/* html.h: parts of a sweep's HTML page. */
#ifndef SLD_REPORT_HTML_H
#define SLD_REPORT_HTML_H

#include "report.h"

enum { HTML_MAX_CURVES = 8 };

/* html_text.c. Writes text that a user chose: escapes markup and unprintable bytes. */
void              html_text(FILE *to, const char *text);
extern const char html_style[]; /* the page's style sheet */
#define HTML_MARK "<meta name=\"generator\" content=\"sld\">"

/* html_facts.c. One line: data, networks, methods, epochs and program of all trials. */
sld_status html_facts(sld_ctx *ctx, const report *r, FILE *to);

/* html_figures.c. Draws the learning curves of the best arms; nothing if there are none. */
sld_status html_curves(sld_ctx *ctx, const report *r, FILE *to);
/* Draws one dot per seed of an arm, their mean and one deviation, on a scale from low to high
 * percent: a cell of the table of arms. */
void html_seeds(const report *r, size_t arm, double low, double high, FILE *to);
/* The range in which all seeds of all arms lie, in percent; false if no trial is done. */
bool html_range(const report *r, double *low, double *high);

#endif
