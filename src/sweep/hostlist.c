/* hostlist.c: expands Slurm's lists of nodes: "n[01-03,7]-ib,x" to n01-ib n02-ib n03-ib n7-ib x. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/sweep_allocation.h"

enum { NODES_MAX = 65536 };

typedef struct names {
    sld_allocation_node *list;
    size_t               n, room;
    bool                 no_memory, bad;
} names;

static void put(names *out, const char *name)
{
    if (out->n == out->room) {
        const size_t         room = out->room ? 2 * out->room : 16;
        sld_allocation_node *more = realloc(out->list, room * sizeof *more);
        if (!more) {
            out->no_memory = true;
            return;
        }
        out->list = more;
        out->room = room;
    }
    out->bad |= strlen(name) >= sizeof out->list->name || out->n >= NODES_MAX || !*name;
    out->list[out->n] = (sld_allocation_node){0};
    snprintf(out->list[out->n++].name, sizeof out->list->name, "%.63s", name);
}

static void expand(names *out, const char *head, const char *rest, size_t n_rest);

/* Expands one range or number inside brackets, such as "01-03": adds head NUMBER tail for each. */
static void expand_range(names *out, const char *head, const char *range, const char *tail,
                         size_t n_tail)
{
    char      *end;
    const int  width = (int)strspn(range, "0123456789");
    const long first = strtol(range, &end, 10);
    long       last  = first;

    if (*end == '-' && isdigit((unsigned char)end[1])) {
        last = strtol(end + 1, &end, 10);
    }
    if (width == 0 || width > 9 || *end || last < first || last - first > NODES_MAX) {
        out->bad = true;
        return;
    }
    for (long i = first; i <= last && !out->bad && !out->no_memory; i++) {
        char name[128];
        out->bad |= snprintf(name, sizeof name, "%s%0*ld", head, width, i) >= (int)sizeof name;
        expand(out, name, tail, n_tail);
    }
}

/* Expands the brackets in rest (n_rest bytes). head: the part of the name before it, expanded. */
static void expand(names *out, const char *head, const char *rest, size_t n_rest)
{
    const char *open = memchr(rest, '[', n_rest), *close = NULL;
    char        name[128], ranges[4096];

    if (!open) {
        out->bad |=
            snprintf(name, sizeof name, "%s%.*s", head, (int)n_rest, rest) >= (int)sizeof name;
        put(out, name);
        return;
    }
    close = memchr(open, ']', n_rest - (size_t)(open - rest));
    if (!close || (size_t)(close - open) > sizeof ranges ||
        snprintf(name, sizeof name, "%s%.*s", head, (int)(open - rest), rest) >= (int)sizeof name) {
        out->bad = true;
        return;
    }
    snprintf(ranges, sizeof ranges, "%.*s", (int)(close - open - 1), open + 1);
    char *state = NULL;
    for (char *range = strtok_r(ranges, ",", &state); range && !out->bad;
         range       = strtok_r(NULL, ",", &state)) {
        expand_range(out, name, range, close + 1, n_rest - (size_t)(close + 1 - rest));
    }
}

/* Bytes up to the comma that ends the first name; commas inside brackets do not. */
static size_t name_length(const char *list)
{
    size_t n      = 0;
    bool   inside = false;

    for (; list[n] && (inside || list[n] != ','); n++) {
        inside = list[n] == '[' || (inside && list[n] != ']');
    }
    return n;
}

sld_status sld_hostlist_expand(sld_ctx *ctx, const char *list, sld_allocation_node **out, size_t *n)
{
    names found = {0};

    for (const char *at = list; *at && !found.bad && !found.no_memory;) {
        const size_t length = name_length(at);
        expand(&found, "", at, length);
        at += length;
        at += *at == ',';
    }
    *out = found.list;
    *n   = found.n;
    if (!found.bad && !found.no_memory && found.n > 0) {
        return SLD_OK;
    }
    free(found.list);
    *out = NULL;
    *n   = 0;
    return found.no_memory
               ? SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the nodes of the job")
               : SLD_FAIL(ctx, SLD_ERR_DATA,
                          "expected a list of nodes as Slurm writes it, got '%.200s'", list);
}
