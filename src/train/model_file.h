/* model_file.h: a model's tensors in and out of HDF5 documents. */
#ifndef SLD_TRAIN_MODEL_FILE_H
#define SLD_TRAIN_MODEL_FILE_H

#include "sld/nn.h"
#include "sld/store.h"

/* Local. Names and values of the model's tensors, or of another buffer laid out like them: values
 * (all tensors one after another) or NULL for the model's own; trained_only: without running
 * statistics. *out lies in the arena. */
sld_status sld_model_named(sld_ctx *ctx, sld_arena *arena, const sld_model *model, float *values,
                           bool trained_only, sld_named **out, size_t *n);
size_t     sld_model_floats(const sld_model *model); /* all tensors, running statistics too */
void       sld_model_copy_out(const sld_model *model, float *values); /* values: (floats) */
void       sld_model_copy_in(sld_model *model, const float *values);

/* Local. Opens a weights file and makes its network for images (height,width). sha: of the tensors.
 * The config stored in it goes to *config_text (in the arena) or NULL when it has none. */
typedef struct sld_model_file {
    sld_model       *model; /* owned by the caller */
    sld_weights_info info;
    char             sha[65];
    const char      *config_text;
} sld_model_file;
sld_status sld_model_load(sld_ctx *ctx, sld_arena *arena, const char *path, int height, int width,
                          sld_model_file *out);

#endif
