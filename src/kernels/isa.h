/* isa.h: which instruction set the kernels of this room may use. Nobody but isa.c asks for it. */
#ifndef SLD_ISA_H
#define SLD_ISA_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    SLD_ISA_BASE,  /* what every CPU of this architecture has */
    SLD_ISA_AVX2,  /* with fused multiply-add */
    SLD_ISA_AVX512 /* F, DQ, BW, VL, CD */
} sld_isa;

/* Local. Of the CPU, whatever anybody has asked for. */
sld_isa sld_isa_of_cpu(void);
bool    sld_isa_cpu_has_bf16(void);

/* Local. For convolutions: the CPU's, within parallel.isa and, with oneDNN, the limits that its own
 * environment variables set. */
sld_isa sld_isa_of_convolutions(void);

#endif
