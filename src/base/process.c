/* process.c: processes of this machine by number and start, so that a later one of the same number
 * is another. */
#include "sld/base_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Field 22 of /proc/PID/stat, behind a name that may hold anything but the last parenthesis. */
sld_process sld_process_of(pid_t pid)
{
    sld_process p = {.pid = pid};
    char        path[64], text[1024], state = 'Z';

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return p;
    }
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *at      = strrchr(text, ')');
    if (!at ||
        sscanf(at,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%lld",
               &state, &p.start) != 2 ||
        state == 'Z' || state == 'X') {
        p.start = 0;
    }
    return p;
}

sld_process sld_process_self(void)
{
    return sld_process_of(getpid());
}

bool sld_process_lives(sld_process p)
{
    return p.pid > 0 && p.start > 0 && sld_process_of(p.pid).start == p.start;
}

void sld_process_machine(char machine[SLD_MACHINE_BYTES])
{
    const char *told     = getenv("SLD_TEST_MACHINE");
    char        boot[48] = "", space[48] = "";
    FILE       *file = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (file) {
        if (fscanf(file, "%40s", boot) != 1) {
            boot[0] = '\0';
        }
        fclose(file);
    }
    const ssize_t n      = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[n > 0 ? n : 0] = '\0';
    if (told) {
        snprintf(machine, SLD_MACHINE_BYTES, "%s", told);
    } else {
        snprintf(machine, SLD_MACHINE_BYTES, "%s/%s", boot, space);
    }
}
