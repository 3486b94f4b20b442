/* init.h: the families' rules for initial values; sld_network.init names one. */
#ifndef SLD_INIT_H
#define SLD_INIT_H

enum sld_init_family {
    SLD_INIT_RESNET,  /* convolutions normal by fan-out; linear PyTorch's default */
    SLD_INIT_WRN,     /* the same, linear bias 0 */
    SLD_INIT_VGG,     /* the same, convolution biases 0; linear normal 0.01, bias 0 */
    SLD_INIT_DEFAULT, /* PyTorch's default everywhere: uniform by fan-in */
};

#endif
