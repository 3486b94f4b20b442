/* html_facts.c: what a sweep's page says of its trials as a whole: data, networks, epochs, program. */
#include <string.h>

#include "html.h"

enum { FACTS = 5, SHOWN = 6 };

/* The values of one fact, each once. */
typedef struct fact {
    const char *value[SHOWN];
    size_t      n; /* more than SHOWN: some are left out */
} fact;

static void add(fact *f, const char *value)
{
    for (size_t i = 0; i < f->n && i < SHOWN; i++) {
        if (strcmp(f->value[i], value) == 0) {
            return;
        }
    }
    if (*value && f->n < SHOWN) {
        f->value[f->n] = value;
    }
    f->n += *value != '\0';
}

static void put(const char *head, const fact *f, FILE *to)
{
    for (size_t i = 0; i < f->n && i < SHOWN; i++) {
        fprintf(to, "%s", i == 0 ? head : ", ");
        html_text(to, f->value[i]);
    }
    fprintf(to, "%s", f->n > SHOWN ? " and others. " : f->n > 0 ? ". " : "");
}

sld_status html_facts(sld_ctx *ctx, const report *r, FILE *to)
{
    static const char *const heads[FACTS] = {
        "Data: ", "Networks: ", "Methods: ", "Epochs: ", "Trained by sld "};
    fact facts[FACTS] = {0};

    for (size_t i = 0; i < r->n_trials; i++) {
        const report_trial *t         = &r->trials[i];
        const char         *names[3]  = {"method", "student.network", "train.epochs"};
        const char         *values[3] = {"", "", ""};
        char *text = sld_arena_strdup(r->arena, t->config ? t->config : t->point->experiment);
        if (!text) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the options of %s", t->point->id);
        }
        report_options_of(text, names, 3, values);
        add(&facts[0], t->data_name);
        add(&facts[1], values[1]);
        add(&facts[2], values[0]);
        add(&facts[3], values[2]);
        add(&facts[4], t->version);
    }
    fprintf(to, "<p class=\"note\">");
    for (size_t i = 0; i < FACTS; i++) {
        put(heads[i], &facts[i], to);
    }
    fprintf(to, "</p>\n");
    return SLD_OK;
}
