/* output.c: checks the files that a verb is asked to write: none may be an input of the verb. */
#include <string.h>

#include "cli.h"
#include "sld/store.h"

bool sld_output_has_format(sld_ctx *ctx, const char *path, const char *format)
{
    sld_ctx     quiet;
    sld_doc    *doc  = NULL;
    const char *text = NULL;

    sld_ctx_init(&quiet); /* a file of another kind is no error here */
    if (sld_doc_open_file(&quiet, path, &doc) != SLD_OK) {
        return false;
    }
    const bool answer = sld_doc_has_attr(doc, "/", "format") &&
                        sld_doc_get_attr_text(&quiet, doc, "/", "format", &text) == SLD_OK &&
                        strcmp(text, format) == 0;
    sld_doc_close(doc);
    return answer;
}

sld_status sld_verb_output(sld_ctx *ctx, const sld_comm *comm, const sld_config *config,
                           const sld_output *output, bool *exists)
{
    enum { MAX = 8 };
    const sld_options *opt   = sld_config_options(config);
    const char        *all[] = {opt->data.path, opt->teacher.weights, opt->teacher.logits_files,
                                opt->student.weights};
    const char        *inputs[MAX];
    sld_output         whole = *output;
    sld_status         st    = SLD_OK;

    whole.reads    = sld_store_reads;
    whole.inputs   = inputs;
    whole.n_inputs = 0;
    for (size_t i = 0; i < output->n_inputs && whole.n_inputs < MAX; i++) {
        inputs[whole.n_inputs++] = output->inputs[i];
    }
    for (size_t i = 0; i < sizeof all / sizeof *all && whole.n_inputs < MAX; i++) {
        inputs[whole.n_inputs++] = all[i];
    }
    *exists = false;
    if (output->path && sld_comm_rank(comm) == 0) {
        st = sld_output_check(ctx, &whole, exists);
    }
    return sld_agree(ctx, comm, st);
}
