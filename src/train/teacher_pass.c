/* teacher_pass.c: the teacher alone over a whole epoch, each rank on its share of the samples. */
#include "teacher.h"

#define TELL_S 1.0 /* seconds between signs of life */

/* Local. Up to SLD_EVAL_CHUNK rows from `at`. */
static sld_status run_chunk(sld_ctx *ctx, sld_trial *t, int view, int64_t epoch, sld_range mine,
                            size_t at, float *rows)
{
    const size_t end = at + SLD_EVAL_CHUNK < mine.end ? at + SLD_EVAL_CHUNK : mine.end;

    if (at >= end) {
        return SLD_OK; /* other ranks have more rows */
    }
    sld_loader_view(t->loader, view, epoch, t->subset->train + at, end - at, t->images);
    return sld_infer_run(ctx, sld_learner_teacher(t->learner), t->images, end - at,
                         rows + at * t->set->K);
}

sld_status sld_teacher_pass(sld_ctx *ctx, sld_trial *t, int view, int64_t epoch, float *rows,
                            sld_claims *claims, bool *stop)
{
    const size_t    n    = t->subset->n_train;
    const sld_range mine = sld_comm_share(t->comm, n, SLD_TABLE_BLOCK);
    /* no rank has more whole blocks than an even share, rounded up */
    const size_t blocks = (n + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK,
                 ranks  = (size_t)sld_comm_size(t->comm);
    const size_t most   = (blocks + ranks - 1) / ranks * SLD_TABLE_BLOCK;
    double       told_s = -TELL_S;

    *stop = false;
    for (size_t done = 0; done < most; done += SLD_EVAL_CHUNK) {
        int request = sld_trial_wish(t);
        sld_enter(ctx, SLD_PHASE_TEACHER);
        const sld_status st = run_chunk(ctx, t, view, epoch, mine, mine.begin + done, rows);
        SLD_TRY(sld_agree_request(ctx, t->comm, st, &request));
        if (request == SLD_WISH_STOP) {
            *stop = true;
            return SLD_OK;
        }
        if (claims && sld_clock_s() - told_s >= TELL_S) {
            sld_claims_tell(claims, epoch, done, most);
            told_s = sld_clock_s();
        }
        sld_trial_show_teacher(t, "computing", epoch, (double)done / (double)most);
    }
    return SLD_OK;
}
