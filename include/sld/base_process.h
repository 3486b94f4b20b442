/* sld/base_process.h: a process of this machine that cannot be mistaken for a later one. Everything is
 * local. */
#ifndef SLD_BASE_PROCESS_H
#define SLD_BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

enum { SLD_MACHINE_BYTES = 96 };

typedef struct sld_process {
    pid_t     pid;
    long long start; /* in the kernel's ticks since boot; 0: not there */
} sld_process;

sld_process sld_process_self(void);
sld_process sld_process_of(pid_t pid); /* start 0: there is none, or it is a zombie */
/* Whether it was on this machine and certainly is no more. One that is hidden from this user counts as
 * there. */
bool sld_process_gone(sld_process p);

/* "boot id/pid namespace": where a pid means something. SLD_TEST_MACHINE overrides it for tests. */
void sld_process_machine(char machine[SLD_MACHINE_BYTES]);

/* Whether "NAME=value" is what an mpirun or srun around this process has told it alone: processes that
 * take it over would take themselves for its ranks, or look for its step's server. The user's own
 * OMPI_MCA_ and OMPI_ALLOW_ are none. */
bool sld_process_is_launchers(const char *entry);
/* "NAME=value", ended by NULL: an mpirun that has these starts its ranks on this machine, and asks no
 * scheduler for others. */
extern const char *const sld_process_stay_here[];

struct sld_ctx;
/* mpirun_needs.c. Where TMPDIR, or /tmp, cannot be written, MPI's session files go to a folder that can:
 * this process and those that it starts find it in their environment. It is told. */
void sld_process_find_session_folder(struct sld_ctx *ctx);
/* Whether a network interface is up, without which mpirun ends at once. Where none is, lo is brought
 * up if this process may do that. */
bool sld_process_has_network(struct sld_ctx *ctx);

#endif
