/* status_run.c: sld status of a single run: prints its state and the end of its log. */
#include "status_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sld/base_json.h"
#include "sld/distill.h"
#include "sld/store.h"

sld_status sld_status_tail(sld_ctx *ctx, const char *path, long lines)
{
    void  *bytes = NULL;
    size_t n     = 0;

    SLD_TRY(sld_file_read(ctx, path, (size_t)1 << 30, &bytes, &n));
    size_t at = n;
    while (at > 0 && lines > 0) { /* to where the first of them begins */
        at--;
        lines -= at > 0 && ((char *)bytes)[at - 1] == '\n';
    }
    (void)fwrite((char *)bytes + at, 1, n - at, stdout); /* main() looks at stdout once more */
    free(bytes);
    return SLD_OK;
}

typedef struct run_view {
    const char *status; /* as in its results: running, done, diverged */
    const char *id;
    int64_t     done, epochs;
    bool        works; /* a process holds its lock */
} run_view;

static sld_status read_run(sld_ctx *ctx, sld_doc *doc, run_view *v)
{
    const char *config = "";
    sld_config *whole  = NULL;

    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "status", &v->status));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "id", &v->id));
    SLD_TRY(sld_doc_get_attr(ctx, doc, "/", "epochs_done", SLD_I64, 0, &v->done));
    SLD_TRY(sld_doc_get_attr_text(ctx, doc, "/", "config", &config));
    SLD_TRY(sld_config_parse_stored(ctx, sld_doc_path(doc), config, NULL, 0, sld_method_defaults,
                                    &whole));
    v->epochs = sld_config_options(whole)->train.epochs;
    sld_config_destroy(whole);
    return SLD_OK;
}

static void print_run(const char *dir, const run_view *v, bool json)
{
    const char *state = strcmp(v->status, "running") != 0 ? v->status
                        : v->works                        ? "running"
                                                          : "stopped";

    if (!json) {
        char id[64], shown[64]; /* texts from a file, on a terminal */
        printf("run %s in %s: %s, %lld of %lld epoch%s\n", sld_text_printable(v->id, id, sizeof id),
               dir, sld_text_printable(state, shown, sizeof shown), (long long)v->done,
               (long long)v->epochs, sld_text_plural(v->epochs));
        return;
    }
    sld_json j = sld_json_begin(stdout);
    sld_json_object(&j, NULL);
    sld_json_text(&j, "id", v->id);
    sld_json_text(&j, "state", state);
    sld_json_whole(&j, "epoch", (long long)v->done);
    sld_json_whole(&j, "epochs", (long long)v->epochs);
    sld_json_end(&j);
}

sld_status sld_status_run(sld_ctx *ctx, const char *dir, bool again, bool json, long lines)
{
    char path[PATH_MAX];

    do {
        sld_run_path(dir, SLD_RUN_LOCK, 0, path);
        run_view v   = {.works = sld_file_is_locked(path)};
        sld_doc *doc = NULL;
        sld_run_path(dir, SLD_RUN_RESULTS, 0, path);
        SLD_TRY(sld_doc_open_file(ctx, path, &doc));
        sld_status st = read_run(ctx, doc, &v);
        if (st == SLD_OK) {
            st = sld_run_each_weights(ctx, dir, sld_weights_check_id, v.id);
        }
        if (st == SLD_OK) {
            print_run(dir, &v, json);
            again = again && v.works && strcmp(v.status, "running") == 0;
        }
        sld_doc_close(doc);
        SLD_TRY(st);
        sld_run_path(dir, SLD_RUN_LOG, 0, path);
        if (!json && access(path, R_OK) == 0) {
            SLD_TRY(sld_status_tail(ctx, path, lines));
        }
        fflush(stdout);
        if (again) {
            sleep(2);
        }
    } while (again);
    return SLD_OK;
}
