/* output.c: checks the files that a verb is asked to write: none may be an input of the verb, or lie in
 * the folder of a run or a sweep. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sld/base_read.h"
#include "sld/rundir.h"
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

/* A folder in which somebody keeps config.yaml of his own is no run's. */
static bool is_run(const char *folder)
{
    return sld_run_has(folder, SLD_RUN_CONFIG) &&
           (sld_run_has(folder, SLD_RUN_RESULTS) || sld_run_has(folder, SLD_RUN_LOCK));
}

/* By its first line, whatever the version. */
static bool is_sweep(const char *folder)
{
    static const char begin[] = "sld-sweep ";
    char              path[PATH_MAX + 8], line[sizeof begin] = "";

    snprintf(path, sizeof path, "%s/points", folder);
    FILE      *file = sld_file_stream(path);
    const bool yes =
        file && fread(line, sizeof begin - 1, 1, file) == 1 && strcmp(line, begin) == 0;
    if (file) {
        fclose(file);
    }
    return yes;
}

/* Whether whole, an absolute path without links, lies below the folder of a run or a sweep. */
static bool is_inside(char *whole)
{
    char *slash;

    while ((slash = strrchr(whole, '/')) && slash != whole) {
        *slash = '\0';
        if (is_sweep(whole) || is_run(whole)) {
            return true;
        }
    }
    return false;
}

/* Whether the path lies in the folder of a run or a sweep, whoever wrote what is there, and whether or
 * not anything is. */
static bool is_in_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char        folder[PATH_MAX], *at = NULL, place[PATH_MAX + 2];

    char *target = realpath(path, NULL); /* NULL: nothing is there yet */
    bool  kept   = target && is_inside(target);
    free(target);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1,
             slash ? path : ".");
    at = kept ? NULL : realpath(folder, NULL);
    if (at) {
        snprintf(place, sizeof place, "%.*s/.", PATH_MAX - 1, at);
        kept = is_inside(place);
    }
    free(at);
    return kept;
}

sld_status sld_output_check_named(sld_ctx *ctx, const sld_output *output, bool *exists)
{
    sld_output forced = *output;

    forced.force = true; /* first what --force does not change either */
    SLD_TRY(sld_output_check(ctx, &forced, exists));
    if (is_in_folder(output->path)) {
        return SLD_FAIL(
            ctx, SLD_ERR_CONFIG,
            "%s: %s: expected a place outside the folders of runs and sweeps, in which "
            "nothing else is written, with --force neither; choose another name, outside",
            output->option, output->path);
    }
    return sld_output_check(ctx, output, exists);
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
        st = sld_output_check_named(ctx, &whole, exists);
    }
    return sld_agree(ctx, comm, st);
}
