/* vain_bf16.c: whether an experiment asks for bf16 where it is no faster than f32: docs/performance.md,
 * "bf16". */
#include <string.h>

#include "cli.h"
#include "sld/kernels.h"

bool sld_vain_bf16(const sld_options *o, char text[SLD_VAIN_BF16_BYTES])
{
    const char *isa     = sld_config_word(o, "parallel.isa");
    const bool  student = o->student.precision == SLD_ARITHMETIC_BF16;
    const bool  teacher = o->teacher.precision == SLD_ARITHMETIC_BF16 &&
                         sld_config_wants_teacher(o) && !*o->teacher.logits_files;

    if (!student && !teacher) {
        return false;
    }
    if (strcmp(isa, "auto") != 0) {
        snprintf(text, SLD_VAIN_BF16_BYTES,
                 "bf16 is no faster than f32 with parallel.isa: %s, without AMX", isa);
        return true;
    }
    snprintf(text, SLD_VAIN_BF16_BYTES, "bf16 is no faster than f32 here, without AMX");
    return !strstr(sld_kernels_isa(), "AMX");
}
