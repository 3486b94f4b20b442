/* process.c: processes of this machine: which of them live, and how those that nobody owns any more
 * are ended. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
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

/* The entry of the environment that the process was started with which begins with name; false:
 * none. */
static bool read_entry(const char *pid, const char *name, char *entry, size_t n_entry)
{
    char         path[64], block[4096];
    const size_t length = strlen(name);
    size_t       at     = 0; /* bytes of this entry; n_entry: it is another */
    bool         found  = false;
    ssize_t      n;

    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && !found && (n = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < n && !found; i++) {
            if (block[i] == '\0') {
                found                 = at >= length && at < n_entry;
                entry[found ? at : 0] = '\0';
                at                    = 0;
            } else if (at + 1 >= n_entry || (at < length && block[i] != name[at])) {
                at = n_entry;
            } else {
                entry[at++] = block[i];
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return found;
}

void sld_process_list(sld_process_seen seen, void *user)
{
    DIR           *proc = opendir("/proc");
    struct dirent *entry;
    char           word[96];

    while (proc && (entry = readdir(proc))) {
        if (isdigit((unsigned char)entry->d_name[0]) &&
            read_entry(entry->d_name, SLD_CLAIM_NAME, word, sizeof word)) {
            seen((pid_t)atol(entry->d_name), word, user);
        }
    }
    if (proc) {
        closedir(proc);
    }
}

bool sld_process_runs(pid_t pid, const char *program)
{
    char path[64], found[PATH_MAX];

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    const ssize_t n      = readlink(path, found, sizeof found - 1);
    found[n > 0 ? n : 0] = '\0';
    return strcmp(found, program) == 0;
}

typedef struct victims {
    const char *word;
    int         n;
} victims;

static void kill_marked(pid_t pid, const char *word, void *user)
{
    victims *v = user;

    if (strcmp(word, v->word) == 0 && pid != getpid() && sld_process_of(pid).start > 0) {
        kill(pid, SIGKILL);
        v->n++;
    }
}

int sld_process_end_marked(const char *word)
{
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    victims               v      = {.word = word};
    int                   found  = 0;

    for (int i = 0; i < 500; i++) { /* 10 s: a disk may hold them */
        v.n = 0;
        sld_process_list(kill_marked, &v);
        found = i == 0 ? v.n : found;
        if (v.n == 0) {
            break;
        }
        nanosleep(&moment, NULL);
    }
    return found;
}
