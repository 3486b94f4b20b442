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

/* Local. For convolutions: the CPU's, within parallel.isa and, with oneDNN, the limits that its own
 * environment variables set. */
sld_isa sld_isa_of_convolutions(void);

/* Compilers that have the instructions of AMX. */
#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 11)
#define SLD_AMX_COMPILER
#endif

/* Local. Whether convolutions in bf16 may use AMX within the same limits, this compiler knows it, and
 * the system hands out the tiles, which this asks for. */
bool sld_isa_may_use_amx(void);

/* Local. Of convolutions in float32; in a build without oneDNN it is in the fingerprint, which does not
 * depend on what bf16 has. A literal. */
const char *sld_isa_f32_name(void);

#endif
