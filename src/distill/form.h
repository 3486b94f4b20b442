/* form.h: the forms of the teacher term, one file each; forms.c lists them. */
#ifndef SLD_DISTILL_FORM_H
#define SLD_DISTILL_FORM_H

#include "objective.h"

/* Local. Adds the terms that a form consists of, from params->kd and the form's own parameters; one
 * whose weight is 0 in both views is left out by sld_objective_add. */
sld_status sld_form_add_kl(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
sld_status sld_form_add_dkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
sld_status sld_form_add_mlkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);
sld_status sld_form_add_nkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);

/* Local. Those of params->form. */
sld_status sld_form_add(sld_ctx *ctx, sld_objective *o, const sld_objective_params *params);

#endif
