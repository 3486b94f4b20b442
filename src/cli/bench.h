/* bench.h: what the files of sld bench share. */
#ifndef SLD_CLI_BENCH_H
#define SLD_CLI_BENCH_H

#include "cli.h"
#include "sld/tools_bench.h"

/* A measurement on one number of ranks. */
typedef struct sld_bench_row {
    int              ranks;
    sld_bench_result result;
} sld_bench_row;

enum { SLD_BENCH_MAX_ROWS = 16 };

/* bench_print.c. Prints a measurement as one line of JSON; reads such a line. False: it is none. */
void sld_bench_print_json(const sld_bench_params *params, const sld_bench_row *row);
bool sld_bench_read_json(const char *line, sld_bench_row *out);
/* Prints a table with one column per measurement. */
void sld_bench_print_table(const sld_bench_params *params, const sld_bench_row *rows, size_t n);

/* bench_launch.c. Starts this program under mpirun once for each number of ranks in the list
 * ("1,2,4") and prints its measurements. stall_minutes: passed on as it is. Returns the exit
 * code. */
int sld_bench_launch(sld_ctx *ctx, const sld_bench_params *params, const char *ranks,
                     const char *cpus, const char *stall_minutes, bool json);

#endif
