/* plan.c: what rank 0 sees of the store's folders and claims, and what it decides from it. */
#include "plan.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void sld_table_path(const sld_teacher_store *s, int v, int64_t epoch, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.4000s/epoch-%05lld.h5", s->view[v].folder, (long long)epoch);
}

sld_table sld_table_of(const sld_teacher_store *s, int v, int64_t epoch)
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

static bool is_there(const sld_teacher_store *s, int v, int64_t epoch, bool *bad)
{
    const sld_view_store *view = &s->view[v];
    char                  path[PATH_MAX];
    struct stat           info;

    sld_table_path(s, v, epoch, path);
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
    const sld_table    table = sld_table_of(s, v, epoch);

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
        sld_store_live(
            ctx, s, "the trial computes what is missing there in every step",
            "%s holds %.3g GiB, one more table takes %.3g, and teacher.logits_budget is %g",
            opt->teacher.logits, held, more, limit);
        s->warned = true;
    }
    return true;
}

typedef enum { HERE, MINE, THEIRS, LIVE } found;

/* MINE: it is missing, and now claimed. */
static found look(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch, sld_plan *p)
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
    p->action  = SLD_PLAN_FILL;
    p->view    = v;
    p->epoch   = epoch;
    p->claimed = true;
    return MINE;
}

/* Has the claim of another trial shown no life for too long? */
static bool is_stuck(sld_ctx *ctx, sld_teacher_store *s, int v, int64_t epoch)
{
    sld_claim_sight *w        = &s->view[v].sight;
    const double     patience = s->env->opt->teacher.logits_patience, now = sld_clock_s();
    char             record[SLD_CLAIM_BYTES];

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
            "%s, epoch %lld: its claim (%.*s) has not moved for %g s; this trial computes it too",
            s->view[v].folder, (long long)epoch, (int)strcspn(record, "\n"), record, patience);
    w->epoch = -1;
    return true;
}

static bool fill_ahead(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch, sld_plan *p)
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

void sld_plan_make(sld_ctx *ctx, sld_teacher_store *s, int64_t epoch, const bool wanted[SLD_VIEWS],
                   sld_plan *p)
{
    bool theirs[SLD_VIEWS] = {false};

    *p = (sld_plan){.action = SLD_PLAN_LOAD};
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (!wanted[v] || s->view[v].live) {
            continue;
        }
        const found seen = look(ctx, s, v, sld_views_epoch(s->env->opt, v, epoch), p);
        if (seen == MINE) {
            return;
        }
        s->view[v].live = seen == LIVE;
        theirs[v]       = seen == THEIRS;
    }
    if (theirs[SLD_WEAK] || theirs[SLD_STRONG]) {
        p->action = SLD_PLAN_WAIT;
        if (fill_ahead(ctx, s, epoch, p)) {
            return;
        }
    }
    for (int v = 0; v < SLD_VIEWS; v++) {
        const int64_t e = sld_views_epoch(s->env->opt, v, epoch);
        if (theirs[v] && is_stuck(ctx, s, v, e)) {
            (void)is_there(s, v, e, &p->replace);
            p->action = SLD_PLAN_FILL;
            p->view   = v;
            p->epoch  = e;
            return;
        }
        p->live[v] = s->view[v].live;
    }
}
