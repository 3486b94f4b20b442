/* store.c: the store of teacher logits that trials share: a folder per key, a file per
 * epoch. Rank 0 looks and decides, all act: a table that is missing and unclaimed is filled; while
 * another trial fills it, tables of later epochs are; else it is waited for. A file that is damaged
 * or of something else is named and replaced. What cannot be stored is computed live. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "parts.h"

#define POLL_S  0.05 /* between looks while waiting */
#define REFILLS 2    /* of one table, before the disk is given up */

/* Another trial's claim, as last seen, and since when it looks so. */
typedef struct watch {
    int64_t epoch;
    char    record[SLD_CLAIM_BYTES];
    double  since_s;
} watch;

typedef struct view_store {
    bool    used;
    char    key[SLD_KEY_BYTES], folder[PATH_MAX];
    int64_t in_memory; /* epoch of the table that the rows hold; -1: none */
    /* on rank 0 */
    sld_claims claims;
    watch      watch;
    int64_t    bad_epoch; /* of a file found bad, 0 standing for itself; -1: none */
    ino_t      bad_file;
    int        bad_times;
    bool       live; /* this epoch is computed live */
} view_store;

struct sld_teacher_store {
    const sld_teacher_env *env; /* borrowed */
    int32_t               *sample;
    view_store             view[SLD_VIEWS];
    bool                   closed, warned; /* on rank 0: nothing can be written; of the budget */
};

/* What rank 0 has decided. */
typedef struct plan {
    enum { LOAD, FILL, WAIT } action;
    int     view;    /* of FILL */
    int64_t epoch;   /* of the table */
    bool    replace; /* a bad file stands there */
    bool    claimed;
    bool    live[SLD_VIEWS];
} plan;

static void table_path(const sld_teacher_store *s, int v, int64_t epoch, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.4000s/epoch-%05lld.h5", s->view[v].folder, (long long)epoch);
}

static sld_table table_of(const sld_teacher_store *s, int v, int64_t epoch)
{
    return (sld_table){.key    = s->view[v].key,
                       .epoch  = epoch,
                       .sample = s->sample,
                       .n      = s->env->subset->n_train,
                       .K      = s->env->set->K};
}

static bool needs(const sld_teacher_store *s, int v, int64_t epoch)
{
    return s->view[v].used && s->env->wanted[v][epoch];
}

/* ---- looking, on rank 0 ---- */

static bool is_there(const sld_teacher_store *s, int v, int64_t epoch, bool *bad)
{
    const view_store *view = &s->view[v];
    char              path[PATH_MAX];
    struct stat       info;

    table_path(s, v, epoch, path);
    const bool exists = stat(path, &info) == 0;
    *bad              = exists && epoch == view->bad_epoch && info.st_ino == view->bad_file;
    return exists && !*bad;
}

/* Bytes of all files two levels below the folder. */
static double folder_bytes(const char *folder, int depth)
{
    char           path[PATH_MAX];
    double         sum = 0.0;
    struct stat    info;
    struct dirent *entry;
    DIR           *dir = opendir(folder);

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path ||
            lstat(path, &info) != 0) {
            continue;
        }
        if (S_ISREG(info.st_mode)) {
            sum += (double)info.st_size;
        } else if (S_ISDIR(info.st_mode) && depth > 0) {
            sum += folder_bytes(path, depth - 1);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return sum;
}

static bool over_budget(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch)
{
    const sld_options *opt   = s->env->opt;
    const double       limit = opt->teacher.logits_budget;
    const sld_table    table = table_of(s, v, epoch);

    if (limit <= 0.0) {
        return false;
    }
    const double gib  = 1024.0 * 1024.0 * 1024.0;
    const double held = folder_bytes(opt->teacher.logits, 1) / gib;
    const double more = (double)sld_table_bytes(&table) / gib;
    if (held + more <= limit) {
        return false;
    }
    if (!s->warned) {
        sld_log(ctx, SLD_LOG_WARN,
                "%s holds %.3g GiB, a table more takes %.3g, teacher.logits_budget is %g: what is "
                "missing there is computed live",
                opt->teacher.logits, held, more, limit);
        s->warned = true;
    }
    return true;
}

