/* pass.c: the teacher alone over a whole epoch, each rank on its share of the samples. */
#include "parts.h"

#define REPORT_S 1.0 /* seconds between signs of life */

/* Local. Up to SLD_EVAL_CHUNK rows from `at`. */
static sld_status run_chunk(sld_ctx *ctx, const sld_teacher_env *env, int view, int64_t epoch,
                            sld_range mine, size_t at, float *rows)
{
    const size_t end = at + SLD_EVAL_CHUNK < mine.end ? at + SLD_EVAL_CHUNK : mine.end;

    if (at >= end) {
        return SLD_OK; /* other ranks have more rows */
    }
    sld_loader_view(env->loader, view, epoch, env->subset->train + at, end - at, env->images);
    return sld_infer_run(ctx, env->forward, env->images, end - at, rows + at * env->set->K);
}

sld_status sld_teacher_pass(sld_ctx *ctx, const sld_teacher_env *env, int view, int64_t epoch,
                            float *rows, sld_claims *claims, bool *stop)
{
    const size_t    n    = env->subset->n_train;
    const sld_range mine = sld_comm_share(env->comm, n, SLD_TABLE_BLOCK);
    /* no rank has more whole blocks than an even share, rounded up */
    const size_t blocks     = (n + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK,
                 ranks      = (size_t)sld_comm_size(env->comm);
    const size_t max        = (blocks + ranks - 1) / ranks * SLD_TABLE_BLOCK;
    double       reported_s = -REPORT_S;

    *stop = false;
    for (size_t done = 0; done < max; done += SLD_EVAL_CHUNK) {
        int request = env->ask(env->user);
        sld_enter(ctx, SLD_PHASE_TEACHER);
        const sld_status st = run_chunk(ctx, env, view, epoch, mine, mine.begin + done, rows);
        SLD_TRY(sld_agree_request(ctx, env->comm, st, &request));
        if (request == SLD_ASK_STOP) {
            *stop = true;
            return SLD_OK;
        }
        if (claims && sld_clock_s() - reported_s >= REPORT_S) {
            sld_claims_report(claims, epoch, done, max);
            reported_s = sld_clock_s();
        }
        env->report(env->user, "computing", epoch, (double)done / (double)max);
    }
    return SLD_OK;
}
