/* preset.h: recipes of the literature by name. */
#ifndef SLD_CONFIG_PRESET_H
#define SLD_CONFIG_PRESET_H

#include "sld/config.h"

/* Local. The preset that an unknown name probably means; NULL: none is near. */
const char *sld_preset_nearest(const char *name);

#endif
