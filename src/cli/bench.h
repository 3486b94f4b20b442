/* bench.h: the parts of sld bench. */
#ifndef SLD_CLI_BENCH_H
#define SLD_CLI_BENCH_H

#include "cli.h"
#include "sld/tools_bench.h"

/* What was measured on one number of ranks. */
typedef struct sld_bench_row {
    int              ranks;
    sld_bench_result result;
} sld_bench_row;

enum { SLD_BENCH_MAX_ROWS = 16 };

/* bench_print.c. One document on one line, and the way back from it: false when it is none. */
void sld_bench_print_json(const sld_bench_params *params, const sld_bench_row *row);
bool sld_bench_read_json(const char *line, sld_bench_row *out);
/* A column per row. */
void sld_bench_print_table(const sld_bench_params *params, const sld_bench_row *rows, size_t n);

/* bench_launch.c. Starts this program again under mpirun for each number of ranks in the list
 * ("1,2,4") and prints what it measured. stall_minutes: a number. Returns the exit code. */
int sld_bench_launch(sld_ctx *ctx, const sld_bench_params *params, const char *ranks,
                     const char *cpus, const char *stall_minutes, bool json);

#endif
