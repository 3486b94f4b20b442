/* doctor.h: what the files of sld doctor share. On each rank, probes add findings to a report; then
 * rank 0 prints the reports of all ranks together. */
#ifndef SLD_CLI_DOCTOR_H
#define SLD_CLI_DOCTOR_H

#include "cli.h"

typedef enum sld_verdict { SLD_FINE, SLD_WARN, SLD_BAD } sld_verdict;

/* Contains no pointers, because it is sent between ranks. */
typedef struct sld_finding {
    sld_verdict verdict;
    bool        own; /* ranks may differ in it; else a difference is a warning */
    char        what[24], found[240], advice[320]; /* advice "": nothing to do */
} sld_finding;

enum { SLD_FINDINGS = 32 };

typedef struct sld_doctor_report {
    int         rank, node_rank, node_size, n;
    char        host[64];
    sld_finding list[SLD_FINDINGS];
} sld_doctor_report;

/* doctor_report.c. Adds a finding with verdict SLD_FINE and no advice. If the report is full, the
 * last finding is replaced. */
sld_finding *sld_doctor_add(sld_doctor_report *r, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets verdict and advice, unless the finding has a worse verdict or already advice of this one. */
void sld_finding_advise(sld_finding *f, sld_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads the first line of a file such as those in /proc. False: it cannot be read. */
bool sld_read_line(const char *path, char *line, size_t n);

/* Probes. The first three are local. */
void sld_doctor_cpu(const sld_comm *comm, sld_doctor_report *r);
void sld_doctor_memory(const sld_comm *comm, sld_doctor_report *r);
void sld_doctor_launcher(const sld_comm *comm, sld_doctor_report *r);
/* Collective. The batch job, and each machine's TMPDIR and clock. */
sld_status sld_doctor_job(sld_ctx *ctx, const sld_comm *comm, sld_doctor_report *r);
/* Collective. The folder, as seen by rank 0 and by one rank of each other machine. */
sld_status sld_doctor_folder(sld_ctx *ctx, const sld_comm *comm, const char *folder,
                             sld_doctor_report *r);

/* doctor_print.c. Local. reports: (n) of all ranks, in order. Returns the worst verdict. */
sld_verdict sld_doctor_print(const sld_doctor_report *reports, int n, const char *folder,
                             bool json);

#endif
