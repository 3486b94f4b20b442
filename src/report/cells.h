/* cells.h: formats the numbers of a report, so that the terminal, the page and the live view show
 * the same digits. */
#ifndef SLD_REPORT_CELLS_H
#define SLD_REPORT_CELLS_H

#include "report.h"

enum { CELL_BYTES = 48, CELL_COLUMNS = 6 };

/* Heads of the table of arms: n, last epoch, best epoch, last three, gap, resolves. */
extern const char *const cell_heads[CELL_COLUMNS];

/* "61.20 ± 0.31" with sign in front; without "± ..." if spread is NaN; "-" if there is no mean. */
void cell_sample(char cell[CELL_BYTES], stats_sample s, double spread, const char *sign,
                 const char *plus_minus);
/* The cell of an arm in a column, an index of cell_heads. */
void cell_of_arm(char cell[CELL_BYTES], const report_arm *a, int column, const char *plus_minus);
/* Prints some lines that explain the table of arms. */
void cell_explain(const report *r, const char *plus_minus, FILE *to);

#endif
