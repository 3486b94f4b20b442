/* process.c: processes of this machine: which of them live, and how those that nobody owns any more
 * are ended. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"

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

void sld_process_machine(char machine[MACHINE_BYTES])
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
        snprintf(machine, MACHINE_BYTES, "%s", told);
    } else {
        snprintf(machine, MACHINE_BYTES, "%s/%s", boot, space);
    }
}

/* Whether the process was started with exactly this word ("NAME=value") in its environment. */
static bool has_word(const char *pid, const char *word)
{
    char         path[64], block[4096];
    const size_t length = strlen(word);
    size_t       at     = 0; /* of word matched; length + 1: this entry is another */
    ssize_t      n;

    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (block[i] == '\0') {
                if (at == length) {
                    close(fd);
                    return true;
                }
                at = 0;
            } else {
                at = at < length && block[i] == word[at] ? at + 1 : length + 1;
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return false;
}

static int kill_marked(const char *word)
{
    DIR           *proc = opendir("/proc");
    struct dirent *entry;
    int            n = 0;

    while (proc && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) && has_word(entry->d_name, word)) {
            const pid_t pid = (pid_t)atol(entry->d_name);
            if (pid != getpid() && sld_process_of(pid).start > 0) {
                kill(pid, SIGKILL);
                n++;
            }
        }
    }
    if (proc) {
        closedir(proc);
    }
    return n;
}

int sld_process_end_marked(const char *word)
{
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    const int             found  = kill_marked(word);

    for (int left = found, i = 0; left > 0 && i < 500; i++) { /* 10 s: a disk may hold them */
        nanosleep(&moment, NULL);
        left = kill_marked(word);
    }
    return found;
}
