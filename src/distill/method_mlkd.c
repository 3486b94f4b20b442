/* method_mlkd.c: multi-level logit distillation as its authors' code computes it
 * (docs/methods.md, "MLKD"); mlkd.as_described: what their paper says. */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "0.1"},
    {"ce.strong", "0.1"},
    {"kd.loss", "mlkd"},
    {"kd.weak", "0.9"},
    {"kd.strong", "0.9"},
    {"kd.temperatures", "[4, 3, 5, 2, 6]"},
    {"mlkd.cc", "1.0"},
    {"mlkd.bc", "1.0"},
    {"mlkd.as_described", "false"},
    {"mlkd.strong_consistency", "false"},
    {"correction", "none"},
    {"student_swap", "false"},
    {"train.lr", "0.025"},
    {NULL, NULL},
};

const sld_method sld_method_mlkd = {
    .name     = "mlkd",
    .source   = "Jin et al., Multi-Level Logit Distillation, CVPR 2023; as coded by its authors",
    .help     = "KL, class and batch consistency on both views, five temperatures",
    .defaults = defaults,
};
