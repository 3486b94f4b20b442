/* method.h: the methods that methods.c lists, one file each, and how to add one.
 *
 * A method is a set of option defaults (method_kd.c). If the terms there are can express it, it is
 * that file, its line here and in methods.c, and its name in sld/config_choices.h. If it wants a
 * loss of its own:
 *   1. a file like nkd.c: a sld_term_kind, whose row() returns the loss of one sample and adds its
 *      gradient with respect to the student's logits (term.h; a term that mixes samples has whole()
 *      instead), and a function that adds the term to the objective (form.h);
 *   2. its name in forms.c, in sld_form (sld/distill.h) and in sld/config_choices.h;
 *   3. parameters of its own: options.def, a field of sld_objective_params, a line in
 *      src/learn/from_options.c and, as they matter for this form alone, a row of
 *      src/config/conditions.def;
 *   4. a line in tests/distill/test_distill_gradients.c, which holds it against central
 * differences. Corrections, z-scoring, views, temperatures, schedules, sums over ranks and records
 * then hold for it as for the others. */
#ifndef SLD_DISTILL_METHOD_H
#define SLD_DISTILL_METHOD_H

#include "sld/distill.h"

extern const sld_method sld_method_none, sld_method_kd, sld_method_lskd, sld_method_dkd,
    sld_method_mlkd, sld_method_nkd, sld_method_sld;

#endif
