/* method.h: the methods that methods.c lists, one file each. */
#ifndef SLD_DISTILL_METHOD_H
#define SLD_DISTILL_METHOD_H

#include "sld/distill.h"

extern const sld_method sld_method_none, sld_method_kd, sld_method_sld;

#endif
