/* ended.c: a folder may hold the end of its trial already. Then nothing is trained: weights that are gone,
 * and logits or features that this start asks for, are written from the last checkpoint; what else it asks
 * for is reported. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

/* *whole false: it is not there, or damaged. Fails where it cannot be opened, which says nothing of it. */
static sld_status look(sld_ctx *ctx, const char *path, bool *whole)
{
    sld_doc         *doc = NULL;
    const sld_status st  = sld_doc_open(ctx, path, &doc);

    sld_doc_close(doc);
    *whole = st == SLD_OK;
    if (st == SLD_ERR_DATA) {
        sld_err_clear(ctx);
        return SLD_OK;
    }
    return st;
}

static bool lists(const char *keys, const char *key)
{
    return strstr(keys, key) != NULL;
}

enum { KEYS_BYTES = 400 };

/* Rank 0. Options that change no result, and that the folder was made with otherwise. */
static sld_status find_unlike(sld_ctx *ctx, const sld_trial *t, char keys[KEYS_BYTES], size_t *n)
{
    char *stored = NULL;

    SLD_TRY(sld_trial_stored(ctx, &t->io, t->setup.arena, "config", &stored));
    *n = stored ? sld_config_unlike(t->setup.params->config, stored, keys, KEYS_BYTES) : 0;
    return SLD_OK;
}

/* How many of the keys ask for what the last weights alone make: logits and features. */
static size_t count_wishes(const sld_trial *t, const char *keys)
{
    const sld_options *o = t->setup.opt;

    return (size_t)(lists(keys, "run.features") && o->run.features != SLD_FEATURES_NONE) +
           (size_t)(lists(keys, "run.logits") && o->run.logits);
}

enum { SETTINGS_BYTES = 80 };

/* Rank 0. Settings without which results that are written anew would lack what these hold, as
 * "run.logits=true run.features=test"; "": they would hold it all. */
static void list_settings(sld_ctx *ctx, const sld_trial *t, char text[SETTINGS_BYTES])
{
    const sld_options *o = t->setup.opt;
    const struct {
        bool        given;
        const char *path, *setting;
    } parts[] = {{o->run.logits, "/logits/test_last", "run.logits=true"},
                 {o->run.features != SLD_FEATURES_NONE, "/features/test_last", "run.features=test"},
                 {o->run.label_p, "/train/label_p", "run.label_p=true"}};
    char     path[PATH_MAX];
    sld_doc *doc = NULL;
    size_t   n   = 0;

    text[0] = '\0';
    sld_run_path(t->io.dir, SLD_RUN_RESULTS, 0, path);
    const bool there = sld_doc_open(ctx, path, &doc) == SLD_OK; /* else it may hold each of them */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].given && (!there || sld_doc_has(doc, parts[i].path))) {
            n += (size_t)snprintf(text + n, SETTINGS_BYTES - n, "%s%s", n ? " " : "",
                                  parts[i].setting);
        }
    }
    sld_doc_close(doc);
    sld_err_clear(ctx);
}

static bool keeps_all(sld_ctx *ctx, const sld_trial *t)
{
    char settings[SETTINGS_BYTES];

    list_settings(ctx, t, settings);
    return settings[0] == '\0';
}

enum { LACKING_BYTES = 64 };

/* "last.h5 is not there, best.h5 is damaged"; "": both are whole. */
static sld_status list_lacking(sld_ctx *ctx, const sld_trial *t, char text[LACKING_BYTES])
{
    static const sld_run_file files[] = {SLD_RUN_LAST, SLD_RUN_BEST};
    size_t                    n       = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_MAX];
        bool whole;
        sld_run_path(t->io.dir, files[i], 0, path);
        SLD_TRY(look(ctx, path, &whole));
        if (!whole) {
            n += (size_t)snprintf(text + n, LACKING_BYTES - n, "%s%s is %s", n ? ", " : "",
                                  strrchr(path, '/') + 1,
                                  sld_run_has(t->io.dir, files[i]) ? "damaged" : "not there");
        }
    }
    return SLD_OK;
}

/* Rank 0. Whether a finished run lacks weights that are to be written again: its last checkpoint has
 * them. Where they cannot be, whoever goes on would do so without them. Those of a sweep are its
 * coordinator's care. */
static sld_status can_restore(sld_ctx *ctx, const sld_trial *t, bool *restores)
{
    const bool kept = sld_ckpt_newest(t->io.dir).epoch > t->setup.opt->train.epochs;
    char       lacking[LACKING_BYTES], settings[SETTINGS_BYTES];

    *restores = false;
    if (sld_trial_is_attempt(&t->io)) {
        return SLD_OK;
    }
    SLD_TRY(list_lacking(ctx, t, lacking));
    if (!lacking[0]) {
        return SLD_OK;
    }
    if (!kept) {
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: the trial is done, and %s: no checkpoint is left to write it from; put "
            "it back, or train the trial anew in another run.dir",
            t->io.dir, lacking);
    }
    list_settings(ctx, t, settings);
    if (settings[0]) {
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: the trial is done, and %s: give %s, as its results have them, and it "
                        "is written again from the last checkpoint",
                        t->io.dir, lacking, settings);
    }
    *restores = true;
    sld_log(ctx, SLD_LOG_WARN,
            "%s: the trial is done, and %s: written again from the last checkpoint", t->io.dir,
            lacking);
    return SLD_OK;
}

