/* forms.c: the table of the forms of the teacher term. */
#include "form.h"

#include <string.h>

static const struct {
    const char *name;
    sld_status (*add)(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
} forms[] = {
    [SLD_FORM_KL]   = {"kl", sld_form_add_kl},
    [SLD_FORM_DKD]  = {"dkd", sld_form_add_dkd},
    [SLD_FORM_MLKD] = {"mlkd", sld_form_add_mlkd},
    [SLD_FORM_NKD]  = {"nkd", sld_form_add_nkd},
};

bool sld_form_find(const char *name, sld_form *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            *out = (sld_form)i;
            return true;
        }
    }
    return false;
}

sld_status sld_form_add(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params)
{
    return forms[params->form].add(ctx, o, params);
}
