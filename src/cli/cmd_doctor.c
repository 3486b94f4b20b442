/* cmd_doctor.c: sld doctor: checks whether this machine and a folder are fit for runs, and says
 * what to change. */
#include <stdlib.h>
#include <unistd.h>

#include "doctor.h"

enum { JSON };
static const sld_option_spec options[] = {[JSON] = {"--json", false}, {NULL, false}};

/* Collective. Copies the reports of all ranks to every rank. reports: (ranks). */
static sld_status gather(sld_ctx *ctx, const sld_comm *comm, sld_doctor_report *reports)
{
    for (int rank = 0; rank < sld_comm_size(comm); rank++) {
        SLD_TRY(sld_comm_bcast(ctx, comm, &reports[rank], sizeof *reports, rank));
    }
    return SLD_OK;
}

static sld_status run(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code)
{
    const int   rank = sld_comm_rank(comm), size = sld_comm_size(comm);
    const char *folder = args->positional ? args->positional : ".";

    SLD_TRY(sld_agree(ctx, comm, sld_path_check(ctx, "doctor", args->positional)));
    *exit_code                 = SLD_EXIT_OK;
    sld_doctor_report *reports = calloc((size_t)size, sizeof *reports);
    sld_status         st =
        reports ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "no memory for %d reports", size);
    st = sld_agree(ctx, comm, st);
    if (st != SLD_OK) {
        free(reports);
        return st;
    }
    sld_doctor_report *mine = &reports[rank];
    mine->rank              = rank;
    mine->node_rank         = sld_comm_node_rank(comm);
    mine->node_size         = sld_comm_node_size(comm);
    gethostname(mine->host, sizeof mine->host - 1);
    sld_doctor_cpu(comm, mine);
    sld_doctor_memory(comm, mine);
    sld_doctor_launcher(comm, mine);
    st = sld_doctor_job(ctx, comm, mine);
    if (st == SLD_OK) {
        st = sld_doctor_folder(ctx, comm, folder, mine);
    }
    if (st == SLD_OK) {
        st = gather(ctx, comm, reports);
    }
    if (st == SLD_OK && rank == 0 &&
        sld_doctor_print(reports, size, folder, args->option[JSON] != NULL) == SLD_BAD) {
        *exit_code = SLD_EXIT_FAILED;
    }
    free(reports);
    return st;
}

const sld_verb sld_verb_doctor = {
    .name    = "doctor",
    .usage   = "[mpirun -n RANKS] sld doctor [DIR] [--json]",
    .summary = "what this machine and a folder are worth to a run, and what to do",
    .help    = "Looks at the processor and the kernels chosen for it, CPUs and quotas, memory and "
               "limits, MPI, HDF5,\n"
               "the launcher and its signals, the batch job with its machines and time, and at DIR "
               "(default: the current folder): file system, "
               "room, speed, locks.\n"
               "Start it as the run will be started: differences between the ranks are found and "
               "named.\n\n"
               "  --json   for programs\n\n"
               "Exit code 1 when something is bad, so that runs would fail; else 0.\n",
    .options = options,
    .takes   = "one folder",
    .optional_file = true,
    .no_settings   = true,
    .run           = run,
};
