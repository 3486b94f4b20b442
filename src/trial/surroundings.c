/* surroundings.c: what a trial ran on, what made it and what it cost, for its results: no part of what
 * it computes. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "parts.h"
#include "sld/base_process.h"

/* "node1: AMD EPYC 7763, 64 CPUs" of rank 0. */
static void describe_machine(char text[256])
{
    struct utsname system = {.nodename = "unknown"};
    char           model[SLD_PROCESSOR_BYTES];
    const long     cpus = sysconf(_SC_NPROCESSORS_ONLN);

    (void)uname(&system);
    sld_processor_name(model);
    snprintf(text, 256, "%.100s: %s%s%ld CPU%s", system.nodename, model, model[0] ? ", " : "", cpus,
             sld_text_plural(cpus));
}

sld_status sld_trial_put_surroundings(sld_ctx *ctx, const sld_trial *t, sld_doc *doc)
{
    const char   *version = t->setup.params->version ? t->setup.params->version : SLD_VERSION;
    const int64_t params  = (int64_t)sld_model_trained_count(t->state.student);
    const double  macs    = sld_model_macs(t->state.student);
    struct rusage use     = {0};
    int64_t       bytes;
    char          machine[256];

    describe_machine(machine);
    (void)getrusage(RUSAGE_SELF, &use);
    bytes = (int64_t)use.ru_maxrss * 1024;
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "version", version));
    SLD_TRY(sld_doc_attr_text(ctx, doc, "/", "machine", machine));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "params", SLD_I64, 0, &params));
    SLD_TRY(sld_doc_attr(ctx, doc, "/", "multiply_adds", SLD_F64, 0, &macs));
    return sld_doc_attr(ctx, doc, "/", "memory_bytes", SLD_I64, 0, &bytes);
}
