/* word.h: the value of a word of the command line, where it is YAML. */
#ifndef SLD_CONFIG_WORD_H
#define SLD_CONFIG_WORD_H

#include "sld/config.h"

/* Local. As sld_yaml_value(), for a value that nothing may stand beside: no comment, no anchor, no
 * document mark. */
sld_status sld_yaml_alone(sld_ctx *ctx, sld_arena *arena, const char *source, const char *key,
                          const char *text, const sld_node **out);

#endif
