/* method_sld.c: Swapped Logit Distillation (docs/methods.md, "Objective"): teacher swap and, from
 * the first drop of the learning rate, student swap, on both views, summed over six temperatures.
 */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "0.1"},
    {"ce.strong", "0.1"},
    {"kd.weak", "0.9"},
    {"kd.strong", "0.9"},
    {"kd.temperatures", "[1, 2, 3, 4, 5, 6]"},
    {"lss.weak", "0.9"},
    {"lss.strong", "0.9"},
    {"lss.temperatures", "[1, 2, 3, 4, 5, 6]"},
    {"lss.detach", "false"},
    {"correction", "swap"},
    {"student_swap", "true"},
    {"student_swap_after", "first_lr_drop"},
    {"train.lr", "0.025"},
    {NULL, NULL},
};

const sld_method sld_method_sld = {
    .name     = "sld",
    .source   = "Limantoro et al., arXiv 2504.20108",
    .help     = "teacher swap and student swap on both views, temperatures 1 to 6",
    .defaults = defaults,
};
