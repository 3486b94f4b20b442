/* sld/config_struct.h: the resolved options as a struct, section by section, made from options.def.
 */
#ifndef SLD_CONFIG_STRUCT_H
#define SLD_CONFIG_STRUCT_H

#define SLD_OPTION_C_bool   bool
#define SLD_OPTION_C_i64    int64_t
#define SLD_OPTION_C_f64    double
#define SLD_OPTION_C_text   const char *
#define SLD_OPTION_C_path   const char *
#define SLD_OPTION_C_choice const char *
#define SLD_OPTION_C_list   sld_list
#define SLD_OPTION_C_when   sld_when_value

typedef struct sld_options {
#define SLD_SECTION(name)                                                  struct {
#define SLD_OPTION(section, name, type, initial, limits, unit, kind, help) SLD_OPTION_C_##type name;
#define SLD_SECTION_END(name)                                                                      \
    }                                                                                              \
    name;
#include "../../src/config/options.def" /* relative to this header: found from every room */
} sld_options;

#endif
