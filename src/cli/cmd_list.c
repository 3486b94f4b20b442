/* cmd_list.c: sld models and sld methods: what this build knows. */
#include <stdio.h>

#include "cli.h"
#include "sld/distill.h"
#include "sld/nn.h"

#define CLASSES 100 /* of the counts printed, as in the literature's tables */

static sld_status print_model(sld_ctx *ctx, const sld_network *network)
{
    sld_model *model = NULL;
    const int  size  = network->input_size;

    SLD_TRY(sld_model_create(ctx, network->name, size, size, 3, CLASSES, &model));
    printf("%-14s %12zu %16.0f   3x%dx%d\n", network->name, sld_model_trained_count(model),
           sld_model_macs(model), size, size);
    sld_model_destroy(model);
    return SLD_OK;
}

static sld_status list_models(sld_ctx *ctx)
{
    printf("%-14s %12s %16s   %s (%d classes)\n", "network", "parameters", "mult-adds", "input",
           CLASSES);
    for (size_t i = 0; i < sld_network_count(); i++) {
        SLD_TRY(print_model(ctx, sld_network_at(i)));
    }
    return SLD_OK;
}

static sld_status models(sld_ctx *ctx, sld_dist *dist, const sld_arguments *args, int *exit_code)
{
    *exit_code = SLD_EXIT_OK;
    return sld_agree(ctx, dist, sld_dist_rank(dist) == 0 ? list_models(ctx) : SLD_OK);
}

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

const sld_verb sld_verb_models = {
    .name    = "models",
    .usage   = "sld models",
    .summary = "the networks: parameters, multiply-adds, input",
    .help =
        "Counts for 100 classes; multiply-adds of convolutions and linear layers for one image.\n",
    .no_file = true,
    .run     = models,
};

const sld_verb sld_verb_methods = {
    .name    = "methods",
    .usage   = "sld methods",
    .summary = "the methods and the options each sets",
    .help    = "A method is a set of defaults: every option can be set over it.\n",
    .no_file = true,
    .run     = methods,
};
