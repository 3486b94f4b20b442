/* method_kd.c: knowledge distillation as mdistiller and RepDistiller run it on CIFAR-100
 * (docs/methods.md, "Methods"), not as the public code of SLD does, whose KD.py also swaps.
 */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "0.1"},        {"ce.strong", "0.0"},       {"kd.weak", "0.9"},
    {"kd.strong", "0.0"},      {"kd.temperatures", "[4]"}, {"correction", "none"},
    {"student_swap", "false"}, {"train.lr", "0.05"},       {NULL, NULL},
};

const sld_method sld_method_kd = {
    .name     = "kd",
    .source   = "Hinton et al., arXiv 1503.02531; constants of mdistiller",
    .help     = "teacher KL at temperature 4 and cross-entropy on the weak view",
    .defaults = defaults,
};
