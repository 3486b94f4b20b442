/* nodes.h: starts a helper, which is one more coordinator of the sweep, on each other machine of a
 * Slurm job. */
#ifndef SLD_SWEEP_NODES_H
#define SLD_SWEEP_NODES_H

#include <sys/types.h>

#include "sld/config.h"
#include "sld/sweep_allocation.h"

typedef struct node_helper {
    const sld_allocation_node *node; /* borrowed from the allocation */
    pid_t                      pid;  /* of the srun that runs it; 0: it does not run */
    int                        failures;
    double                     again_at_s; /* clock of its restart; 0: none is planned */
} node_helper;

typedef struct node_helpers {
    node_helper *list; /* (n) owned */
    size_t       n;
} node_helpers;

/* The command line of a helper. */
typedef struct node_command {
    const char        *program, *dir; /* sld, the sweep's folder */
    const char *const *words;         /* options that the user gave on the command line */
    size_t             n_words;
    double             end_s;
    bool               no_wait;
} node_command;

/* The command line and environment of srun; NULL: no memory. Free both with sld_launch_free(). */
char **sld_nodes_words(const node_command *command, const sld_allocation_node *node);
char **sld_nodes_environment(const node_command *command);

#endif
