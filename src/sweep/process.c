/* process.c: lists the processes of attempts on this machine, from /proc, and kills those of one
 * attempt. */
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

#include "process.h"

void sld_process_word(const char *id, int64_t attempt, const char *coordinator,
                      char word[SLD_CLAIM_BYTES])
{
    snprintf(word, SLD_CLAIM_BYTES, SLD_CLAIM_NAME "%s.%lld.%s", id, (long long)attempt,
             coordinator);
}

/* Finds the entry that begins with name in the environment that the process was started with.
 * False: there is none, or the process may not be read. */
static bool read_entry(const char *pid, const char *name, char *entry, size_t n_entry)
{
    char         path[64], block[4096];
    const size_t length = strlen(name);
    size_t       at     = 0; /* bytes of the entry so far; n_entry: not the one wanted */
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
    char           word[SLD_CLAIM_BYTES];

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
    const size_t  whole  = strlen(program);
    found[n > 0 ? n : 0] = '\0';
    return strncmp(found, program, whole) == 0 &&
           (found[whole] == '\0' || strcmp(found + whole, " (deleted)") == 0);
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
    const struct timespec moment = {.tv_nsec = 20L * 1000 * 1000};
    victims               v      = {.word = word};
    int                   found  = 0;

    for (int i = 0; i < 500; i++) { /* 10 s: a process that waits for a disk ends late */
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
