/* probe_write.c: writes the answers of a probe. */
#include <stdio.h>
#include <string.h>

#include "probe.h"

static sld_status put_view(sld_ctx *ctx, probe *p, int v)
{
    const sld_objective *o       = sld_learner_objective(p->learner);
    const size_t         dims[3] = {p->steps, p->N, p->classes};
    char                 path[128];

    for (size_t i = 0; i < sld_objective_terms(o); i++) {
        snprintf(path, sizeof path, "/loss/%s_%s", sld_objective_term_name(o, i), sld_view_name[v]);
        SLD_TRY(sld_doc_put(ctx, p->out, path, SLD_F64, 1, &p->steps, p->loss[v][i]));
    }
    snprintf(path, sizeof path, "/logits/student_%s", sld_view_name[v]);
    SLD_TRY(sld_doc_put(ctx, p->out, path, SLD_F32, 3, dims, p->z_s[v]));
    if (!p->teacher.model) {
        return SLD_OK;
    }
    snprintf(path, sizeof path, "/logits/teacher_%s", sld_view_name[v]);
    return sld_doc_put(ctx, p->out, path, SLD_F32, 3, dims, p->z_t[v]);
}

/* A tensor's gradients of all steps stand together: (steps, ...). */
static sld_status put_gradients(sld_ctx *ctx, probe *p)
{
    const size_t n_trained = sld_model_trained_count(p->student);
    size_t       at        = 0;
    char         path[256];

    for (size_t i = 0; i < sld_model_tensor_count(p->student); i++) {
        const sld_tensor *t = sld_model_tensor(p->student, i);
        float            *together;
        size_t            dims[SLD_DOC_DIMS] = {p->steps};

        if (!t->trained) {
            continue;
        }
        memcpy(dims + 1, t->dims, (size_t)t->n_dims * sizeof *dims);
        SLD_TRY(
            sld_arena_alloc(ctx, p->arena, p->steps * t->n * sizeof(float), (void **)&together));
        for (size_t k = 0; k < p->steps; k++) {
            memcpy(together + k * t->n, p->gradient + k * n_trained + at, t->n * sizeof(float));
        }
        snprintf(path, sizeof path, "/gradient/%s", t->name);
        SLD_TRY(sld_doc_put(ctx, p->out, path, SLD_F32, t->n_dims + 1, dims, together));
        at += t->n;
    }
    return SLD_OK;
}

sld_status probe_write(sld_ctx *ctx, probe *p, double lr)
{
    sld_weights_info info = {
        .classes = (int)p->classes, .channels = (int)p->C, .input_size = (int)p->H};
    sld_named *named;
    size_t     n;
    char       path[256];

    SLD_TRY(sld_doc_create(ctx, &p->out));
    SLD_TRY(sld_doc_put_format(ctx, p->out, "sld-probe"));
    SLD_TRY(sld_doc_attr_text(ctx, p->out, "/", "config", sld_config_text(p->params->config)));
    SLD_TRY(sld_doc_attr_text(ctx, p->out, "/", "isa", p->params->isa));
    SLD_TRY(sld_doc_attr(ctx, p->out, "/", "probe_epoch", SLD_I64, 0, &p->params->epoch));
    SLD_TRY(sld_doc_attr(ctx, p->out, "/", "lr", SLD_F64, 0, &lr));
    SLD_TRY(sld_doc_put(ctx, p->out, "/loss/total", SLD_F64, 1, &p->steps, p->total));
    for (int v = 0; v < SLD_VIEWS; v++) {
        if (p->views[v]) {
            SLD_TRY(put_view(ctx, p, v));
        }
    }
    for (size_t i = 0; i < sld_model_tensor_count(p->student); i++) {
        snprintf(path, sizeof path, "/param_norm/%s", sld_model_tensor(p->student, i)->name);
        SLD_TRY(sld_doc_put(ctx, p->out, path, SLD_F64, 1, &p->steps, p->norm + i * p->steps));
    }
    if (p->gradient) {
        SLD_TRY(put_gradients(ctx, p));
    }
    snprintf(info.network, sizeof info.network, "%s", p->opt->student.network);
    for (int c = 0; c < 4; c++) {
        info.std[c] = 1.0f; /* the batches came normalised */
    }
    const sld_model_file *like = probe_normalised_as(p);
    if (like) {
        memcpy(info.mean, like->info.mean, sizeof info.mean);
        memcpy(info.std, like->info.std, sizeof info.std);
    }
    SLD_TRY(sld_model_named(ctx, p->arena, p->student, NULL, false, &named, &n));
    SLD_TRY(sld_weights_put(ctx, p->out, &info, named, n));
    return sld_doc_publish(ctx, &p->out, p->params->out, p->params->replace);
}
