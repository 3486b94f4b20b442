/* method_dkd.c: decoupled knowledge distillation (docs/methods.md, "DKD"). Its beta
 * differs by pair: the presets know it. */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "1.0"},     {"ce.strong", "0.0"},      {"kd.loss", "dkd"},
    {"kd.weak", "1.0"},     {"kd.strong", "0.0"},      {"kd.temperatures", "[4]"},
    {"kd.ramp", "20"},      {"dkd.alpha", "1.0"},      {"dkd.beta", "8.0"},
    {"correction", "none"}, {"student_swap", "false"}, {"train.lr", "0.05"},
    {NULL, NULL},
};

const sld_method sld_method_dkd = {
    .name = "dkd",
    .source =
        "Zhao et al., Decoupled Knowledge Distillation, arXiv 2203.08679; as coded in mdistiller",
    .help = "target and non-target KL apart, the weight growing over 20 epochs, on the weak view",
    .defaults = defaults,
};
