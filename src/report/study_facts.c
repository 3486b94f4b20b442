/* study_facts.c: copies attributes of each trial's results into a packed study: its configuration,
 * and the machine, versions and input files behind it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sld/rundir.h"
#include "study.h"

/* Text attributes of results.h5. Their columns have the same names. */
static const char *const texts_kept[] = {"config",          "version",
                                         "machine",         "fingerprint",
                                         "fingerprints",    "data",
                                         "data_sha256",     "weights_sha256",
                                         "teacher_sha256",  "teacher_logits_sha256",
                                         "teacher_network", "started",
                                         "finished"};
enum { N_TEXTS = sizeof texts_kept / sizeof *texts_kept };

typedef struct facts {
    const char **text[N_TEXTS]; /* (n_trials) "": the results lack it */
    int64_t     *ranks;         /* (n_trials) 0: unknown */
} facts;

/* Where the path of the trial's folder begins in its configuration, as in "dir: SWEEP/trials/ID"; *n:
 * bytes of "SWEEP/". NULL: it names no such folder. */
static const char *find_folder(const char *config, const char *id, size_t *n)
{
    char inside[SLD_ID_LENGTH + 16];

    snprintf(inside, sizeof inside, "/trials/%s", id);
    const char *end = strstr(config, inside), *line = end, *begin;
    while (line && line > config && line[-1] != '\n') {
        line--;
    }
    if (!end || !(begin = strstr(line, ": ")) || begin + 2 > end) {
        return NULL;
    }
    begin += begin[2] == '"' || begin[2] == '\'' ? 3 : 2;
    *n = (size_t)(end - begin) + 1;
    return begin;
}

/* Makes paths inside the sweep's folder relative to it: who reads a pack has that folder elsewhere,
 * or not at all. */
static void shorten_paths(char *config, const char *id)
{
    size_t      n;
    const char *found = find_folder(config, id, &n);
    char        folder[PATH_MAX];

    if (!found || n == 1 || n >= sizeof folder) { /* 1: the root */
        return;
    }
    memcpy(folder, found, n);
    folder[n] = '\0';
    for (char *at = config; (at = strstr(at, folder));) {
        if (at > config && strchr(" \"'[", at[-1])) {
            memmove(at, at + n, strlen(at + n) + 1);
        } else {
            at += n;
        }
    }
}

/* Of trial: the text c. */
static sld_status keep(sld_ctx *ctx, const study *s, sld_doc *doc, size_t trial, int c, facts *f)
{
    const char *text = "";

    if (!sld_doc_has_attr(doc, "/", texts_kept[c])) {
        return SLD_OK;
    }
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", texts_kept[c], &text));
    char *kept = sld_arena_strdup(s->r->arena, text);
    if (!kept) {
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: out of memory: attribute %s", sld_doc_path(doc),
                        texts_kept[c]);
    }
    if (c == 0) {
        shorten_paths(kept, s->r->trials[trial].point->id);
    }
    f->text[c][trial] = kept;
    return SLD_OK;
}

static sld_status read_trial(sld_ctx *ctx, const study *s, size_t trial, facts *f)
{
    sld_doc   *doc = NULL;
    sld_status st;

    for (int c = 0; c < N_TEXTS; c++) {
        f->text[c][trial] = c == 0 ? s->r->trials[trial].point->experiment : "";
    }
    if (!s->r->trials[trial].has_results) {
        return SLD_OK;
    }
    st = study_open(ctx, s, trial, &doc);
    for (int c = 0; c < N_TEXTS && st == SLD_OK; c++) {
        st = keep(ctx, s, doc, trial, c, f);
    }
    if (st == SLD_OK && sld_doc_has_attr(doc, "/", "ranks")) {
        st = sld_doc_get_attr(ctx, doc, "/", "ranks", SLD_I64, 0, &f->ranks[trial]);
    }
    sld_doc_close(doc);
    return st;
}

static sld_status make(sld_ctx *ctx, const study *s, facts *f)
{
    const size_t n = s->r->n_trials + 1;

    for (int c = 0; c < N_TEXTS; c++) {
        SLD_TRY(sld_arena_alloc(ctx, s->r->arena, n * sizeof *f->text[c], (void **)&f->text[c]));
    }
    return sld_arena_alloc(ctx, s->r->arena, n * sizeof *f->ranks, (void **)&f->ranks);
}

sld_status study_put_facts(sld_ctx *ctx, study *s)
{
    static const char *const axis[] = {STUDY_TRIAL};
    facts                    f      = {0};

    SLD_TRY(make(ctx, s, &f));
    for (size_t i = 0; i < s->r->n_trials; i++) {
        SLD_TRY(read_trial(ctx, s, i, &f));
    }
    for (int c = 0; c < N_TEXTS; c++) {
        char path[64];
        snprintf(path, sizeof path, "/trials/%s", texts_kept[c]);
        SLD_TRY(study_put_texts(ctx, s, path, f.text[c]));
    }
    return sld_doc_put_on_axes(ctx, s->doc, "/trials/ranks", SLD_I64, 1, axis, f.ranks);
}
