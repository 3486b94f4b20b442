/* cmd_models.c: sld models: lists the networks of this build with their cost, and the tensors of
 * their weights files; also as JSON, for programs that write such files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "sld/base_json.h"
#include "sld/nn.h"

enum { JSON, CLASSES };
static const sld_option_spec options[] = {
    [JSON] = {"--json", false}, [CLASSES] = {"--classes", true}, {NULL, false}};

#define MAX_CLASSES 1000000

/* classes 0: the number in the network's recipe. For an unknown name sld_model_create() fails and
 * names the nearest one. */
static sld_status create(sld_ctx *ctx, const char *name, int classes, sld_model **out)
{
    const sld_network *network = sld_network_find(name);
    const int          size    = network ? network->input_size : 1;

    if (classes == 0) {
        classes = network ? network->classes : 1;
    }
    return sld_model_create(ctx, name, size, size, 3, classes, out);
}

static const char *shape_text(const sld_tensor *t, char *text, size_t n)
{
    size_t at = 0;

    for (int d = 0; d < t->n_dims && at < n; d++) {
        at += (size_t)snprintf(text + at, n - at, d == 0 ? "%zu" : ",%zu", t->dims[d]);
    }
    return text;
}

static void print_json(sld_json *j, const sld_model *model)
{
    const sld_network *network = sld_model_network(model);

    sld_json_line(j);
    sld_json_object(j, NULL);
    sld_json_text(j, "name", network->name);
    sld_json_whole(j, "input_size", network->input_size);
    sld_json_whole(j, "classes", sld_model_classes(model));
    sld_json_whole(j, "parameters", (long long)sld_model_trained_count(model));
    sld_json_whole(j, "multiply_adds", llround(sld_model_macs(model)));
    sld_json_list(j, "tensors");
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        sld_json_line(j);
        sld_json_object(j, NULL);
        sld_json_text(j, "name", t->name);
        sld_json_list(j, "shape");
        for (int d = 0; d < t->n_dims; d++) {
            sld_json_whole(j, NULL, (long long)t->dims[d]);
        }
        sld_json_end(j);
        sld_json_bool(j, "trained", t->trained);
        sld_json_end(j);
    }
    sld_json_end(j);
    sld_json_end(j);
}

static void print_line(const sld_model *model)
{
    const sld_network *network = sld_model_network(model);

    printf("%-20s %12zu %16.0f   3x%dx%d, %d classes\n", network->name,
           sld_model_trained_count(model), sld_model_macs(model), network->input_size,
           network->input_size, sld_model_classes(model));
}

static void print_heading(void)
{
    printf("%-20s %12s %16s   %s\n", "network", "parameters", "mult-adds", "input");
}

static void print_tensors(const sld_model *model)
{
    char shape[96];

    printf("\n%-40s %-20s\n", "tensor", "shape");
    for (size_t i = 0; i < sld_model_tensor_count(model); i++) {
        const sld_tensor *t = sld_model_tensor(model, i);
        printf("%-40s %-20s%s\n", t->name, shape_text(t, shape, sizeof shape),
               t->trained ? "" : " running statistic");
    }
}

/* document NULL: prints a line of the table, else an object of JSON. */
static sld_status print_model(sld_ctx *ctx, const char *name, int classes, sld_json *document)
{
    sld_model *model = NULL;

    SLD_TRY(create(ctx, name, classes, &model));
    if (document) {
        if (document->depth == 0) { /* begin only now: an unknown network prints no JSON */
            sld_json_list(document, NULL);
        }
        print_json(document, model);
    } else {
        print_line(model);
    }
    sld_model_destroy(model);
    return SLD_OK;
}

/* Prints one network with its tensors. */
static sld_status print_one(sld_ctx *ctx, const char *name, int classes)
{
    sld_model *model = NULL;

    SLD_TRY(create(ctx, name, classes, &model));
    print_heading();
    print_line(model);
    print_tensors(model);
    sld_model_destroy(model);
    return SLD_OK;
}

/* Prints JSON of one network; name NULL: of all. */
static sld_status print_document(sld_ctx *ctx, const char *name, int classes)
{
    sld_json     j = sld_json_begin(stdout);
    const size_t n = name ? 1 : sld_network_count();

    for (size_t i = 0; i < n; i++) {
        SLD_TRY(print_model(ctx, name ? name : sld_network_at(i)->name, classes, &j));
    }
    sld_json_line(&j);
    sld_json_end(&j);
    return SLD_OK;
}

static sld_status print_all(sld_ctx *ctx, int classes)
{
    print_heading();
    for (size_t i = 0; i < sld_network_count(); i++) {
        SLD_TRY(print_model(ctx, sld_network_at(i)->name, classes, NULL));
    }
    return SLD_OK;
}

static sld_status read_classes(sld_ctx *ctx, const char *text, int *out)
{
    double number = 0;

    SLD_TRY(sld_arguments_number(ctx, "models", "--classes", text, 1, MAX_CLASSES, true, &number));
    *out = (int)number;
    return SLD_OK;
}

static sld_status print_models(sld_ctx *ctx, const sld_arguments *args)
{
    const char *name    = args->positional;
    const bool  json    = args->option[JSON] != NULL;
    int         classes = 0;

    SLD_TRY(read_classes(ctx, args->option[CLASSES], &classes));
    if (json) {
        return print_document(ctx, name, classes);
    }
    return name ? print_one(ctx, name, classes) : print_all(ctx, classes);
}

static sld_status models(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    *exit_code = SLD_EXIT_OK;
    return print_models(ctx, args);
}

const sld_verb sld_verb_models = {
    .name    = "models",
    .usage   = "sld models [NETWORK] [--classes N] [--json]",
    .summary = "the networks: parameters, multiply-adds, input, tensors",
    .help    = "Counts are for the classes of the public recipe unless --classes says otherwise;\n"
               "multiply-adds of convolutions and linear layers for one image. With NETWORK also the "
               "names and\n"
               "shapes of its tensors, in the order of PyTorch's state_dict. --json prints all of\n"
               "it as one list of networks.\n",
    .options = options,
    .takes   = "one network",
    .optional_file = true,
    .no_settings   = true,
    .work          = models,
};
