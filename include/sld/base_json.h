/* sld/base_json.h: writes a JSON document to a stream, with commas, quotes and escapes. A number
 * that is not finite becomes null. Everything is local.
 *
 *     sld_json j = sld_json_begin(stdout);
 *     sld_json_object(&j, NULL);             {
 *     sld_json_text(&j, "name", name);           "name": "a",
 *     sld_json_list(&j, "of");                   "of": [
 *     sld_json_whole(&j, NULL, 3);                   3
 *     sld_json_end(&j);                          ]
 *     sld_json_end(&j);                      } and a newline after the outermost */
#ifndef SLD_BASE_JSON_H
#define SLD_BASE_JSON_H

#include <stdbool.h>
#include <stdio.h>

enum { SLD_JSON_DEPTH = 8 }; /* of nested objects and lists */

typedef struct sld_json {
    FILE *to; /* borrowed */
    int   depth;
    bool  filled[SLD_JSON_DEPTH]; /* the open object or list has an element */
    char  closing[SLD_JSON_DEPTH];
    bool  line; /* the next element begins a new line */
} sld_json;

sld_json sld_json_begin(FILE *to);

/* key: of an element in an object; NULL in a list and at the top. */
void sld_json_object(sld_json *j, const char *key);
void sld_json_list(sld_json *j, const char *key);
void sld_json_end(sld_json *j);  /* closes the innermost object or list */
void sld_json_line(sld_json *j); /* begins a new line before the next element, for readers */

/* Bytes that are not UTF-8 become U+FFFD, so the document is always valid. text NULL: null. */
void sld_json_text(sld_json *j, const char *key, const char *text);
void sld_json_whole(sld_json *j, const char *key, long long x);
void sld_json_number(sld_json *j, const char *key, double x, int digits); /* significant digits */
void sld_json_bool(sld_json *j, const char *key, bool x);

#endif
