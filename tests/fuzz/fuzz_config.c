/* fuzz_config.c: an experiment in YAML. What is read says of itself what can be read again. */
#include "fuzz.h"
#include "sld/config.h"

static const char *const (*no_method(const char *name))[2]
{
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    sld_ctx     ctx    = fuzz_ctx();
    sld_config *config = NULL, *again = NULL;

    if (sld_config_parse(&ctx, "fuzz.yaml", (const char *)bytes, n, NULL, 0, no_method, &config) ==
        SLD_OK) {
        const char *text = sld_config_text(config);
        if (sld_config_parse(&ctx, "again.yaml", text, strlen(text), NULL, 0, no_method, &again) !=
            SLD_OK) {
            abort();
        }
    }
    sld_config_destroy(again);
    sld_config_destroy(config);
    return 0;
}
