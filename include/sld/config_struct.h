/* sld/config_struct.h: the struct of the resolved options, section by section, which options.def
 * defines. */
#ifndef SLD_CONFIG_STRUCT_H
#define SLD_CONFIG_STRUCT_H

#include "sld/config_choices.h"

#define SLD_OPTION_C_bool       bool
#define SLD_OPTION_C_i64        int64_t
#define SLD_OPTION_C_count      int64_t /* 0: auto */
#define SLD_OPTION_C_f64        double
#define SLD_OPTION_C_text       const char *
#define SLD_OPTION_C_path       const char *
#define SLD_OPTION_C_list       sld_list
#define SLD_OPTION_C_when       sld_when_value
#define SLD_OPTION_C_method     sld_choice_method
#define SLD_OPTION_C_correction sld_choice_correction
#define SLD_OPTION_C_loss       sld_choice_loss
#define SLD_OPTION_C_format     sld_choice_format
#define SLD_OPTION_C_noise      sld_choice_noise
#define SLD_OPTION_C_crop       sld_choice_crop
#define SLD_OPTION_C_arithmetic sld_choice_arithmetic
#define SLD_OPTION_C_best_on    sld_choice_best_on
#define SLD_OPTION_C_isa        sld_choice_isa
#define SLD_OPTION_C_features   sld_choice_features

typedef struct sld_options {
#define SLD_SECTION(name, ...)               struct sld_options_##name {
#define SLD_OPTION(section, name, type, ...) SLD_OPTION_C_##type name;
#define SLD_SECTION_END(name)                                                                      \
    }                                                                                              \
    name;                               /* NOLINT(bugprone-macro-parentheses): a member's name */
#include "../../src/config/options.def" /* relative to this header: found from every room */
} sld_options;

/* How the trials of a sweep are started; never part of what they compute. */
typedef struct sld_options_launch sld_launch;

#endif
