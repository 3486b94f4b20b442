/* attempt_settings.c: what is said to a trial on its command line: where it lies, whose it is,
 * where its teacher is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator.h"

/* key="value" with the value as YAML's quoted text: paths hold what they like. */
static void set_text(attempt_settings *s, const char *key, const char *value)
{
    const size_t length = strlen(key) + 2 * strlen(value) + 4;
    char        *text   = s->n < SETTINGS_MAX ? malloc(length) : NULL;

    if (!text) {
        s->failed = true;
        return;
    }
    int n = sprintf(text, "%s=\"", key);
    for (const char *v = value; *v; v++) {
        if (*v == '"' || *v == '\\') {
            text[n++] = '\\';
        }
        text[n++] = *v;
    }
    text[n++]       = '"';
    text[n]         = '\0';
    s->list[s->n++] = text;
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

/* teacher.weights as the experiment has it, within the sweep's folder: "trials/ID/last.h5". */
static void teacher_path(const char *experiment, char *path, size_t n)
{
    static const char key[] = "teacher.weights: ";
    const char       *value = strstr(experiment, key);

    value += value ? sizeof key - 1 : 0;
    snprintf(path, n, "%.*s", value ? (int)strcspn(value, "\n") : 0, value ? value : "");
}

static bool given(const coordinator *c, const char *key)
{
    const size_t n = strlen(key);

    for (size_t i = 0; i < c->params->n_settings; i++) {
        if (strncmp(c->params->settings[i], key, n) == 0 && c->params->settings[i][n] == '=') {
            return true;
        }
    }
    return false;
}

void sld_attempt_settings(const coordinator *c, size_t point, int64_t number, const char *cpus,
                          attempt_settings *s)
{
    const sld_point *p = sld_grid_point(c->grid, point);
    char             path[PATH_MAX], inside[96], text[40];

    for (size_t i = 0; i < c->params->n_settings && s->n < SETTINGS_MAX - 8; i++) {
        s->list[s->n++] = strdup(c->params->settings[i]);
    }
    sld_trial_dir(c->dir, p->id, path);
    set_text(s, "run.dir", path);
    sld_claim_path(c->dir, p->id, number, path);
    set_text(s, "run.claim", path);
    snprintf(text, sizeof text, "run.attempt=%lld", (long long)number);
    s->list[s->n++] = strdup(text);
    if (*cpus) {
        set_text(s, "parallel.cpus", cpus);
    }
    if (p->teacher >= 0) {
        teacher_path(p->experiment, inside, sizeof inside);
        set_path(s, "teacher.weights", c->dir, inside);
    }
    if (sld_config_is_key("teacher.logits") && !given(c, "teacher.logits") &&
        strstr(p->experiment, "teacher.weights: ") && !strstr(p->experiment, "teacher.logits: ")) {
        set_path(s, "teacher.logits", c->dir, "teacher-logits");
    }
    for (size_t i = 0; i < s->n; i++) {
        s->failed |= !s->list[i];
    }
}

void sld_attempt_settings_free(attempt_settings *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->list[i]);
    }
}
