/* sld/grid_id.h: the ID of a trial that has not run: a hash of its options and of the contents of all
 * that it reads (docs/sweeps.md, Identity of a point). The trial itself finds the same name when it has read them. */
#ifndef SLD_GRID_ID_H
#define SLD_GRID_ID_H

#include "sld/config.h"
#include "sld/rundir.h"

enum { SLD_CONTENT_BYTES = 96 };

/* The name of a content: of the weights file, of the folder of an outside teacher's logits, or with
 * weights NULL of config's data set. version: of the ID. */
typedef sld_status (*sld_content_name)(sld_ctx *ctx, void *user, const sld_config *config,
                                       const char *weights, int version,
                                       char name[SLD_CONTENT_BYTES]);

/* Names of contents. Each is asked once for the same data.format, data.path and weights, or for the
 * same data.format, data.path, data.input_size and data.test_fraction; never for synthetic data. */
typedef struct sld_contents sld_contents;

typedef struct sld_contents_params {
    const char      *source;  /* names the sweep in messages */
    int              version; /* of the IDs */
    sld_content_name name;
    void            *user;
} sld_contents_params;

/* Local. The arena owns *out; what params points to is borrowed. */
sld_status sld_contents_create(sld_ctx *ctx, sld_arena *arena, const sld_contents_params *params,
                               sld_contents **out);

/* Local. *name is owned by the contents. SLD_ERR_CONFIG past 1,024 of them; else what the naming says. */
sld_status sld_contents_name(sld_ctx *ctx, sld_contents *contents, const sld_config *config,
                             const char *weights, const char **name);

/* Local. The ID of an experiment. made: "trials/ID/FILE" of the sweep's trial that makes its teacher's
 * weights, which need not be there; NULL: none. Errors as of sld_contents_name(). */
sld_status sld_contents_id(sld_ctx *ctx, sld_contents *contents, const sld_config *config,
                           const char *made, char id[SLD_ID_LENGTH + 1]);

#endif