typedef enum { HERE, MINE, THEIRS, LIVE } sight;

/* MINE: it is missing, and now claimed. */
static sight look(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch, plan *p)
{
    sld_claims *claims = &s->view[v].claims;

    if (is_there(s, v, epoch, &p->replace)) {
        return HERE;
    }
    if (s->closed) {
        return LIVE;
    }
    if (!sld_claims_take(claims, epoch)) {
        return THEIRS;
    }
    if (is_there(s, v, epoch, &p->replace)) { /* published before its claim was dropped */
        sld_claims_drop(claims, epoch);
        return HERE;
    }
    if (over_budget(ctx, s, v, epoch)) {
        sld_claims_drop(claims, epoch);
        return LIVE;
    }
    p->action  = FILL;
    p->view    = v;
    p->epoch   = epoch;
    p->claimed = true;
    return MINE;
}

/* Has the claim of another trial shown no life for too long? */
static bool is_stuck(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch)
{
    watch       *w        = &s->view[v].watch;
    const double patience = s->env->opt->teacher.logits_patience, now = sld_clock_s();
    char         record[SLD_CLAIM_BYTES];

    sld_claims_read(&s->view[v].claims, epoch, record);
    if (w->epoch != epoch || memcmp(w->record, record, sizeof record) != 0) {
        w->epoch   = epoch;
        w->since_s = now;
        memcpy(w->record, record, sizeof record);
    }
    if (now - w->since_s < patience) {
        return false;
    }
    sld_log(ctx, SLD_LOG_WARN,
            "%s, epoch %lld: its claim (%.*s) has not moved for %g s: computed here too",
            s->view[v].folder, (long long)epoch, (int)strcspn(record, "\n"), record, patience);
    w->epoch = -1;
    return true;
}

static bool fill_ahead(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch, plan *p)
{
    const sld_options *opt  = s->env->opt;
    const int64_t      last = epoch + opt->teacher.look_ahead < opt->train.epochs
                                  ? epoch + opt->teacher.look_ahead
                                  : opt->train.epochs;

    for (int64_t e = epoch + 1; e <= last; e++) {
        for (int v = 0; v < SLD_VIEWS; v++) {
            if (needs(s, v, e) && sld_views_epoch(opt, v, e) == e &&
                look(ctx, s, v, e, p) == MINE) {
                return true;
            }
        }
    }
    return false;
}

/* Rank 0. */
static void decide(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch, const bool wanted[SLD_VIEWS],
                   plan *p)
{
    bool theirs[SLD_VIEWS] = {false};

    *p = (plan){.action = LOAD};
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!wanted[v] || s->view[v].live) {
            continue;
        }
        const sight found = look(ctx, s, v, sld_views_epoch(s->env->opt, v, epoch), p);
        if (found == MINE) {
            return;
        }
        s->view[v].live = found == LIVE;
        theirs[v]       = found == THEIRS;
    }
    if (theirs[SLD_WEAK] || theirs[SLD_STRONG]) {
        p->action = WAIT;
        if (fill_ahead(ctx, s, epoch, p)) {
            return;
        }
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        const int64_t e = sld_views_epoch(s->env->opt, v, epoch);
        if (theirs[v] && is_stuck(ctx, s, v, e)) {
            (void)is_there(s, v, e, &p->replace);
            p->action = FILL;
            p->view   = v;
            p->epoch  = e;
            return;
        }
        p->live[v] = s->view[v].live;
    }
}

/* ---- acting, on all ranks ---- */

