/* experiment.c: reads an experiment and the settings of the command line into a configuration, the
 * same on every rank. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sld/data.h"
#include "sld/distill.h"
#include "sld/grid.h"
#include "sld/nn.h"

#define MAX_BYTES ((size_t)1 << 20) /* an experiment is a page of text */

/* What rank 0 finds at data.path, as bytes that can be sent. */
typedef struct found {
    char format[16], other[16];
    int  error;
} found;

static found look(const char *path)
{
    const sld_detected at  = sld_data_detect(path);
    found              out = {.error = at.error};

    snprintf(out.format, sizeof out.format, "%s", at.format ? at.format : "");
    snprintf(out.other, sizeof out.other, "%s", at.other ? at.other : "");
    return out;
}

/* Fails where one format does not show. */
static sld_status check_found(sld_ctx *ctx, const sld_config *config, const found *f)
{
    const char *path = sld_config_options(config)->data.path;

    if (f->error == EACCES) {
        return sld_config_reject(ctx, config, "data.path",
                                 "expected a data set, got %.200s, which this user may not open "
                                 "(permission denied); ask its owner for chmod -R g+rX",
                                 path);
    }
    if (f->error == ENOENT || f->error == ENOTDIR) {
        return sld_config_reject(ctx, config, "data.path",
                                 "expected a data set, got %.200s, which is not there; relative "
                                 "paths start at the folder sld is started in",
                                 path);
    }
    if (f->error != 0) {
        return sld_config_reject(ctx, config, "data.path", "expected a data set, got %.200s: %s",
                                 path, strerror(f->error));
    }
    if (*f->other) {
        return sld_config_reject(ctx, config, "data.path",
                                 "expected data.format beside it, %s or %s, for the files of both "
                                 "lie there, got %.200s and no data.format",
                                 f->format, f->other, path);
    }
    return *f->format
               ? SLD_OK
               : sld_config_reject(
                     ctx, config, "data.path",
                     "expected a data set whose format shows, or data.format (cifar10, cifar100, "
                     "idx or hdf5) beside it, got %.200s and no data.format",
                     path);
}

/* A user may give data.path without data.format: most formats can be detected. */
sld_status sld_experiment_settle_format(sld_ctx *ctx, const sld_comm *comm, bool over_file,
                                        sld_config *config)
{
    const sld_options *o      = sld_config_options(config);
    const sld_origin   origin = sld_config_origin(config, "data.format");
    found              f      = {.error = 0};

    if (*o->data.path == '\0' ||
        !(origin == SLD_FROM_DEFAULT ||
          (over_file && o->data.format == SLD_FORMAT_SYNTHETIC && origin < SLD_FROM_OVERRIDE &&
           sld_config_origin(config, "data.path") == SLD_FROM_OVERRIDE))) {
        return SLD_OK;
    }
    if (!comm || sld_comm_rank(comm) == 0) {
        f = look(o->data.path);
    }
    if (comm) {
        SLD_TRY(sld_comm_bcast(ctx, comm, &f, sizeof f, 0));
    }
    SLD_TRY(check_found(ctx, config, &f));
    return sld_config_settle(ctx, config, "data.path", "data.format", f.format);
}

/* Checks student.network here, because the option table does not know the list of networks. An
 * alias is replaced by the network's name, so that both give the same ID. */
static sld_status check_network(sld_ctx *ctx, sld_config *config)
{
    const char        *name    = sld_config_options(config)->student.network;
    const sld_network *network = sld_network_find(name);
    const char        *names[256];
    const size_t       n = sld_network_count() < 256 ? sld_network_count() : 256;

    if (network) {
        return strcmp(network->name, name) == 0
                   ? SLD_OK
                   : sld_config_call(ctx, config, "student.network", network->name);
    }
    for (size_t i = 0; i < n; i++) {
        names[i] = sld_network_at(i)->name;
    }
    const int nearest = sld_text_nearest(name, names, n);
    return sld_config_reject(ctx, config, "student.network",
                             "expected a network that sld models lists, got '%s'%s%s", name,
                             nearest >= 0 ? "; nearest: " : "", nearest >= 0 ? names[nearest] : "");
}

