/* method_nkd.c: normalised knowledge distillation (docs/methods.md, "NKD"). */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "1.0"},   {"ce.strong", "0.0"},   {"kd.loss", "nkd"},
    {"kd.weak", "1.0"},   {"kd.strong", "0.0"},   {"kd.temperatures", "[1]"},
    {"nkd.gamma", "1.5"}, {"correction", "none"}, {"student_swap", "false"},
    {"train.lr", "0.05"}, {NULL, NULL},
};

const sld_method sld_method_nkd = {
    .name   = "nkd",
    .source = "Yang et al., arXiv 2303.13005; experimental: written from memory of the paper",
    .help   = "experimental: the teacher's label probability as weight, non-target softmaxes apart",
    .defaults = defaults,
};
