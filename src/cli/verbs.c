/* verbs.c: the list of verbs, in the order of the help. */
#include "cli.h"

const sld_verb *const sld_verbs[] = {&sld_verb_run,      &sld_verb_sweep,
                                     &sld_verb_status,   &sld_verb_report,
                                     &sld_verb_eval,     &sld_verb_probe,
                                     &sld_verb_bench,    &sld_verb_doctor,
                                     &sld_verb_selftest, &sld_verb_models,
                                     &sld_verb_methods,  &sld_verb_data,
                                     &sld_verb_help,     NULL};
