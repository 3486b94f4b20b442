/* attempt_settings.c: makes the options of a trial's command line: its folder, its claim, its CPUs
 * and where its teacher is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

enum { OWN_MAX = 8 }; /* options that the coordinator adds, at most */

static void add(attempt_settings *s, char *text)
{
    if (!text || s->n == s->max) {
        free(text);
        s->failed = true;
        return;
    }
    s->list[s->n++] = text;
}

/* Adds key="value", quoted as in YAML: a path may contain any character. */
static void set_text(attempt_settings *s, const char *key, const char *value)
{
    char  *text = NULL;
    size_t bytes;
    FILE  *to = open_memstream(&text, &bytes);

    if (to) {
        fprintf(to, "%s=", key);
        sld_text_quote_yaml(to, value);
    }
    if (!to || fclose(to) != 0) {
        free(text);
        s->failed = true;
        return;
    }
    add(s, text);
}

static void set_path(attempt_settings *s, const char *key, const char *dir, const char *inside)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", dir, inside) >= (int)sizeof path) {
        s->failed = true;
        return;
    }
    set_text(s, key, path);
}

static bool sets(const coordinator *c, const char *key)
{
    const size_t n     = strlen(key);
    bool         found = false;

    for (size_t i = 0; i < c->params->n_settings && !found; i++) {
        const char *word = c->params->settings[i];
        found            = strncmp(word, key, n) == 0 && word[n] == '=';
    }
    return found;
}

/* The experiment names the teacher's weights relative to the sweep's folder; the trial needs the
 * whole path. All trials share one store of teacher logits unless the user named another. */
static void set_teacher(const coordinator *c, const sld_point *p, attempt_settings *s)
{
    if (p->teacher_file) {
        set_path(s, "teacher.weights", c->dir, p->teacher_file);
    }
    if (p->shares_logits && !sets(c, "teacher.logits")) {
        set_path(s, "teacher.logits", c->dir, "teacher-logits");
    }
}

sld_status sld_attempt_settings(const coordinator *c, size_t point, int64_t number,
                                const char *cpus, attempt_settings *s)
{
    const sld_point *p = sld_grid_point(c->grid, point);
    char             path[PATH_MAX], text[40];

    *s      = (attempt_settings){.max = c->params->n_settings + OWN_MAX};
    s->list = calloc(s->max, sizeof *s->list);
    if (!s->list) {
        return SLD_FAIL(c->ctx, SLD_ERR_NOMEM, "out of memory: the settings of %s", p->id);
    }
    for (size_t i = 0; i < c->params->n_settings; i++) {
        add(s, strdup(c->params->settings[i]));
    }
    sld_trial_dir(c->dir, p->id, path);
    set_text(s, "run.dir", path);
    sld_claim_path(c->dir, p->id, number, path);
    set_text(s, "run.claim", path);
    snprintf(text, sizeof text, "run.attempt=%lld", (long long)number);
    add(s, strdup(text));
    if (*cpus) {
        set_text(s, "parallel.cpus", cpus);
    }
    set_teacher(c, p, s);
    return s->failed
               ? SLD_FAIL(c->ctx, SLD_ERR_NOMEM,
                          "out of memory: the settings of %s, or their paths are too long", p->id)
               : SLD_OK;
}

void sld_attempt_settings_free(attempt_settings *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->list[i]);
    }
    free(s->list);
}
