/* text_table.c: collects the cells of a table, then computes the widths and prints it. */
#include "text_table.h"

#include <stdarg.h>
#include <string.h>

#define LONGEST_NAME 24 /* columns; with the widest table after it a line has 100 */

struct text_table {
    sld_arena         *arena; /* borrowed */
    const char        *title;
    const char *const *heads;
    size_t             n_rows, n_columns;
    const char       **names;                           /* (n_rows) */
    char (*cells)[TEXT_TABLE_COLUMNS][TEXT_TABLE_CELL]; /* (n_rows) */
};

sld_status text_table_create(sld_ctx *ctx, sld_arena *arena, size_t n_rows, size_t n_columns,
                             const char *title, const char *const *heads, text_table **out)
{
    text_table *t = NULL;

    SLD_TRY(sld_arena_alloc(ctx, arena, sizeof *t, (void **)&t));
    SLD_TRY(sld_arena_alloc(ctx, arena, (n_rows + 1) * sizeof *t->names, (void **)&t->names));
    SLD_TRY(sld_arena_alloc(ctx, arena, (n_rows + 1) * sizeof *t->cells, (void **)&t->cells));
    t->arena     = arena;
    t->title     = title;
    t->heads     = heads;
    t->n_rows    = n_rows;
    t->n_columns = n_columns < TEXT_TABLE_COLUMNS ? n_columns : TEXT_TABLE_COLUMNS;
    *out         = t;
    return SLD_OK;
}

void text_table_name(text_table *t, size_t row, const char *name)
{
    char        shown[512];
    const char *copy = sld_arena_strdup(t->arena, sld_text_printable(name, shown, sizeof shown));

    t->names[row] = copy ? copy : "";
}

void text_table_put(text_table *t, size_t row, size_t column, const char *format, ...)
{
    char    raw[TEXT_TABLE_CELL];
    va_list list;

    va_start(list, format);
    vsnprintf(raw, sizeof raw, format, list);
    va_end(list);
    sld_text_printable(raw, t->cells[row][column], TEXT_TABLE_CELL);
}

/* Columns that the text takes on a terminal, if each UTF-8 character takes one. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

static void print_right(FILE *to, const char *text, size_t width)
{
    const size_t n = width_of(text);
    fprintf(to, "  %*s%s", (int)(width > n ? width - n : 0), "", text);
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Rows named "GROUP: NAME" are printed indented, under a line with their group. Returns the bytes
 * of GROUP; 0: the row has no group. */
static size_t group_of(const char *name)
{
    const char *end = strstr(name, ": ");
    return end ? (size_t)(end - name) : 0;
}

/* Columns of the name without its group, with the indent. */
static size_t name_columns(const char *name)
{
    const size_t group = group_of(name);
    return group > 0 ? 2 + width_of(name + group + 2) : width_of(name);
}

/* Prints the row's name, width columns wide; a longer name gets a line of its own. */
static void print_name(FILE *to, const text_table *t, size_t row, size_t width)
{
    const char  *name  = t->names[row];
    const size_t group = group_of(name), n = name_columns(name);

    if (group > 0 && (row == 0 || group_of(t->names[row - 1]) != group ||
                      strncmp(t->names[row - 1], name, group) != 0)) {
        fprintf(to, "%.*s\n", (int)group, name);
    }
    fprintf(to, "%s%s", group > 0 ? "  " : "", group > 0 ? name + group + 2 : name);
    if (n > width) {
        fprintf(to, "\n");
    }
    fprintf(to, "%*s", (int)(n > width ? width : width - n), "");
}

void text_table_print(const text_table *t, FILE *to)
{
    size_t name_width = width_of(t->title), width[TEXT_TABLE_COLUMNS] = {0};

    for (size_t c = 0; c < t->n_columns; c++) {
        width[c] = width_of(t->heads[c]);
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        const size_t n = name_columns(t->names[r]);
        name_width     = n <= LONGEST_NAME ? largest(name_width, n) : name_width;
        for (size_t c = 0; c < t->n_columns; c++) {
            width[c] = largest(width[c], width_of(t->cells[r][c]));
        }
    }
    fprintf(to, "%s%*s", t->title, (int)(name_width - width_of(t->title)), "");
    for (size_t c = 0; c < t->n_columns; c++) {
        print_right(to, t->heads[c], width[c]);
    }
    fprintf(to, "\n");
    for (size_t r = 0; r < t->n_rows; r++) {
        print_name(to, t, r, name_width);
        for (size_t c = 0; c < t->n_columns; c++) {
            print_right(to, t->cells[r][c], width[c]);
        }
        fprintf(to, "\n");
    }
}
