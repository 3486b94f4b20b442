/* isa.c: the instruction set: what the CPU has, what parallel.isa and oneDNN leave of it. */
#define _GNU_SOURCE /* syscall */
#include "isa.h"

#include <string.h>

#include "sld/kernels.h"

#ifdef SLD_ONEDNN
#include "oneapi/dnnl/dnnl.h"
#endif
#ifdef __x86_64__
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

sld_isa sld_isa_of_cpu(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd")) {
        return SLD_ISA_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return SLD_ISA_AVX2;
    }
#endif
    return SLD_ISA_BASE;
}

/* ---- parallel.isa ---- */

typedef struct {
    const char *name;
    sld_isa     max;
} choice;

static const choice choices[] = {
    {"auto", SLD_ISA_AVX512}, {"avx2", SLD_ISA_AVX2}, {"avx512", SLD_ISA_AVX512}};

static const choice *find_choice(const char *name)
{
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (strcmp(choices[i].name, name) == 0) {
            return &choices[i];
        }
    }
    return NULL;
}

#ifdef SLD_ONEDNN

/* The sets are x86's. On other processors oneDNN gives the same numbers to sets of theirs. */
static bool library_may(unsigned isa)
{
#ifdef __x86_64__
    return ((unsigned)dnnl_get_effective_cpu_isa() & isa) == isa;
#else
    return false;
#endif
}

sld_isa sld_isa_of_convolutions(void)
{
    if (library_may(dnnl_cpu_isa_avx512_core)) {
        return SLD_ISA_AVX512;
    }
    return library_may(dnnl_cpu_isa_avx2) && sld_isa_of_cpu() >= SLD_ISA_AVX2 ? SLD_ISA_AVX2
                                                                              : SLD_ISA_BASE;
}

static bool limits_leave_amx(void)
{
    return library_may(dnnl_cpu_isa_avx512_core_amx);
}

sld_status sld_kernels_pin_isa(sld_ctx *ctx, const char *isa)
{
    const choice *chosen = find_choice(isa);
    if (!chosen) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "parallel.isa: expected auto, avx2 or avx512, got %s",
                        isa);
    }
#ifdef __x86_64__
    const dnnl_cpu_isa_t max =
        chosen->max == SLD_ISA_AVX2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_avx512_core;
    if (strcmp(isa, "auto") != 0 && dnnl_set_max_cpu_isa(max) != dnnl_success) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "parallel.isa: %s can only be set before oneDNN is first used", isa);
    }
#endif
    return SLD_OK;
}

#else

static sld_isa pinned = SLD_ISA_AVX512; /* at most */

sld_isa sld_isa_of_convolutions(void)
{
    const sld_isa cpu = sld_isa_of_cpu();
    return cpu < pinned ? cpu : pinned;
}

/* Of the CPU, by its own word: not every compiler knows these names. Whether the system saves the
 * tiles is asked of the system. */
static bool cpu_has_amx(void)
{
#ifdef __x86_64__
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, AVX512_BF16 = 1 << 5 };
    unsigned a, b, c, d, more;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d & AMX_BF16 && d & AMX_TILE &&
           __get_cpuid_count(7, 1, &more, &b, &c, &d) && more & AVX512_BF16;
#else
    return false;
#endif
}

static bool limits_leave_amx(void)
{
    return sld_isa_of_convolutions() == SLD_ISA_AVX512 && cpu_has_amx();
}

sld_status sld_kernels_pin_isa(sld_ctx *ctx, const char *isa)
{
    const choice *chosen = find_choice(isa);
    if (!chosen) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG, "parallel.isa: expected auto, avx2 or avx512, got %s",
                        isa);
    }
    pinned = chosen->max;
    return SLD_OK;
}

#endif

/* Linux hands out the tiles on request, to the whole process. */
bool sld_isa_may_use_amx(void)
{
#ifdef SLD_AMX_COMPILER
    enum { ASK_FOR_STATE = 0x1023 /* ARCH_REQ_XCOMP_PERM */, TILE_DATA = 18 };
    return limits_leave_amx() && syscall(SYS_arch_prctl, ASK_FOR_STATE, TILE_DATA) == 0;
#else
    return false;
#endif
}

const char *sld_isa_f32_name(void)
{
    static const char *const names[] = {"no AVX2", "AVX2", "AVX-512"};
    return names[sld_isa_of_convolutions()];
}

const char *sld_kernels_isa(void)
{
    return sld_isa_may_use_amx() ? "AVX-512, bf16, AMX" : sld_isa_f32_name();
}
