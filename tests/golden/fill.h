/* fill.h: values by formula (docs/golden.md, "Formula fill"): golden files need no weights. */
#ifndef GOLDEN_FILL_H
#define GOLDEN_FILL_H

#include "sld/nn.h"

/* Number i of the stream `name`, in [0,1). */
double golden_u(const char *name, uint64_t i);
/* Fills one tensor by its name's rule; the stream is PREFIX:NAME. */
void golden_fill(const char *prefix, const sld_tensor *t);
/* Fills every tensor of a model. */
void golden_fill_model(const char *prefix, const sld_model *model);

#endif
