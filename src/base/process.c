/* process.c: identifies processes of this machine by number and start time, because the kernel uses
 * numbers again. */
#include "sld/base_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads field 22 of /proc/PID/stat. Field 2, the name, may contain anything, so the fields are
 * counted from the last ')'. *start 0: a zombie. False: the file does not exist or may not be
 * read. */
static bool read_stat(pid_t pid, long long *start)
{
    char path[64], text[1024], state = 'Z';

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    *start       = 0;
    if (fd < 0) {
        return false;
    }
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *at      = strrchr(text, ')');
    if (!at ||
        sscanf(at,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%lld",
               &state, start) != 2 ||
        state == 'Z' || state == 'X') {
        *start = 0;
    }
    return true;
}

sld_process sld_process_of(pid_t pid)
{
    sld_process p = {.pid = pid};

    (void)read_stat(pid, &p.start);
    return p;
}

sld_process sld_process_self(void)
{
    return sld_process_of(getpid());
}

/* A process of another user may be hidden (hidepid, no /proc). Then kill(pid, 0) still tells
 * whether the number is in use. */
bool sld_process_none(pid_t pid)
{
    long long now;

    return read_stat(pid, &now) ? now == 0 : kill(pid, 0) != 0 && errno == ESRCH;
}

bool sld_process_gone(sld_process p)
{
    long long now;

    if (p.pid <= 0 || p.start <= 0) {
        return false; /* the process had no /proc to read its start time from */
    }
    return read_stat(p.pid, &now) ? now != p.start : sld_process_none(p.pid);
}

void sld_process_machine(char machine[SLD_MACHINE_BYTES])
{
    const char *given    = getenv("SLD_TEST_MACHINE");
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
    if (given) {
        snprintf(machine, SLD_MACHINE_BYTES, "%s", given);
    } else {
        snprintf(machine, SLD_MACHINE_BYTES, "%s/%s", boot, space);
    }
}
