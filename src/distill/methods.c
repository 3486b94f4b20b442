/* methods.c: look-ups in the tables of methods (methods.def) and of teacher losses (distill.h). */
#include "objective.h"

#include <string.h>

#define SLD_METHOD(name, source, help, ...)                                                        \
    static const char *const defaults_of_##name[][2] = {__VA_ARGS__, {NULL, NULL}};
#include "methods.def"

#define SLD_METHOD(name, source, help, ...) {#name, source, help, defaults_of_##name},
static const sld_method methods[] = {
#include "methods.def"
};

size_t sld_method_count(void)
{
    return sizeof methods / sizeof methods[0];
}

const sld_method *sld_method_at(size_t i)
{
    return &methods[i];
}

const sld_method *sld_method_find(const char *name)
{
    for (size_t i = 0; i < sld_method_count(); i++) {
        if (strcmp(methods[i].name, name) == 0) return &methods[i];
    }
    return NULL;
}

const char *const (*sld_method_defaults(const char *name))[2]
{
    const sld_method *method = sld_method_find(name);

    return method ? method->defaults : NULL;
}

static const struct {
    const char *name, *formula;
    sld_status (*add)(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
} losses[] = {
#define SLD_LOSS_ROW(ID, name, add, formula) {name, formula, add},
    SLD_TEACHER_LOSS_LIST(SLD_LOSS_ROW)
#undef SLD_LOSS_ROW
};

bool sld_teacher_loss_find(const char *name, sld_teacher_loss *out)
{
    for (size_t i = 0; i < SLD_TEACHER_LOSSES; i++) {
        if (strcmp(losses[i].name, name) == 0) {
            *out = (sld_teacher_loss)i;
            return true;
        }
    }
    return false;
}

const char *sld_teacher_loss_name(sld_teacher_loss loss)
{
    return losses[loss].name;
}

const char *sld_teacher_loss_formula(sld_teacher_loss loss)
{
    return losses[loss].formula;
}

sld_status sld_teacher_loss_add(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params)
{
    return losses[params->loss].add(ctx, o, params);
}
