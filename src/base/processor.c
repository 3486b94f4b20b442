/* processor.c: the name of this machine's processor. */
#include <stdio.h>
#include <string.h>

#include "sld/base_process.h"

/* The value of a line "KEY : VALUE", NULL for another key. */
static const char *value_of(const char *line, const char *key)
{
    const size_t n     = strlen(key);
    const char  *colon = strncmp(line, key, n) == 0 ? strchr(line + n, ':') : NULL;

    return colon ? colon + 1 + strspn(colon + 1, " \t") : NULL;
}

/* x86 tells a name. arm64 tells the numbers of maker and design, of every core anew: the first
 * core's count. */
void sld_processor_read(FILE *cpuinfo, char name[SLD_PROCESSOR_BYTES])
{
    char line[512], maker[32] = "", design[32] = "";

    name[0] = '\0';
    while (!name[0] && !design[0] && fgets(line, sizeof line, cpuinfo)) {
        const char *value;

        line[strcspn(line, "\n")] = '\0';
        if ((value = value_of(line, "model name"))) {
            snprintf(name, SLD_PROCESSOR_BYTES, "%.*s", SLD_PROCESSOR_BYTES - 1, value);
        } else if ((value = value_of(line, "CPU implementer"))) {
            snprintf(maker, sizeof maker, "%.*s", (int)sizeof maker - 1, value);
        } else if ((value = value_of(line, "CPU part"))) {
            snprintf(design, sizeof design, "%.*s", (int)sizeof design - 1, value);
        }
    }
    if (!name[0] && design[0]) {
        snprintf(name, SLD_PROCESSOR_BYTES, "implementer %s, part %s", maker, design);
    }
}

void sld_processor_name(char name[SLD_PROCESSOR_BYTES])
{
    FILE *file = fopen("/proc/cpuinfo", "r");

    name[0] = '\0';
    if (file) {
        sld_processor_read(file, name);
        fclose(file);
    }
}
