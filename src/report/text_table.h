/* text_table.h: prints a table to a terminal. The first column is aligned left, the others right,
 * each as wide as its longest cell; a long name stands on a line of its own. */
#ifndef SLD_REPORT_TEXT_TABLE_H
#define SLD_REPORT_TEXT_TABLE_H

#include <stdio.h>

#include "sld/base.h"

#define TEXT_TABLE_COLUMNS 8
#define TEXT_TABLE_CELL    48 /* bytes */

typedef struct text_table text_table;

/* Makes a table in the arena. title: head of the column of names. heads: (n_columns), of the
 * columns after it. Both are borrowed until the table is printed. */
sld_status text_table_create(sld_ctx *ctx, sld_arena *arena, size_t n_rows, size_t n_columns,
                             const char *title, const char *const *heads, text_table **out);
void       text_table_name(text_table *t, size_t row, const char *name);
void       text_table_put(text_table *t, size_t row, size_t column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void text_table_print(const text_table *t, FILE *to);

#endif
