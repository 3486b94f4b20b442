/* batch_norm.h: PyTorch's constants. */
#ifndef SLD_BATCH_NORM_H
#define SLD_BATCH_NORM_H

#define SLD_BN_EPS      1e-5 /* added to the variance */
#define SLD_BN_MOMENTUM 0.1  /* weight of the batch in the running statistics */

#endif
