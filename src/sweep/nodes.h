/* nodes.h: the other machines of a job: a coordinator of its own on each, which joins the sweep. */
#ifndef SLD_SWEEP_NODES_H
#define SLD_SWEEP_NODES_H

#include <sys/types.h>

#include "sld/config.h"
#include "sld/sweep_allocation.h"

typedef struct node_helper {
    const sld_allocation_node *node; /* borrowed */
    pid_t                      pid;  /* of its srun; 0: none runs */
    int                        failures;
    double                     again_at_s; /* clock of the next try; 0: none */
} node_helper;

typedef struct node_helpers {
    node_helper *list; /* (n) owned */
    size_t       n;
} node_helpers;

/* What is said to them. */
typedef struct node_command {
    const char        *program, *dir; /* sld, the sweep's folder */
    const char *const *words;         /* settings and launch options given on the command line */
    size_t             n_words;
    const char        *job;
    double             end_s;
    bool               no_wait;
} node_command;

/* The words and environment of srun, ended by NULL; sld_launch_free() each. NULL: no memory. */
char **sld_nodes_words(const node_command *command, const sld_allocation_node *node);
char **sld_nodes_environment(const node_command *command);

#endif
