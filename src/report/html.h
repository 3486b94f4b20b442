/* html.h: pieces of the page of a sweep. */
#ifndef SLD_REPORT_HTML_H
#define SLD_REPORT_HTML_H

#include "report.h"

enum { HTML_MAX_CURVES = 8 };

/* html_text.c. Text of unknown origin: printable, and no markup. */
void              html_text(FILE *to, const char *text);
extern const char html_style[]; /* style sheet */
#define HTML_MARK "<meta name=\"generator\" content=\"sld\">"

/* html_figures.c. The learning curves of the arms that stand highest; nothing where there are none. */
sld_status html_curves(sld_ctx *ctx, const report *r, FILE *to);
/* The line and band of an arm's seeds for a cell of its table: x from low to high percent. */
void html_seeds(const report *r, size_t arm, double low, double high, FILE *to);
/* What all seeds of all arms lie between; false where no trial is done. */
bool html_range(const report *r, double *low, double *high);

#endif
