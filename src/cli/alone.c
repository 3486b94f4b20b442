/* alone.c: verbs that need no ranks, and what exit code a status is. */
#include "cli.h"

int sld_exit_code_of(sld_status st)
{
    switch (st) {
    case SLD_OK:
        return SLD_EXIT_OK;
    case SLD_ERR_ARG:
    case SLD_ERR_CONFIG:
    case SLD_ERR_DATA:
        return SLD_EXIT_USAGE;
    case SLD_ERR_FENCED:
        return SLD_EXIT_UNFINISHED;
    case SLD_ERR_IO:
        return SLD_EXIT_STORAGE;
    default:
        return SLD_EXIT_INTERNAL;
    }
}

bool sld_verb_alone(sld_ctx *ctx, const sld_arguments *args, sld_verb_work work, int *exit_code)
{
    const sld_status st = work(ctx, args, exit_code);

    if (st != SLD_OK) {
        sld_log(ctx, SLD_LOG_ERROR, "%s", ctx->err.msg);
        *exit_code = sld_exit_code_of(st);
    }
    return true;
}
