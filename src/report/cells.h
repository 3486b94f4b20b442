/* cells.h: numbers of a report as text: the terminal, the page and the watch print the same digits. */
#ifndef SLD_REPORT_CELLS_H
#define SLD_REPORT_CELLS_H

#include "report.h"

enum { CELL_BYTES = 48, CELL_COLUMNS = 6 };

/* Of the table of arms: n, last epoch, best epoch, last three, gap, resolves. */
extern const char *const cell_heads[CELL_COLUMNS];

/* "61.20 ± 0.31" with sign in front; without the spread where it is NaN; "-" where there is no mean. */
void cell_sample(char cell[CELL_BYTES], stats_sample s, double spread, const char *sign,
                 const char *plus_minus);
/* The cell of an arm in one of the columns. */
void cell_of_arm(char cell[CELL_BYTES], const report_arm *a, int column, const char *plus_minus);
/* "1:02:03" of seconds. */
void cell_time(char cell[CELL_BYTES], double seconds);
/* What the table of arms means, in lines. */
void cell_explain(const report *r, const char *plus_minus, FILE *to);

#endif
