/* sld/base_process.h: identity of processes, the processor's name, and what mpirun needs of this
 * machine and of its environment. Everything is local. */
#ifndef SLD_BASE_PROCESS_H
#define SLD_BASE_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { SLD_MACHINE_BYTES = 96, SLD_PROCESSOR_BYTES = 128 };

typedef struct sld_process {
    pid_t     pid;
    long long start; /* in clock ticks since boot; 0: no such process */
} sld_process;

sld_process sld_process_self(void);
sld_process sld_process_of(pid_t pid); /* start 0: there is none, or it is a zombie */
/* Whether this process of this machine has certainly ended; a later process with its number is not
 * mistaken for it. A process that this user cannot see counts as running. */
bool sld_process_gone(sld_process p);
/* Whether no process of that number runs: there is none, or a zombie, which its parent may not bury for
 * long. One that this user cannot see counts as running. */
bool sld_process_none(pid_t pid);

/* "BOOT ID/PID NAMESPACE": process numbers can be compared within one. SLD_TEST_MACHINE overrides
 * it. */
void sld_process_machine(char machine[SLD_MACHINE_BYTES]);

/* processor.c. "AMD EPYC 7763"; of arm64 "implementer 0x41, part 0xd0c"; "": the system does not
 * tell. */
void sld_processor_name(char name[SLD_PROCESSOR_BYTES]);
void sld_processor_read(FILE *cpuinfo, char name[SLD_PROCESSOR_BYTES]); /* a file in its form */

/* Whether an mpirun or srun set "NAME=value" for this process alone. A child must not inherit it:
 * it would take itself for a rank of that launcher. Variables that the user set (OMPI_MCA_...,
 * OMPI_ALLOW_...) do not count. */
bool sld_process_is_launchers(const char *entry);
/* Entries "NAME=value", ended by NULL. With them mpirun starts its ranks on this machine alone, not
 * on all nodes of a batch job. */
extern const char *const sld_process_stay_here[];

struct sld_ctx;
/* mpirun_needs.c. If TMPDIR (or /tmp) cannot be written, sets TMPDIR to a folder that can, for
 * MPI's session files, and logs it. */
void sld_process_find_session_folder(struct sld_ctx *ctx);
/* Whether a network interface is up; without one mpirun fails. If none is, tries to bring lo up. */
bool sld_process_has_network(struct sld_ctx *ctx);

#endif
