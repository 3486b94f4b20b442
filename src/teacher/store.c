/* store.c: the store of teacher logits that trials share: a folder per key, a file per epoch. Rank 0
 * looks and decides (plan.c), all act. A file that is damaged or of something else is named and
 * replaced. What cannot be stored is computed live. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"

#define POLL_S  0.05 /* between looks while waiting */
#define REFILLS 2    /* of one table, before the disk is given up */

void sld_store_live(sld_ctx *ctx, const sld_teacher_store *s, const char *then, const char *format,
                    ...)
{
    char    text[512], *why = s->env->use->why;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sld_log(ctx, SLD_LOG_WARN, "%s; %s", text, then);
    if (!*why) {
        sld_text_printable(text, why, sizeof s->env->use->why);
    }
}

/* ---- acting, on all ranks ---- */

/* Collective. A table is computed and published. */
static sld_status fill(sld_ctx *ctx, sld_teacher_store *s, const sld_plan *p, float *rows,
                       bool *stop)
{
    const sld_teacher_env *env   = s->env;
    sld_view_store        *view  = &s->view[p->view];
    const bool             first = sld_comm_rank(env->comm) == 0;
    const sld_table        table = sld_table_of(s, p->view, p->epoch);
    const double           t0    = sld_clock_s();
    char                   path[PATH_MAX];

    sld_table_path(s, p->view, p->epoch, path);
    view->in_memory = -1;
    if (first) {
        sld_table_clean_up(path);
    }
    sld_status st = sld_teacher_pass(ctx, env, p->view, p->epoch, rows,
                                     first && p->claimed ? &view->claims : NULL, stop);
    sld_enter(ctx, SLD_PHASE_STORE);
    if (st == SLD_OK && !*stop) {
        st = sld_table_publish(ctx, env->comm, &table, rows, path, p->replace);
        env->use->filled += st == SLD_OK;
    }
    if (first && p->claimed) {
        sld_claims_drop(&view->claims, p->epoch);
    }
    env->use->fill_s += sld_clock_s() - t0;
    if ((st == SLD_ERR_IO || st == SLD_ERR_DATA) && ctx->err.agreed) { /* a full or broken disk */
        sld_store_live(ctx, s, "from here on the trial computes what is missing in every step",
                       "%s", ctx->err.msg);
        sld_err_clear(ctx);
        s->closed = true;
        return SLD_OK;
    }
    if (st == SLD_OK && !*stop) {
        sld_log(ctx, SLD_LOG_DEBUG, "%s: computed in %.1f s", path, sld_clock_s() - t0);
    }
    return st;
}

/* Rank 0. The file that was just found bad is not to be read again. */
static void remember_bad(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch, const char *path)
{
    sld_view_store *view = &s->view[v];
    struct stat     info;

    view->bad_times = view->bad_epoch == epoch ? view->bad_times + 1 : 1;
    view->bad_epoch = epoch;
    view->bad_file  = stat(path, &info) == 0 ? info.st_ino : 0;
    view->live      = view->bad_times > REFILLS;
    if (view->live) {
        sld_store_live(ctx, s, "this epoch is computed live", "%s", ctx->err.msg);
    } else {
        sld_log(ctx, SLD_LOG_WARN, "%s; it is made anew", ctx->err.msg);
    }
}

/* Collective. The ranks of a machine share the reading. *good false: the file is not what it should
 * be. */
static sld_status load(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch, float *rows,
                       bool *good)
{
    const sld_comm *comm   = s->env->comm;
    const sld_table table  = sld_table_of(s, v, epoch);
    const size_t    blocks = (table.n + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK,
                 size = (size_t)sld_comm_node_size(comm), r = (size_t)sld_comm_node_rank(comm),
                 end     = (r + 1) * blocks / size * SLD_TABLE_BLOCK;
    const sld_range part = {r * blocks / size * SLD_TABLE_BLOCK, end < table.n ? end : table.n};
    char            path[PATH_MAX];

    sld_table_path(s, v, epoch, path);
    if (sld_comm_rank(comm) == 0) {
        sld_table_clean_up(path); /* of a writer that died between giving the name and leaving */
    }
    s->view[v].in_memory = -1;
    sld_status st        = sld_agree(ctx, comm, sld_table_read(ctx, &table, path, part, rows));
    *good                = st == SLD_OK;
    if (st == SLD_OK) {
        s->view[v].in_memory = epoch;
        s->env->use->read++;
    } else if ((st == SLD_ERR_DATA || st == SLD_ERR_IO) && ctx->err.agreed) {
        if (sld_comm_rank(comm) == 0) {
            remember_bad(ctx, s, v, epoch, path);
        }
        sld_err_clear(ctx);
        st = SLD_OK;
    }
    return st;
}

/* Collective. All tables are there; *again: one of them was not good. */
static sld_status load_all(sld_ctx *ctx, sld_teacher_store *s, const sld_plan *p, int64_t epoch,
                           const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS],
                           bool held[SLD_VIEWS], bool *again)
{
    const double t0 = sld_clock_s();

    *again = false;
    for (int v = 0; v < SLD_VIEWS; v++) {
        const int64_t e = sld_views_epoch(s->env->opt, v, epoch);

        held[v] = wanted[v] && !p->live[v];
        if (held[v] && s->view[v].in_memory != e) {
            SLD_TRY(load(ctx, s, v, e, rows[v], &held[v]));
            *again = *again || !held[v];
        }
    }
    s->env->use->read_s += sld_clock_s() - t0;
    return SLD_OK;
}

