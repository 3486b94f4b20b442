/* expand_arms.c: names of arms, which no two choices of the axes share, and options that two axes
 * set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm_names.h"
#include "expander.h"

/* The character of it that a label may hold as well. */
static char core_of(const char *separator)
{
    return separator[1] ? separator[1] : separator[0];
}

static bool some_label_has(const spec *s, char c)
{
    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t i = 0; i < s->axes[a].n; i++) {
            if (strchr(s->axes[a].entries[i].shown, c)) {
                return true;
            }
        }
    }
    return false;
}

void sld_expand_arm(const spec *s, const size_t *at, const char *separator, char arm[ARM_MAX])
{
    size_t n = 0;

    snprintf(arm, ARM_MAX, "%s", s->n_axes ? "" : s->name);
    for (size_t a = 0; a < s->n_axes; a++) {
        n += (size_t)snprintf(arm + n, ARM_MAX - n, "%s%s", a ? separator : "",
                              s->axes[a].entries[at[a]].shown);
        n = n < ARM_MAX ? n : ARM_MAX - 1;
    }
}

bool sld_expand_advance(const spec *s, size_t *at)
{
    for (size_t a = s->n_axes; a-- > 0;) {
        if (++at[a] < s->axes[a].n) {
            return true;
        }
        at[a] = 0;
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether two choices of labels read alike when they stand side by side; twice: how. */
static sld_status find_twice(const expander *x, size_t n_choices, char twice[ARM_MAX])
{
    size_t       at[AXES_MAX] = {0}, n = 0;
    sld_arena   *arena  = NULL;
    void        *memory = NULL;
    const char **arms;
    char         arm[ARM_MAX];

    twice[0] = '\0';
    SLD_TRY(sld_arena_create(x->ctx, &arena));
    sld_status st = sld_arena_alloc(x->ctx, arena, n_choices * sizeof *arms, &memory);
    arms          = memory;
    for (bool more = st == SLD_OK; more; more = st == SLD_OK && sld_expand_advance(x->spec, at)) {
        sld_expand_arm(x->spec, at, sld_arm_separator[0], arm);
        arms[n] = sld_arena_strdup(arena, arm);
        st      = arms[n++] ? SLD_OK : sld_expand_no_memory(x);
    }
    if (st == SLD_OK) {
        qsort(arms, n, sizeof *arms, by_text);
    }
    for (size_t i = 1; st == SLD_OK && i < n && !*twice; i++) {
        if (strcmp(arms[i], arms[i - 1]) == 0) {
            snprintf(twice, ARM_MAX, "%s", arms[i]);
        }
    }
    sld_arena_destroy(arena);
    return st;
}

sld_status sld_expand_choose_separator(expander *x, size_t n_choices)
{
    const spec *s = x->spec;
    char        twice[ARM_MAX];

    x->separator = sld_arm_separator[0];
    if (s->n_axes < 2 || !some_label_has(s, ' ')) {
        return SLD_OK;
    }
    SLD_TRY(find_twice(x, n_choices, twice));
    for (size_t i = 1; *twice; i++) {
        if (i == SLD_ARM_SEPARATORS) {
            return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                            "%s: axes: expected labels that name each arm once, got two arms "
                            "\"%.80s\"; change a label",
                            s->source, twice);
        }
        if (!some_label_has(s, core_of(sld_arm_separator[i]))) {
            x->separator = sld_arm_separator[i];
            break;
        }
    }
    return SLD_OK;
}

/* ---- one option, one axis ---- */

static const char *option_of_both(const spec_part *a, const spec_part *b)
{
    const bool mine = a->teacher || sld_overlay_sets(a->overlay, "teacher.weights"),
               its  = b->teacher || sld_overlay_sets(b->overlay, "teacher.weights");
    const bool same = a->teacher && b->teacher && strcmp(a->teacher, b->teacher) == 0;

    return mine && its && !same ? "teacher" : NULL;
}

static sld_status compare(const expander *x, const size_t *at, size_t a, size_t b)
{
    const spec_axis  *first = &x->spec->axes[a], *second = &x->spec->axes[b];
    const spec_entry *mine = &first->entries[at[a]], *its = &second->entries[at[b]];
    const char       *key = option_of_both(&mine->part, &its->part);

    if (!key) {
        SLD_TRY(sld_overlay_clash(x->ctx, x->arena, mine->part.overlay, its->part.overlay, &key));
    }
    return !key
               ? SLD_OK
               : SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                          "%s: axes: %s: expected one axis that sets it, got two values, of %s "
                          "(%s) and of %s (%s); leave it to one of them, or exclude this point",
                          x->spec->source, key, first->name, mine->label, second->name, its->label);
}

sld_status sld_expand_check_axes(const expander *x, const size_t *at)
{
    const spec *s = x->spec;

    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t b = a + 1; b < s->n_axes; b++) {
            if (x->may_clash[a][b]) {
                SLD_TRY(compare(x, at, a, b));
            }
        }
        if (s->seeds && sld_overlay_sets(s->axes[a].entries[at[a]].part.overlay, "seed")) {
            return SLD_FAIL(x->ctx, SLD_ERR_CONFIG,
                            "%s: axes: %s: seed: expected it in seeds alone, got it in %s too",
                            s->source, s->axes[a].name, s->axes[a].entries[at[a]].label);
        }
    }
    return SLD_OK;
}

static bool some_teacher(const spec_axis *axis)
{
    for (size_t i = 0; i < axis->n; i++) {
        if (axis->entries[i].part.teacher ||
            sld_overlay_sets(axis->entries[i].part.overlay, "teacher.weights")) {
            return true;
        }
    }
    return false;
}

sld_status sld_expand_find_clashes(expander *x)
{
    const spec  *s = x->spec;
    sld_overlay *all[AXES_MAX];

    for (size_t a = 0; a < s->n_axes; a++) {
        SLD_TRY(sld_overlay_create(x->ctx, x->arena, &all[a]));
        for (size_t i = 0; i < s->axes[a].n; i++) {
            sld_overlay_all(all[a], s->axes[a].entries[i].part.overlay);
        }
    }
    for (size_t a = 0; a < s->n_axes; a++) {
        for (size_t b = a + 1; b < s->n_axes; b++) {
            x->may_clash[a][b] = sld_overlay_common(all[a], all[b]) ||
                                 (some_teacher(&s->axes[a]) && some_teacher(&s->axes[b]));
        }
    }
    return SLD_OK;
}
