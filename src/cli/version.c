/* version.c: sld --version: prints the program's version, how it was built, and its libraries. */
#include <stdio.h>

#include "build.h"
#include "cli.h"
#include "commit.h"
#include "sld/kernels.h"
#include "sld/store.h"

const char *sld_version_text(void)
{
    return SLD_VERSION ", commit " SLD_COMMIT;
}

void sld_version_print(void)
{
    static const struct {
        const char *what;
        void (*version)(char *text, size_t n);
    } libraries[] = {{"MPI", sld_comm_versions},
                     {"files", sld_store_versions},
                     {"convolutions", sld_kernels_versions},
                     {"BLAS", sld_kernels_blas},
                     {"YAML", sld_config_versions}};
    char text[256];

    printf("sld %s\ncommit: %s\ncompiler: %s\nflags: %s\noptions: %s\n", SLD_VERSION, SLD_COMMIT,
           SLD_BUILD_COMPILER, SLD_BUILD_FLAGS, SLD_BUILD_OPTIONS);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        libraries[i].version(text, sizeof text);
        printf("%s: %s\n", libraries[i].what, text);
    }
}
