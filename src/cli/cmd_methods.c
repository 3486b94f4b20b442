/* cmd_methods.c: sld methods: the methods of this build. */
#include <stdio.h>

#include "cli.h"
#include "sld/distill.h"

static sld_status methods(sld_ctx *ctx, sld_dist *dist, const sld_arguments *args, int *exit_code)
{
    *exit_code = SLD_EXIT_OK;
    for (size_t i = 0; sld_dist_rank(dist) == 0 && i < sld_method_count(); i++) {
        const sld_method *m = sld_method_at(i);
        printf("%s%s: %s\n    source: %s\n", i ? "\n" : "", m->name, m->help, m->source);
        for (size_t d = 0; m->defaults[d][0]; d++) {
            printf("    %s: %s\n", m->defaults[d][0], m->defaults[d][1]);
        }
    }
    return SLD_OK;
}

const sld_verb sld_verb_methods = {
    .name    = "methods",
    .usage   = "sld methods",
    .summary = "the methods and the options each sets",
    .help    = "A method is a set of defaults: every option can be set over it.\n",
    .no_file = true,
    .run     = methods,
};
