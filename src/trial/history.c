/* history.c: what a trial records of each epoch, as named columns. */
#include "history.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sld_history_column(sld_history *h, const char *unit, const char *format, ...)
{
    va_list args;

    assert(h->n_columns < SLD_HISTORY_COLUMNS && !h->values);
    va_start(args, format);
    vsnprintf(h->name[h->n_columns], sizeof *h->name, format, args);
    va_end(args);
    snprintf(h->unit[h->n_columns], sizeof *h->unit, "%s", unit);
    h->n_columns++;
}

sld_status sld_history_reserve(sld_ctx *ctx, sld_history *h, sld_arena *arena, size_t epochs)
{
    h->capacity = epochs;
    SLD_TRY(
        sld_arena_alloc(ctx, arena, h->n_columns * epochs * sizeof(double), (void **)&h->values));
    for (size_t i = 0; i < h->n_columns * epochs; i++) {
        h->values[i] = NAN;
    }
    return SLD_OK;
}

static size_t find(const sld_history *h, const char *column)
{
    size_t c = 0;

    while (c < h->n_columns && strcmp(h->name[c], column) != 0) {
        c++;
    }
    return c;
}

/* at: epochs before. */
static void put(sld_history *h, size_t at, double value, const char *format, va_list args)
{
    char column[40];

    vsnprintf(column, sizeof column, format, args);
    const size_t c = find(h, column);
    assert(c < h->n_columns && at < h->capacity);
    h->values[c * h->capacity + at] = value;
}

void sld_history_set(sld_history *h, double value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(h, h->n_epochs, value, format, args);
    va_end(args);
}

void sld_history_blank(sld_history *h, size_t epoch, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put(h, epoch - 1, NAN, format, args);
    va_end(args);
}

double sld_history_get(const sld_history *h, const char *column, size_t epoch)
{
    const size_t c = find(h, column);
    return c < h->n_columns && epoch >= 1 && epoch <= h->n_epochs
               ? h->values[c * h->capacity + epoch - 1]
               : NAN;
}

sld_status sld_history_put(sld_ctx *ctx, const sld_history *h, sld_doc *doc, const char *group)
{
    char path[80];

    for (size_t c = 0; c < h->n_columns; c++) {
        snprintf(path, sizeof path, "%s/%s", group, h->name[c]);
        SLD_TRY(sld_doc_put(ctx, doc, path, SLD_F64, 1, &h->n_epochs, h->values + c * h->capacity));
    }
    return SLD_OK;
}

sld_status sld_history_put_table(sld_ctx *ctx, const sld_history *h, sld_doc *doc,
                                 const char *group)
{
    char path[80];

    for (size_t c = 0; c < h->n_columns; c++) {
        snprintf(path, sizeof path, "%s/%s", group, h->name[c]);
        SLD_TRY(sld_doc_put_column(ctx, doc, path, h->unit[c], h->values + c * h->capacity,
                                   h->n_epochs));
    }
    return SLD_OK;
}

sld_status sld_history_read(sld_ctx *ctx, sld_history *h, sld_doc *doc, const char *group,
                            size_t n_epochs)
{
    char path[80];

    if (n_epochs > h->capacity) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: %s: expected at most the experiment's %zu epochs, got %zu",
                        sld_doc_path(doc), group, h->capacity, n_epochs);
    }
    for (size_t c = 0; c < h->n_columns; c++) {
        snprintf(path, sizeof path, "%s/%s", group, h->name[c]);
        SLD_TRY(sld_doc_get(ctx, doc, path, SLD_F64, n_epochs, h->values + c * h->capacity));
    }
    h->n_epochs = n_epochs;
    return SLD_OK;
}