sld_status sld_experiment_check(sld_ctx *ctx, void *user, sld_config *config)
{
    SLD_TRY(sld_config_check_paths(ctx, config, SLD_FROM_FILE));
    SLD_TRY(sld_experiment_settle_format(ctx, NULL, false, config));
    SLD_TRY(check_network(ctx, config));
    return sld_experiment_start(ctx, user, config);
}

/* Collective. Checks an experiment that a user gave. A trial of a sweep (run.claim is set) is
 * checked less, because the sweep has checked its whole grid. */
static sld_status check_given(sld_ctx *ctx, const sld_comm *comm, sld_config *config)
{
    const bool claimed = *sld_config_options(config)->run.claim != '\0';
    sld_status st      = claimed ? SLD_OK : sld_config_check_paths(ctx, config, SLD_FROM_FILE);

    SLD_TRY(comm ? sld_agree(ctx, comm, st) : st);
    SLD_TRY(sld_experiment_settle_format(ctx, comm, false, config));
    SLD_TRY(check_network(ctx, config));
    return claimed ? SLD_OK : sld_config_check_settings(ctx, config);
}

/* Collective. Brings rank 0's text, of n bytes, to every rank; st: this rank's status before. The
 * caller frees *text, after a failure too. */
static sld_status share_text(sld_ctx *ctx, const sld_comm *comm, sld_status st, void **text,
                             size_t *n)
{
    SLD_TRY(sld_agree(ctx, comm, st));
    SLD_TRY(sld_comm_bcast(ctx, comm, n, sizeof *n, 0));
    if (!*text && !(*text = malloc(*n + 1))) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu bytes of configuration", *n);
    }
    SLD_TRY(sld_agree(ctx, comm, st));
    return sld_comm_bcast(ctx, comm, *text, *n, 0);
}

sld_status sld_experiment_whole_paths(sld_ctx *ctx, const sld_comm *comm, sld_config *config)
{
    char folder[PATH_MAX] = "";

    if (*sld_config_options(config)->run.claim) {
        return SLD_OK;
    }
    if (sld_comm_rank(comm) == 0 && !getcwd(folder, sizeof folder)) {
        folder[0] = '\0'; /* it was deleted: paths stay as they are */
    }
    SLD_TRY(sld_comm_bcast(ctx, comm, folder, sizeof folder, 0));
    sld_status st = *folder == '/' ? sld_config_make_whole(ctx, config, folder) : SLD_OK;
    if (st == SLD_OK) {
        st = check_network(ctx, config); /* its proper name, as before */
    }
    return sld_agree(ctx, comm, st);
}

sld_status sld_experiment_read(sld_ctx *ctx, const sld_comm *comm, const sld_arguments *args,
                               sld_config **out)
{
    void      *text = NULL;
    size_t     n    = 0;
    sld_status st   = SLD_OK;

    *out = NULL;
    if (!comm || sld_comm_rank(comm) == 0) {
        const sld_given given = sld_given_at(ctx, args->positional);
        st                    = given != SLD_GIVEN_TEXT && given != SLD_GIVEN_NOTHING
                                    ? sld_given_refuse(ctx, args->positional, given, "an experiment (YAML)")
                                    : sld_file_read(ctx, args->positional, MAX_BYTES, &text, &n);
    }
    if (comm && (st = share_text(ctx, comm, st, &text, &n)) != SLD_OK) {
        free(text);
        return st;
    }
    if (st == SLD_OK) {
        st = sld_grid_refuse_spec(ctx, args->positional, text, n);
    }
    if (st == SLD_OK) {
        st = sld_config_parse(ctx, args->positional, text, n, args->overrides, args->n_overrides,
                              sld_method_defaults, out);
    }
    free(text);
    st = comm ? sld_agree(ctx, comm, st) : st;
    if (st == SLD_OK) {
        st = check_given(ctx, comm, *out);
    }
    if (comm) {
        st = sld_agree(ctx, comm, st);
    }
    if (st != SLD_OK) {
        sld_config_destroy(*out);
        *out = NULL;
    }
    return st;
}
