/* method_lskd.c: KD on standardised logits (docs/methods.md, "Standardised logits"). `zscore:
 * true` does the same to any other method. With dkd the public code exists in two states: alpha 9,
 * beta nine times the pair's, temperature 2; or alpha 9, beta 81, temperature 4. */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "0.1"},     {"ce.strong", "0.0"},       {"kd.weak", "9.0"},
    {"kd.strong", "0.0"},   {"kd.temperatures", "[2]"}, {"zscore", "true"},
    {"correction", "none"}, {"student_swap", "false"},  {"train.lr", "0.05"},
    {NULL, NULL},
};

const sld_method sld_method_lskd = {
    .name     = "lskd",
    .source   = "Sun et al., Logit Standardization in Knowledge Distillation, arXiv 2403.01427",
    .help     = "KD on z-scored logits at temperature 2 on the weak view",
    .defaults = defaults,
};