static void wait_a_little(sld_teacher_store *s, int64_t epoch)
{
    const struct timespec pause = {.tv_nsec = (long)(POLL_S * 1e9)};
    const double          t0    = sld_clock_s();

    s->env->report(s->env->user, "waiting for", epoch, -1.0);
    nanosleep(&pause, NULL);
    s->env->use->wait_s += sld_clock_s() - t0;
}

sld_status sld_teacher_store_epoch(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch,
                                   const bool wanted[SLD_VIEWS], float *const rows[SLD_VIEWS],
                                   bool held[SLD_VIEWS], bool *stop)
{
    const sld_comm *comm  = s->env->comm;
    bool            again = true;
    sld_plan        p     = {.action = SLD_PLAN_WAIT};

    *stop                  = false;
    s->view[SLD_WEAK].live = s->view[SLD_STRONG].live = false;
    while (again && !*stop) {
        int request = s->env->ask(s->env->user);

        sld_enter(ctx, SLD_PHASE_STORE);
        SLD_TRY(sld_agree_request(ctx, comm, SLD_OK, &request));
        if (request == SLD_ASK_STOP) {
            *stop = true;
            return SLD_OK;
        }
        if (sld_comm_rank(comm) == 0) {
            sld_plan_make(ctx, s, epoch, wanted, &p);
        }
        SLD_TRY(sld_comm_bcast(ctx, comm, &p, sizeof p, 0));
        if (p.action == SLD_PLAN_FILL) {
            SLD_TRY(fill(ctx, s, &p, rows[p.view], stop));
        } else if (p.action == SLD_PLAN_WAIT) {
            wait_a_little(s, epoch);
        } else {
            SLD_TRY(load_all(ctx, s, &p, epoch, wanted, rows, held, &again));
        }
    }
    return SLD_OK;
}

/* ---- life ---- */

/* Rank 0. A folder that cannot be made or written costs time, not the trial. */
static void open_folder(sld_ctx *ctx, sld_teacher_store *s, int v)
{
    sld_view_store *view = &s->view[v];

    if (sld_file_mkdirs(ctx, view->folder) != SLD_OK ||
        sld_claims_open(ctx, view->folder, &view->claims) != SLD_OK) {
        sld_store_live(ctx, s, "the trial computes what is missing in the store in every step",
                       "%s", ctx->err.msg);
        sld_err_clear(ctx);
        s->closed = true;
    }
    sld_log(ctx, SLD_LOG_INFO, "teacher logits of the %s view: %s", v ? "strong" : "weak",
            view->folder);
}

/* Local. */
static sld_status prepare(sld_ctx *ctx, sld_teacher_store *s)
{
    const sld_teacher_env *env = s->env;
    char                   hash[65];

    SLD_TRY(sld_arena_alloc(ctx, env->arena, env->subset->n_train * sizeof *s->sample,
                            (void **)&s->sample));
    for (size_t i = 0; i < env->subset->n_train; i++) {
        s->sample[i] = (int32_t)env->subset->train[i];
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        sld_view_store *view = &s->view[v];

        for (int64_t e = 1; e <= env->opt->train.epochs; e++) {
            view->used = view->used || env->wanted[v][e];
        }
        view->in_memory = view->bad_epoch = view->sight.epoch = -1;
        sld_table_key(env, v, view->key);
        sld_key_hash(view->key, 16, hash);
        if (snprintf(view->folder, sizeof view->folder, "%s/%s", env->opt->teacher.logits, hash) >
            (int)sizeof view->folder - 64) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                            "teacher.logits: %.200s...: expected a shorter path",
                            env->opt->teacher.logits);
        }
        if (view->used && sld_comm_rank(env->comm) == 0) {
            open_folder(ctx, s, v);
        }
    }
    return SLD_OK;
}

sld_status sld_teacher_store_create(sld_ctx *ctx, const sld_teacher_env *env,
                                    sld_teacher_store **out)
{
    sld_teacher_store *s  = NULL;
    sld_status         st = sld_arena_alloc(ctx, env->arena, sizeof *s, (void **)&s);

    *out = NULL;
    if (st == SLD_OK) {
        s->env                      = env;
        s->view[SLD_WEAK].claims.fd = s->view[SLD_STRONG].claims.fd = -1;
        st                                                          = prepare(ctx, s);
    }
    st = sld_agree(ctx, env->comm, st);
    if (st != SLD_OK) {
        sld_teacher_store_destroy(s);
        return st;
    }
    *out = s;
    return SLD_OK;
}

void sld_teacher_store_destroy(sld_teacher_store *s)
{
    for (int v = 0; s && v < SLD_VIEWS; v++) {
        sld_claims_close(&s->view[v].claims);
    }
}
