/* infer.h: what the fingerprint needs of evaluation. */
#ifndef SLD_INFER_H
#define SLD_INFER_H

#include "sld/nn.h"

/* Local. The i-th implementation of a step; "": past its last; NULL: past the last step. */
const char *sld_infer_implementation(const sld_infer *infer, int step_index, int i);

#endif
