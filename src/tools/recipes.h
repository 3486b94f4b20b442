/* recipes.h: from a method's group in a golden file to the objective that it was computed with. */
#ifndef SLD_TOOLS_RECIPES_H
#define SLD_TOOLS_RECIPES_H

#include "sld/distill.h"
#include "sld/store.h"

typedef struct golden_recipe {
    sld_objective_params params;
    int64_t              epoch;
    double               parameter; /* of the trained temperature; NAN: none */
} golden_recipe;

/* Local. Reads an attribute of one number. */
sld_status golden_number(sld_ctx *ctx, sld_doc *doc, const char *group, const char *name,
                         double *out);

/* Local. group: "/CASE/METHOD", a case of N rows and K classes. Constants are its attributes, but
 * for those that the public code has fixed. A method that this build does not know is an error: one
 * that nobody compares must not look like one that passed. */
sld_status golden_recipe_read(sld_ctx *ctx, sld_doc *doc, const char *group, size_t N, size_t K,
                              golden_recipe *out);

#endif
