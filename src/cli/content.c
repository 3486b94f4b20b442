/* content.c: what lies at the paths of an experiment, read without MPI: its hashes and its network.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "sld/store.h"
#include "sld/trial.h"

static sld_status add_file(sld_ctx *ctx, const char *path, sld_sha256 *sum)
{
    char   buffer[1 << 14];
    FILE  *file = fopen(path, "rb");
    size_t n;

    if (!file) {
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: cannot open: %s", path, strerror(errno));
    }
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        sld_sha256_add(sum, buffer, n);
    }
    const bool bad = ferror(file) != 0;
    fclose(file);
    return bad ? SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot read", path) : SLD_OK;
}

static int is_epoch(const struct dirent *entry)
{
    const char *ending = strrchr(entry->d_name, '.');

    return strncmp(entry->d_name, "epoch-", 6) == 0 && ending && strcmp(ending, ".h5") == 0;
}

/* The epochs of an outside teacher, by name. */
static sld_status hash_folder(sld_ctx *ctx, const char *folder, char sha[65])
{
    struct dirent **entries = NULL;
    const int       n       = scandir(folder, &entries, is_epoch, alphasort);
    sld_status      st =
        n > 0 ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_DATA, "%s: no file epoch-*.h5 in it", folder);
    sld_sha256 sum;
    char       path[PATH_MAX];

    sld_sha256_init(&sum);
    for (int i = 0; i < n; i++) {
        if (st == SLD_OK) {
            snprintf(path, sizeof path, "%.3800s/%s", folder, entries[i]->d_name);
            sld_sha256_add(&sum, entries[i]->d_name, strlen(entries[i]->d_name) + 1);
            st = add_file(ctx, path, &sum);
        }
        free(entries[i]);
    }
    free(entries);
    sld_sha256_hex(&sum, sha);
    return st;
}

sld_status sld_experiment_content(sld_ctx *ctx, void *user, const sld_config *config,
                                  const char *weights, char sha[65])
{
    sld_comm   *comm = NULL;
    struct stat info;

    if (weights) {
        return stat(weights, &info) == 0 && S_ISDIR(info.st_mode)
                   ? hash_folder(ctx, weights, sha)
                   : sld_weights_sha256(ctx, weights, sha);
    }
    SLD_TRY(sld_comm_alone(ctx, &comm));
    const sld_status st = sld_data_sha256(ctx, comm, config, sha);
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