/* Rank 0. Whether the results are to be written again, with logits or features that they lack. */
static sld_status can_add(sld_ctx *ctx, const sld_trial *t, bool *adds)
{
    char   keys[KEYS_BYTES];
    size_t n = 0;

    SLD_TRY(find_unlike(ctx, t, keys, &n));
    const size_t wishes = count_wishes(t, keys);
    *adds               = wishes > 0 && !sld_trial_is_attempt(&t->io) &&
            sld_ckpt_newest(t->io.dir).epoch > t->setup.opt->train.epochs && keeps_all(ctx, t);
    if (*adds) {
        sld_log(ctx, n > wishes ? SLD_LOG_WARN : SLD_LOG_INFO,
                "%s: the trial is done; its results are written again from the last checkpoint: "
                "%s%s",
                t->io.dir, keys,
                n > wishes ? "; of these only run.logits and run.features change anything here"
                           : "");
    }
    return SLD_OK;
}

/* Rank 0. */
static sld_status warn_unlike(sld_ctx *ctx, const sld_trial *t, const char *status)
{
    char   keys[KEYS_BYTES], cure[PATH_MAX + 80] = "";
    size_t n = 0;

    SLD_TRY(find_unlike(ctx, t, keys, &n));
    if (n == 0) {
        return SLD_OK;
    }
    if (strcmp(status, "done") == 0 && count_wishes(t, keys) > 0) {
        snprintf(cure, sizeof cure, "; sld eval %s/last.h5 --logits OUT.h5 --features makes these",
                 t->io.dir);
    }
    sld_log(ctx, SLD_LOG_WARN,
            "%s: %s: change%s nothing here: the trial is %s already, and nothing is trained; "
            "another run.dir trains it anew%s",
            t->io.dir, keys, n == 1 ? "s" : "", status, cure);
    return SLD_OK;
}

sld_status sld_trial_tell_dropped(sld_ctx *ctx, sld_trial *t)
{
    char       keys[KEYS_BYTES], *stored = NULL;
    sld_status st = SLD_OK;

    if (sld_comm_rank(t->setup.comm) == 0 && !sld_trial_is_attempt(&t->io)) {
        st = sld_trial_stored(ctx, &t->io, t->setup.arena, "config", &stored);
    }
    if (stored && sld_config_dropped(t->setup.params->config, stored, keys, sizeof keys) > 0) {
        sld_log(
            ctx, SLD_LOG_WARN,
            "%s: the run began with %s and goes on without: what that asks for is not kept; give "
            "it again to keep it",
            t->io.dir, keys);
    }
    return sld_agree(ctx, t->setup.comm, st);
}

/* Rank 0. They follow from the checkpoint. */
static sld_status warn_damaged(sld_ctx *ctx, const sld_trial *t)
{
    char path[PATH_MAX];
    bool whole;

    if (!sld_run_has(t->io.dir, SLD_RUN_RESULTS)) {
        return SLD_OK;
    }
    sld_run_path(t->io.dir, SLD_RUN_RESULTS, 0, path);
    SLD_TRY(look(ctx, path, &whole));
    if (!whole) {
        sld_log(ctx, SLD_LOG_WARN, "%s: damaged; it is written anew", path);
    }
    return SLD_OK;
}

/* Rank 0. The status that the folder's results tell: "" when there are none, or when a finished run is
 * to write its files again. */
static sld_status stored_status(sld_ctx *ctx, sld_trial *t, char status[32])
{
    char *stored = NULL;
    bool  again  = false;

    SLD_TRY(sld_trial_stored(ctx, &t->io, t->setup.arena, "status", &stored));
    snprintf(status, 32, "%s", stored ? stored : "");
    if (!stored) {
        SLD_TRY(warn_damaged(ctx, t));
    }
    if (strcmp(status, "done") == 0) {
        SLD_TRY(can_restore(ctx, t, &again));
    }
    if (strcmp(status, "done") == 0 && !again) {
        SLD_TRY(can_add(ctx, t, &again));
    }
    if (again) {
        status[0] = '\0';
    }
    return SLD_OK;
}

sld_status sld_trial_ended_before(sld_ctx *ctx, sld_trial *t, bool *ended, sld_outcome *out)
{
    char       status[32] = "";
    const bool first      = sld_comm_rank(t->setup.comm) == 0;
    sld_status st         = first ? stored_status(ctx, t, status) : SLD_OK;

    SLD_TRY(sld_agree(ctx, t->setup.comm, st));
    SLD_TRY(sld_comm_bcast(ctx, t->setup.comm, status, sizeof status, 0));
    *ended = strcmp(status, "done") == 0 || strcmp(status, "diverged") == 0;
    if (!*ended) {
        return SLD_OK;
    }
    *out = strcmp(status, "done") == 0 ? SLD_TRIAL_DONE : SLD_TRIAL_DIVERGED;
    sld_log(ctx, SLD_LOG_INFO, "trial %s in %s: %s already", t->setup.identity.id, t->io.dir,
            status);
    if (*out == SLD_TRIAL_DONE) {
        sld_trial_miss_kept(ctx, &t->setup, &t->io, t->setup.opt->train.epochs + 1);
    }
    return sld_agree(ctx, t->setup.comm, first ? warn_unlike(ctx, t, status) : SLD_OK);
}
