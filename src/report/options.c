/* options.c: finds the options in which the students of a report differ. Each becomes a column, so
 * that a plot of accuracy against temperature needs no YAML parser. */
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sld/config.h"

/* Whether the option may become a column: it changes results and is not a path. The seed has a
 * column already. */
static bool is_wanted(const sld_option_info *o)
{
    return strcmp(o->kind, "result") == 0 && !o->path && strcmp(o->key, "seed") != 0 &&
           strcmp(o->topic, "seeds") != 0;
}

typedef struct keys {
    const char **name; /* (n) */
    size_t       n;
} keys;

static sld_status list_keys(sld_ctx *ctx, sld_arena *arena, keys *out)
{
    sld_option_info o;
    size_t          all = 0;

    while (sld_config_info(all, &o)) {
        all++;
    }
    SLD_TRY(sld_arena_alloc(ctx, arena, all * sizeof *out->name, (void **)&out->name));
    out->n = 0;
    for (size_t i = 0; i < all && sld_config_info(i, &o); i++) {
        if (is_wanted(&o)) {
            out->name[out->n++] = o.key;
        }
    }
    return SLD_OK;
}

/* Returns the value of a line after "key: ", without quotes or the comment with its unit. Changes
 * the text in place. */
static char *value_of(char *text)
{
    char *to = text, *from = text + 1;

    if (*text != '"') {
        char *comment = strstr(text, " #");
        if (comment) {
            *comment = '\0';
        }
        return text;
    }
    for (; *from && *from != '"'; from++) {
        from += *from == '\\' && from[1];
        *to++ = *from;
    }
    *to = '\0';
    return text;
}

/* Index of section.key (or key, without a section) in the list; k->n: not found. The search starts
 * at `from`, after the last hit, because documents list options in the order of the table. */
static size_t find(const keys *k, const char *section, const char *key, size_t from)
{
    const size_t length = strlen(section);

    for (size_t step = 0; step < k->n; step++) {
        const size_t i    = (from + step) % k->n;
        const char  *name = k->name[i];
        if (length == 0 ? strcmp(name, key) == 0
                        : strncmp(name, section, length) == 0 && name[length] == '.' &&
                              strcmp(name + length + 1, key) == 0) {
            return i;
        }
    }
    return k->n;
}

/* Reads a document that sld wrote, with lines "key: value", "section.key: value", or "section:"
 * with keys indented below it. values: (k->n), NULL for options that it does not set. Splits text
 * in place; values point into it. */
static void read_document(char *text, const keys *k, const char **values)
{
    char  *next, *section = "";
    size_t at = 0;

    for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
        const bool inside = *line == ' ';
        char      *key = line + strspn(line, " "), *colon = strchr(key, ':');
        if (!colon) {
            continue;
        }
        *colon = '\0';
        if (!inside && colon[1] == '\0') {
            section = key;
            continue;
        }
        const size_t i = find(k, inside ? section : "", key, at);
        if (i < k->n && colon[1] == ' ') {
            values[i] = value_of(colon + 2);
            at        = i + 1;
        }
    }
}

/* Whether two students with results have different values of this option. */
static bool varies(const report *r, const char **values, size_t n, size_t key)
{
    const char *first = NULL;

    for (size_t i = 0; i < r->n_trials; i++) {
        const char *value = values[i * n + key];
        if (!value || r->trials[i].point->is_teacher || !r->trials[i].has_results) {
            continue;
        }
        first = first ? first : value;
        if (strcmp(first, value) != 0) {
            return true;
        }
    }
    return false;
}

static sld_status keep(sld_ctx *ctx, report *r, const keys *k, const char **values)
{
    SLD_TRY(
        sld_arena_alloc(ctx, r->arena, k->n * sizeof *r->option_name, (void **)&r->option_name));
    for (size_t key = 0; key < k->n; key++) {
        if (!varies(r, values, k->n, key)) {
            continue;
        }
        for (size_t i = 0; i < r->n_trials; i++) {
            const char *value               = values[i * k->n + key];
            values[i * k->n + r->n_options] = value ? value : ""; /* n_options <= key */
        }
        r->option_name[r->n_options++] = k->name[key];
    }
    for (size_t i = 0; i < r->n_trials; i++) {
        r->trials[i].option = values + i * k->n;
    }
    return SLD_OK;
}

void report_options_of(char *text, const char **names, size_t n, const char **values)
{
    const keys k = {.name = names, .n = n};

    read_document(text, &k, values);
}

sld_status report_find_options(sld_ctx *ctx, report *r)
{
    keys         k;
    const char **values = NULL;

    if (r->curves) {
        return SLD_OK; /* a page has no columns of options */
    }
    SLD_TRY(list_keys(ctx, r->arena, &k));
    SLD_TRY(
        sld_arena_alloc(ctx, r->arena, (r->n_trials + 1) * k.n * sizeof *values, (void **)&values));
    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t = &r->trials[i];
        char *text = sld_arena_strdup(r->arena, t->config ? t->config : t->point->experiment);
        if (!text) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the options of %s", t->point->id);
        }
        read_document(text, &k, values + i * k.n);
    }
    return keep(ctx, r, &k, values);
}
