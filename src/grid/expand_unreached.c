/* expand_unreached.c: settings that some points never come to, or that make no difference to them:
 * each is told once for the whole sweep, with the number of points. */
#include <stdio.h>
#include <string.h>

#include "expander.h"

/* Of the point that is being made. */
typedef struct reporter {
    expander   *x;
    const char *arm;
} reporter;

static void count(void *user, const char *key, int kind, const char *text)
{
    const reporter *r = user;
    expander       *x = r->x;

    for (size_t i = 0; i < x->n_unreached; i++) {
        if (x->unreached[i].kind == kind && strcmp(x->unreached[i].key, key) == 0) {
            x->unreached[i].n++;
            return;
        }
    }
    if (x->n_unreached < UNREACHED_MAX) {
        unreached *u = &x->unreached[x->n_unreached++];
        *u           = (unreached){.key = key, .kind = kind, .n = 1, .arm = r->arm};
        snprintf(u->text, sizeof u->text, "%s", text);
    }
}

void sld_expand_count_unreached(expander *x, const sld_config *config, const char *arm)
{
    reporter r = {x, arm};

    sld_config_each_unreached(config, count, &r);
}

void sld_expand_tell_unreached(const expander *x)
{
    const size_t points = x->n_points + x->n_teacher_points;

    for (size_t i = 0; i < x->n_unreached; i++) {
        const unreached *u         = &x->unreached[i];
        char             where[80] = "every point";

        if (u->n < points) {
            snprintf(where, sizeof where, "%zu of %zu points, such as ", u->n, points);
        }
        sld_log(x->ctx, SLD_LOG_WARN, "%s: %s: %s (in %s%s)", x->spec->source, u->key, u->text,
                where, u->n < points ? u->arm : "");
    }
}
