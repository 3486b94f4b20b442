/* content.c: reads files that an experiment names, without MPI: hashes of data and weights, and the
 * network in a weights file. */
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

sld_status sld_experiment_content(sld_ctx *ctx, void *user, const sld_config *config,
                                  const char *weights, int version, char name[SLD_CONTENT_BYTES])
{
    sld_comm   *comm = NULL;
    struct stat info;

    if (weights) {
        const char *key = key_of(sld_config_options(config), weights);
        if (strcmp(key, "teacher.logits_files") == 0 && stat(weights, &info) == 0 &&
            S_ISDIR(info.st_mode)) {
            return sld_teacher_files_sha256(ctx, weights, name);
        }
        SLD_TRY(sld_weights_check_path(ctx, config, key, weights));
        return sld_weights_name_of(ctx, weights, version, name);
    }
    SLD_TRY(sld_comm_alone(ctx, &comm));
    const sld_status st = sld_data_name_of(ctx, comm, sld_config_options(config), version, name);
    sld_comm_destroy(comm);
    return st;
}

sld_status sld_experiment_network(sld_ctx *ctx, const char *weights, char network[64])
{
    sld_weights_info info;
    sld_doc         *doc = NULL;

    SLD_TRY(sld_doc_open(ctx, weights, &doc));
    const sld_status st = sld_weights_info_get(ctx, doc, &info);
    sld_doc_close(doc);
    memcpy(network, info.network, sizeof info.network);
    return st;
}
