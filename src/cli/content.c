/* content.c: reads files that an experiment names, without MPI: hashes of data and weights, and the
 * network in a weights file. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "sld/store.h"
#include "sld/teacher.h"

/* The option that names the file. */
static const char *key_of(const sld_options *o, const char *path)
{
    return strcmp(path, o->teacher.weights) == 0        ? "teacher.weights"
           : strcmp(path, o->teacher.logits_files) == 0 ? "teacher.logits_files"
                                                        : "student.weights";
}

static sld_status name_data(sld_ctx *ctx, const sld_config *config, int version,
                            sld_experiment_data *seen, char name[SLD_CONTENT_BYTES])
{
    const sld_options *o    = sld_config_options(config);
    sld_comm          *comm = NULL;

    SLD_TRY(sld_comm_alone(ctx, &comm));
    const sld_status st = sld_data_name_of(ctx, comm, o, version, name, &seen->origin);
    seen->format        = (int)o->data.format;
    snprintf(seen->path, sizeof seen->path, "%s", o->data.path);
    sld_comm_destroy(comm);
    return st;
}

/* Once for each file and data set: a sweep asks for the name once. */
static sld_status warn_of_weights(sld_ctx *ctx, const sld_config *config, const char *key,
                                  const char *path, sld_experiment_data *seen)
{
    const sld_options *o = sld_config_options(config);
    sld_weights_info   info;
    char               name[SLD_CONTENT_BYTES];
    const bool         is_seen = *o->data.path && (int)o->data.format == seen->format &&
                         strcmp(o->data.path, seen->path) == 0;

    SLD_TRY(sld_experiment_weights(ctx, path, &info));
    if (info.data_hash[0] && !is_seen) {
        SLD_TRY(name_data(ctx, config, SLD_ID_VERSION, seen, name));
    }
    sld_weights_warn(ctx, key, path, info.data_hash[0] ? &seen->origin : NULL, false);
    return SLD_OK;
}

sld_status sld_experiment_content(sld_ctx *ctx, void *user, const sld_config *config,
                                  const char *weights, int version, char name[SLD_CONTENT_BYTES])
{
    struct stat info;

    if (!weights) {
        return name_data(ctx, config, version, user, name);
    }
    const char *key = key_of(sld_config_options(config), weights);
    if (strcmp(key, "teacher.logits_files") == 0 && stat(weights, &info) == 0 &&
        S_ISDIR(info.st_mode)) {
        return sld_teacher_files_sha256(ctx, weights, name);
    }
    SLD_TRY(sld_weights_check_path(ctx, config, key, weights));
    SLD_TRY(sld_weights_name_of(ctx, weights, version, name));
    return warn_of_weights(ctx, config, key, weights, user);
}

sld_status sld_experiment_weights(sld_ctx *ctx, const char *weights, sld_weights_info *info)
{
    sld_doc *doc = NULL;

    SLD_TRY(sld_doc_open(ctx, weights, &doc));
    const sld_status st = sld_weights_info_get(ctx, doc, info);
    sld_doc_close(doc);
    return st;
}

sld_status sld_experiment_network(sld_ctx *ctx, const char *weights, char network[64])
{
    sld_weights_info info = {.network = ""};
    const sld_status st   = sld_experiment_weights(ctx, weights, &info);
    memcpy(network, info.network, sizeof info.network);
    return st;
}
