/* method_none.c: no distillation, cross-entropy on the weak view. What trains teachers, and the
 * student-alone row of a table. One view: learning rate 0.05. */
#include "method.h"

static const char *const defaults[][2] = {
    {"ce.weak", "1.0"},     {"ce.strong", "0.0"},      {"kd.weak", "0.0"},   {"kd.strong", "0.0"},
    {"correction", "none"}, {"student_swap", "false"}, {"train.lr", "0.05"}, {NULL, NULL},
};

const sld_method sld_method_none = {
    .name     = "none",
    .source   = "cross-entropy",
    .help     = "no teacher: cross-entropy on the weak view",
    .defaults = defaults,
};
