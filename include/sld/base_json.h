/* sld/base_json.h: writes one JSON document to a stream. Commas, quotes and escapes are put here, and
 * only here; a number that is not finite is null. Everything is local.
 *
 *     sld_json j = sld_json_begin(stdout);
 *     sld_json_object(&j, NULL);             {
 *     sld_json_text(&j, "name", name);           "name": "a",
 *     sld_json_list(&j, "of");                   "of": [
 *     sld_json_whole(&j, NULL, 3);                   3
 *     sld_json_end(&j);                          ]
 *     sld_json_end(&j);                      } and, as the last one, a newline */
#ifndef SLD_BASE_JSON_H
#define SLD_BASE_JSON_H

#include <stdbool.h>
#include <stdio.h>

enum { SLD_JSON_DEPTH = 8 }; /* objects and lists within each other */

typedef struct sld_json {
    FILE *to; /* borrowed */
    int   depth;
    bool  filled[SLD_JSON_DEPTH]; /* the open object or list has an element */
    char  closing[SLD_JSON_DEPTH];
    bool  line; /* the next element begins a line */
} sld_json;

sld_json sld_json_begin(FILE *to);

/* key: of an element of an object; NULL in a list and at the top. Literals or any text. */
void sld_json_object(sld_json *j, const char *key);
void sld_json_list(sld_json *j, const char *key);
void sld_json_end(sld_json *j);  /* the innermost object or list; behind the outermost a newline */
void sld_json_line(sld_json *j); /* what comes next begins a line, for those who read it by eye */

/* Bytes that are no UTF-8 become U+FFFD: what comes out is always a document. */
void sld_json_text(sld_json *j, const char *key, const char *text);
void sld_json_whole(sld_json *j, const char *key, long long x);
void sld_json_number(sld_json *j, const char *key, double x, int digits); /* significant ones */
void sld_json_bool(sld_json *j, const char *key, bool x);

#endif
