/* lock.c: the text in the lock of a run's folder: "process N on HOST". By it a folder in which sld has
 * worked is known from one that holds some file called lock. */
#include <stdio.h>
#include <unistd.h>

#include "sld/base_read.h"
#include "sld/rundir.h"

int sld_lock_text(char text[SLD_LOCK_BYTES])
{
    char host[64] = "";

    gethostname(host, sizeof host - 1);
    return snprintf(text, SLD_LOCK_BYTES, "process %ld on %s\n", (long)getpid(), host);
}

bool sld_lock_is_own(const char *run)
{
    char path[PATH_MAX], line[SLD_LOCK_BYTES];
    long process;
    int  n = 0;

    sld_run_path(run, SLD_RUN_LOCK, 0, path);
    FILE      *file = sld_file_stream(path);
    const bool own  = file && fgets(line, sizeof line, file) &&
                     sscanf(line, "process %18ld on %n", &process, &n) == 1 && n > 0;
    if (file) {
        fclose(file);
    }
    return own;
}
