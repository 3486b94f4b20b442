/* expand_fit.c: whether students can use their teachers. It is asked before a teacher is trained: network,
 * classes and size of images must fit. A teacher of another data set fits, and is reported once. */
#include <stdio.h>
#include <string.h>

#include "expander.h"

/* The experiment of a teacher that the sweep trains. */
static const sld_config *config_of(const expander *x, const sld_point *teacher)
{
    for (size_t i = 0; i < x->spec->n_teachers; i++) {
        const teacher_state *t = &x->teachers[i];
        if (t->config && &x->teacher_points[t->at] == teacher) {
            return t->config;
        }
    }
    return NULL;
}

/* ---- what does not fit ---- */

/* All that the answer depends on. */
static void key_of(const sld_options *o, const char *teacher, char *key, size_t n)
{
    const bool      synthetic = o->data.format == SLD_FORMAT_SYNTHETIC;
    const long long K         = synthetic ? o->synthetic.superclasses * o->synthetic.subclasses : 0;

    snprintf(key, n, "%s\n%s\n%d %lld %lld\n%s", teacher, o->teacher.network, (int)o->data.format,
             (long long)o->data.input_size, K, o->data.path);
}

static sld_status ask(expander *x, const sld_grid_teacher *t, const char *teacher)
{
    char key[2 * PATH_MAX + 128];

    key_of(sld_config_options(t->student), teacher, key, sizeof key);
    for (size_t i = 0; i < x->n_fits; i++) {
        if (strcmp(x->fits[i], key) == 0) {
            return SLD_OK;
        }
    }
    SLD_TRY(x->params->teacher(x->ctx, x->params->user, t));
    const char *kept = x->n_fits < ASKED_MAX ? sld_arena_strdup(x->arena, key) : NULL;
    if (kept) {
        x->fits[x->n_fits++] = kept;
    }
    return SLD_OK;
}

/* ---- another data set ---- */

static sld_status data_of(expander *x, const sld_config *config, dataset *out)
{
    const sld_options *o = sld_config_options(config);

    *out = (dataset){.format    = sld_config_word(o, "data.format"),
                     .path      = sld_arena_strdup(x->arena, o->data.path),
                     .synthetic = o->synthetic};
    if (!out->path) {
        return sld_expand_no_memory(x);
    }
    return o->data.format == SLD_FORMAT_SYNTHETIC
               ? SLD_OK
               : sld_contents_name(x->ctx, x->contents, config, NULL, &out->content);
}

/* Writes what tells two embedded sets apart: "synthetic.separation 1 and 3". */
static bool embedded_differ(const dataset *a, const dataset *b, char *words, size_t n)
{
    const struct {
        const char *key;
        double      mine, its;
    } options[] = {
#define OPTION(name) {"synthetic." #name, (double)a->synthetic.name, (double)b->synthetic.name}
        OPTION(superclasses), OPTION(subclasses), OPTION(separation),  OPTION(seed),
        OPTION(train),        OPTION(test),       OPTION(distractors), OPTION(noise),
#undef OPTION
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (options[i].mine < options[i].its || options[i].mine > options[i].its) {
            snprintf(words, n, "%s %.10g and %.10g", options[i].key, options[i].mine,
                     options[i].its);
            return true;
        }
    }
    return false;
}

static bool differ(const dataset *a, const dataset *b, char *words, size_t n)
{
    if (strcmp(a->format, b->format) != 0) {
        snprintf(words, n, "data.format %s and %s", a->format, b->format);
        return true;
    }
    if (!a->content || !b->content) {
        return embedded_differ(a, b, words, n);
    }
    snprintf(words, n, "data.path %.100s and %.100s", a->path, b->path);
    return strcmp(a->path, b->path) != 0 && strcmp(a->content, b->content) != 0;
}

/* The teacher's own data set, or, of a file, that of its first student. */
static sld_status find_taught(expander *x, const char *teacher, const sld_config *config,
                              const char *arm, taught **out)
{
    for (size_t i = 0; i < x->n_taught; i++) {
        if (strcmp(x->taught[i].teacher, teacher) == 0) {
            *out = &x->taught[i];
            return SLD_OK;
        }
    }
    if (x->n_taught == ASKED_MAX) {
        *out = NULL;
        return SLD_OK;
    }
    taught *t  = &x->taught[x->n_taught];
    t->arm     = arm;
    t->teacher = sld_arena_strdup(x->arena, teacher);
    if (!t->teacher) {
        return sld_expand_no_memory(x);
    }
    SLD_TRY(data_of(x, config, &t->data));
    x->n_taught++;
    *out = t;
    return SLD_OK;
}

static sld_status tell_other_data(expander *x, const sld_grid_teacher *t, const char *teacher,
                                  const char *arm)
{
    taught *known = NULL;
    dataset mine;
    char    words[256];

    SLD_TRY(find_taught(x, teacher, t->described ? t->described : t->student,
                        t->described ? NULL : arm, &known));
    if (!known || known->reported) {
        return SLD_OK;
    }
    SLD_TRY(data_of(x, t->student, &mine));
    known->reported = differ(&known->data, &mine, words, sizeof words);
    if (known->reported && t->described) {
        sld_log(x->ctx, SLD_LOG_WARN,
                "%s: teachers: %s: trained on another data set than the one that it is used on in "
                "%s: %s; where that is not meant, give each data set a teacher of its own",
                x->spec->source, t->name, arm, words);
    } else if (known->reported) {
        sld_log(x->ctx, SLD_LOG_WARN,
                "%s: teacher.weights: %s: trained on one data set, and used on two, in %s and in "
                "%s: %s; where that is not meant, give each data set a teacher of its own",
                x->spec->source, t->weights, known->arm, arm, words);
    }
    return SLD_OK;
}

sld_status sld_expand_fit(expander *x, const sld_point *teacher, const sld_config *student,
                          const char *arm)
{
    const sld_options     *o   = sld_config_options(student);
    const sld_grid_teacher t   = {.name      = teacher ? teacher->arm : "",
                                  .described = teacher ? config_of(x, teacher) : NULL,
                                  .weights   = teacher ? NULL : o->teacher.weights,
                                  .student   = student};
    const char            *key = teacher ? teacher->id : t.weights;

    if (!sld_config_wants_teacher(o) || !*o->teacher.weights) {
        return SLD_OK;
    }
    if (x->params->teacher) {
        SLD_TRY(ask(x, &t, key));
    }
    return tell_other_data(x, &t, key, arm);
}
