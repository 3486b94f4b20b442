/* methods.c: the table of methods. */
#include "method.h"

#include <string.h>

static const sld_method *const methods[] = {&sld_method_none, &sld_method_kd,   &sld_method_lskd,
                                            &sld_method_dkd,  &sld_method_mlkd, &sld_method_nkd,
                                            &sld_method_sld};

size_t sld_method_count(void)
{
    return sizeof methods / sizeof methods[0];
}

const sld_method *sld_method_at(size_t i)
{
    return methods[i];
}

const sld_method *sld_method_find(const char *name)
{
    for (size_t i = 0; i < sld_method_count(); i++) {
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    }
    return NULL;
}
