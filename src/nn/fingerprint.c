/* fingerprint.c: writes what the bits depend on besides the inputs: library versions, instruction
 * set and the implementation chosen for each convolution. Each name is listed once. A checksum over
 * all names in order says which layer has which. */
#include <stdio.h>
#include <string.h>

#include "backprop.h"
#include "infer.h"

#define MAX_NAMES 24

typedef struct {
    const char *names[MAX_NAMES];
    int         n;
    sld_sha256  sha;
} collection;

static void collect(collection *c, const char *name)
{
    sld_sha256_add(&c->sha, name, strlen(name) + 1);
    for (int i = 0; i < c->n; i++) {
        if (strcmp(c->names[i], name) == 0) {
            return;
        }
    }
    if (c->n < MAX_NAMES) {
        c->names[c->n++] = name;
    }
}

void sld_nn_fingerprint(const sld_backprop *net, const sld_infer *infer, char *text, size_t n)
{
    collection c = {.n = 0};
    sld_sha256_init(&c.sha);
    for (int l = 1; net && l < net->model->graph.n_layers; l++) {
        const sld_layer_kind *kind = net->model->graph.layers[l].kind;
        const char           *name = NULL;
        for (int i = 0;
             kind->implementation && (name = kind->implementation(net->passes[0].states[l], i));
             i++) {
            collect(&c, name);
        }
    }
    const char *name = NULL;
    for (int s = 0; infer && (name = sld_infer_implementation(infer, s, 0)); s++) {
        for (int i = 0; *name; name = sld_infer_implementation(infer, s, ++i)) {
            collect(&c, name);
        }
    }
    char versions[256], hex[65];
    sld_kernels_versions(versions, sizeof versions);
    sld_sha256_hex(&c.sha, hex);
    hex[16]     = '\0';
    int written = snprintf(text, n, "%s; convolutions %s:", versions, hex);
    for (int i = 0; i < c.n && written >= 0 && (size_t)written < n; i++) {
        written += snprintf(text + written, n - (size_t)written, " %s", c.names[i]);
    }
}
