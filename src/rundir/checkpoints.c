/* checkpoints.c: the checkpoints in a trial's folder: ckpt-EPOCH-STEP.h5, an attempt's with -aN
 * before the ending. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sld/rundir.h"

/* Digits of a number in fixed width, or none of them. */
static bool read_number(const char **text, size_t digits, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++, ++*text) {
        if (**text < '0' || **text > '9') {
            return false;
        }
        *out = 10 * *out + (**text - '0');
    }
    return true;
}

bool sld_ckpt_parse(const char *name, sld_ckpt *out)
{
    const char *at = name;

    *out = (sld_ckpt){0};
    if (strncmp(at, "ckpt-", 5) != 0) {
        return false;
    }
    at += 5;
    if (!read_number(&at, 7, &out->epoch) || *at++ != '-' || !read_number(&at, 9, &out->step)) {
        return false;
    }
    if (strncmp(at, "-a", 2) == 0) {
        const size_t digits = strspn(at + 2, "0123456789");
        at += 2;
        if (digits == 0 || digits > 18 || !read_number(&at, digits, &out->attempt)) {
            return false;
        }
    }
    return strcmp(at, ".h5") == 0;
}

void sld_ckpt_path(const char *run, const sld_ckpt *c, char path[PATH_MAX])
{
    char attempt[32] = "";

    if (c->attempt > 0) {
        snprintf(attempt, sizeof attempt, "-a%lld", (long long)c->attempt);
    }
    snprintf(path, PATH_MAX, "%s/ckpt-%07lld-%09lld%s.h5", run, (long long)c->epoch,
             (long long)c->step, attempt);
}

static int newest_first(const void *a, const void *b)
{
    const sld_ckpt *x = a, *y = b;

    if (x->epoch != y->epoch) {
        return x->epoch < y->epoch ? 1 : -1;
    }
    if (x->step != y->step) {
        return x->step < y->step ? 1 : -1;
    }
    return (x->attempt < y->attempt) - (x->attempt > y->attempt);
}

sld_status sld_ckpt_list_read(sld_ctx *ctx, const char *run, sld_ckpt_list *out)
{
    DIR                 *dir = opendir(run);
    const struct dirent *entry;
    sld_ckpt             ckpt;
    sld_status           st;

    *out = (sld_ckpt_list){0};
    if (!dir) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot list: %s", run, strerror(errno));
    }
    while ((st = sld_file_next_entry(ctx, dir, run, &entry)) == SLD_OK && entry) {
        if (!sld_ckpt_parse(entry->d_name, &ckpt)) {
            continue;
        }
        void *more = realloc(out->at, (out->n + 1) * sizeof *out->at);
        if (!more) {
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the checkpoints in %s", run);
            break;
        }
        out->at           = more;
        out->at[out->n++] = ckpt;
    }
    closedir(dir);
    if (st != SLD_OK) { /* a part of the list would hide the newest checkpoint */
        sld_ckpt_list_free(out);
        return st;
    }
    if (out->n) {
        qsort(out->at, out->n, sizeof *out->at, newest_first);
    }
    return SLD_OK;
}

void sld_ckpt_list_free(sld_ckpt_list *list)
{
    free(list->at);
    *list = (sld_ckpt_list){0};
}

sld_status sld_ckpt_remove_old(sld_ctx *ctx, const char *run, int64_t attempt, size_t kept)
{
    char          path[PATH_MAX];
    size_t        n = 0;
    sld_ckpt_list all;

    SLD_TRY(sld_ckpt_list_read(ctx, run, &all));
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i].attempt <= attempt && n++ >= kept) {
            sld_ckpt_path(run, &all.at[i], path);
            unlink(path);
        }
    }
    sld_ckpt_list_free(&all);
    return SLD_OK;
}

sld_ckpt sld_ckpt_newest(const char *run)
{
    sld_ckpt       newest = {0}, ckpt;
    DIR           *dir    = opendir(run);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (sld_ckpt_parse(entry->d_name, &ckpt) && newest_first(&ckpt, &newest) < 0) {
            newest = ckpt;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return newest;
}
