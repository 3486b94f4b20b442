/* doctor.h: the parts of sld doctor: each probe adds what it found on its rank to a report; the
 * reports of all ranks are then laid side by side. */
#ifndef SLD_CLI_DOCTOR_H
#define SLD_CLI_DOCTOR_H

#include "cli.h"

typedef enum sld_verdict { SLD_FINE, SLD_WARN, SLD_BAD } sld_verdict;

/* Plain bytes: it travels. */
typedef struct sld_finding {
    sld_verdict verdict;
    bool        own; /* may differ from rank to rank without being strange */
    char        what[24], found[240], advice[320]; /* advice empty: nothing to do */
} sld_finding;

enum { SLD_FINDINGS = 32 };

typedef struct sld_report {
    int         rank, node_rank, node_size, n;
    char        host[64];
    sld_finding list[SLD_FINDINGS];
} sld_report;

/* doctor_report.c. A new finding, fine and without advice; the last one of a full report is
 * replaced. */
sld_finding *sld_report_add(sld_report *r, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Raises the verdict and says what to do. */
void sld_finding_advise(sld_finding *f, sld_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The first line of a small file, as of /proc, without its end; false when it cannot be read. */
bool sld_read_line(const char *path, char *line, size_t n);

/* Probes: local, but for the last. */
void sld_doctor_cpu(const sld_comm *comm, sld_report *r);
void sld_doctor_memory(const sld_comm *comm, sld_report *r);
void sld_doctor_launcher(const sld_comm *comm, sld_report *r);
/* Collective. The batch job, and what its machines may lack. */
sld_status sld_doctor_job(sld_ctx *ctx, const sld_comm *comm, sld_report *r);
/* Collective. The folder, as rank 0 and one rank of each other machine see it. */
sld_status sld_doctor_folder(sld_ctx *ctx, const sld_comm *comm, const char *folder, sld_report *r);

/* doctor_print.c. reports: of all ranks, in order. Returns the worst verdict. */
sld_verdict sld_doctor_print(const sld_report *reports, int n, const char *folder, bool json);

#endif
