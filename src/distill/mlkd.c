/* mlkd.c: multi-level logit distillation, docs/methods.md, "MLKD": as coded by its authors and as
 * their paper describes it. A sum of
 *   kd       temperature KL; on the weak view masked (global_batch.c). As coded the strong view has only
 *            the first three temperatures: of the others the code takes the weak view's logits,
 *   kd_lent  which is this plain KL on the weak view, at the strong view's weight;
 *   cc, bc   class and batch consistency (consistency.c), on the weak view masked; on the strong
 *            view computed and dropped by the code, here a switch. As coded cc then lends like kd
 *            and bc is masked: by the strong view's own teacher, whose mask has the weak one's mean
 *            (but for ties with the median). */
#include "objective.h"

enum { STRONG_TEMPERATURES = 3 }; /* as coded */

/* Keeps the temperatures from number `first` on. */
static void drop_temperatures(sld_term_params *p, size_t first)
{
    p->temperatures.n -= first;
    for (size_t j = 0; j < p->temperatures.n; j++) {
        p->temperatures.t[j] = p->temperatures.t[first + j];
    }
}

/* Adds a term of mlkd on both views and, if the strong view borrows temperatures, the term for
 * these. */
static sld_status add(sld_ctx *ctx, sld_objective *o, const sld_term_kind *kind,
                      const char *const names[2], const sld_term_params *p, bool lends,
                      sld_term **out)
{
    lends = lends && p->temperatures.n > STRONG_TEMPERATURES && p->weight[SLD_STRONG] > 0.0;
    SLD_TRY(sld_objective_add(ctx, o, kind, names[0], p, out));
    if (*out != NULL) {
        (*out)->masked[SLD_WEAK] = true;
        if (lends) (*out)->n_taus[SLD_STRONG] = STRONG_TEMPERATURES;
    }
    if (!lends) return SLD_OK;

    sld_term       *lent   = NULL;
    sld_term_params own    = *p;
    own.weight[SLD_WEAK]   = p->weight[SLD_STRONG];
    own.weight[SLD_STRONG] = 0.0;
    drop_temperatures(&own, STRONG_TEMPERATURES);
    return sld_objective_add(ctx, o, kind, names[1], &own, &lent);
}

sld_status sld_add_mlkd(sld_ctx *ctx, sld_objective *o, const sld_objective_params *p)
{
    static const char *const kd_names[2] = {"kd", "kd_lent"}, *const cc_names[2] = {"cc",
                                                                                    "cc_lent"};
    /* Without a weak view the strong one cannot borrow. */
    const bool      lends  = !p->mlkd_as_described && p->kd.weight[SLD_WEAK] > 0.0;
    const double    strong = p->mlkd_strong_consistency ? 1.0 : 0.0;
    sld_term       *term   = NULL;
    sld_term_params cc = p->kd, bc = p->kd;

    cc.weight[SLD_WEAK] *= p->mlkd_cc;
    cc.weight[SLD_STRONG] *= p->mlkd_cc * strong;
    bc.weight[SLD_WEAK] *= p->mlkd_bc;
    bc.weight[SLD_STRONG] *= p->mlkd_bc * strong;

    if (p->kd.weight[SLD_WEAK] == 0.0 && p->kd.weight[SLD_STRONG] == 0.0) return SLD_OK;
    SLD_TRY(sld_objective_gathers(ctx, o));
    o->batch.as_described = p->mlkd_as_described;
    SLD_TRY(add(ctx, o, &sld_term_kl, kd_names, &p->kd, lends, &term));
    SLD_TRY(add(ctx, o, &sld_term_class_consistency, cc_names, &cc, lends, &term));
    SLD_TRY(sld_objective_add(ctx, o, &sld_term_batch_consistency, "bc", &bc, &term));
    if (term != NULL) {
        term->masked[SLD_WEAK]   = true;
        term->masked[SLD_STRONG] = !p->mlkd_as_described;
    }
    return SLD_OK;
}
