/* evaluate.c: logits of a whole split, shared out over the ranks. */
#include "trial.h"

/* Local. This rank's share, chunk by chunk. */
static sld_status run_share(sld_ctx *ctx, sld_infer *infer, const sld_dataset *set,
                            const sld_images *images, const uint32_t *index, sld_range mine,
                            float *chunk, float *logits)
{
    for (size_t i = mine.begin; i < mine.end; i += SLD_EVAL_CHUNK) {
        const size_t n = mine.end - i < SLD_EVAL_CHUNK ? mine.end - i : SLD_EVAL_CHUNK;

        sld_enter(ctx, SLD_PHASE_EVALUATE);
        sld_data_normalise(set, images, index, i, n, chunk);
        SLD_TRY(sld_infer_run(ctx, infer, chunk, n, logits + i * set->K));
    }
    return SLD_OK;
}

sld_status sld_trial_evaluate(sld_ctx *ctx, const sld_comm *comm, sld_infer *infer,
                              const sld_dataset *set, const sld_images *images,
                              const uint32_t *index, size_t n, float *chunk, float *logits)
{
    const sld_range mine = sld_comm_share(comm, n, SLD_EVAL_BLOCK);

    SLD_TRY(sld_agree(ctx, comm, run_share(ctx, infer, set, images, index, mine, chunk, logits)));
    return sld_comm_gather_rows(ctx, comm, logits, n, SLD_EVAL_BLOCK, set->K);
}