/* Collective. A table is computed and published. */
static sld_status fill(sld_ctx *ctx, sld_teacher_store *s, const plan *p, float *rows, bool *stop)
{
    const sld_teacher_env *env   = s->env;
    view_store            *view  = &s->view[p->view];
    const bool             first = sld_comm_rank(env->comm) == 0;
    const sld_table        table = table_of(s, p->view, p->epoch);
    const double           t0    = sld_clock_s();
    char                   path[PATH_MAX];

    table_path(s, p->view, p->epoch, path);
    view->in_memory = -1;
    if (first) {
        sld_table_sweep(path);
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
        sld_log(ctx, SLD_LOG_WARN, "%s; from here on what is missing is computed live",
                ctx->err.msg);
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
    view_store *view = &s->view[v];
    struct stat info;

    view->bad_times = view->bad_epoch == epoch ? view->bad_times + 1 : 1;
    view->bad_epoch = epoch;
    view->bad_file  = stat(path, &info) == 0 ? info.st_ino : 0;
    view->live      = view->bad_times > REFILLS;
    sld_log(ctx, SLD_LOG_WARN, "%s; %s", ctx->err.msg,
            view->live ? "this epoch is computed live" : "it is made anew");
}

/* Collective. The ranks of a machine share the reading. *good false: the file is not what it should
 * be. */
static sld_status load(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch, float *rows,
                       bool *good)
{
    const sld_comm *comm   = s->env->comm;
    const sld_table table  = table_of(s, v, epoch);
    const size_t    blocks = (table.n + SLD_TABLE_BLOCK - 1) / SLD_TABLE_BLOCK,
                 size = (size_t)sld_comm_node_size(comm), r = (size_t)sld_comm_node_rank(comm),
                 end     = (r + 1) * blocks / size * SLD_TABLE_BLOCK;
    const sld_range part = {r * blocks / size * SLD_TABLE_BLOCK, end < table.n ? end : table.n};
    char            path[PATH_MAX];

    table_path(s, v, epoch, path);
    if (sld_comm_rank(comm) == 0) {
        sld_table_sweep(path); /* of a writer that died between giving the name and leaving */
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
static sld_status load_all(sld_ctx *ctx, sld_teacher_store *s, const plan *p, int64_t epoch,
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
    plan            p     = {.action = WAIT};

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
            decide(ctx, s, epoch, wanted, &p);
        }
        SLD_TRY(sld_comm_bcast(ctx, comm, &p, sizeof p, 0));
        if (p.action == FILL) {
            SLD_TRY(fill(ctx, s, &p, rows[p.view], stop));
        } else if (p.action == WAIT) {
            wait_a_little(s, epoch);
        } else {
            SLD_TRY(load_all(ctx, s, &p, epoch, wanted, rows, held, &again));
        }
    }
    return SLD_OK;
}

/* ---- life ---- */

/* Rank 0. */
static sld_status open_folder(sld_ctx *ctx, sld_teacher_store *s, int v)
{
    view_store *view = &s->view[v];

    SLD_TRY(sld_file_mkdirs(ctx, view->folder));
    if (sld_claims_open(ctx, view->folder, &view->claims) != SLD_OK) {
        sld_log(ctx, SLD_LOG_WARN, "%s: what is missing in the store is computed live",
                ctx->err.msg);
        sld_err_clear(ctx);
        s->closed = true;
    }
    sld_log(ctx, SLD_LOG_INFO, "teacher logits of the %s view: %s", v ? "strong" : "weak",
            view->folder);
    return SLD_OK;
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
        view_store *view = &s->view[v];

        for (int64_t e = 1; e <= env->opt->train.epochs; e++) {
            view->used = view->used || env->wanted[v][e];
        }
        view->in_memory = view->bad_epoch = view->watch.epoch = -1;
        sld_table_key(env, v, view->key);
        sld_key_hash(view->key, 16, hash);
        if (snprintf(view->folder, sizeof view->folder, "%s/%s", env->opt->teacher.logits, hash) >
            (int)sizeof view->folder - 64) {
            return SLD_FAIL(ctx, SLD_ERR_CONFIG, "teacher.logits: %.200s...: too long",
                            env->opt->teacher.logits);
        }
        if (view->used && sld_comm_rank(env->comm) == 0) {
            SLD_TRY(open_folder(ctx, s, v));
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
