/* table_temporary.c: the names under which tables are written, and what dead writers left of them.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sld/base_process.h"
#include "table.h"

enum { HOST_BYTES = 96 };

/* Machine and process namespace: a process number says something within these alone. */
static void host_name(char host[HOST_BYTES])
{
    char        name[64];
    struct stat space;

    if (gethostname(name, sizeof name) != 0) {
        snprintf(name, sizeof name, "host");
    }
    name[sizeof name - 1] = '\0';
    snprintf(host, HOST_BYTES, "%s-%ju", name,
             stat("/proc/self/ns/pid", &space) == 0 ? (uintmax_t)space.st_ino : 0);
}

void table_temporary(const char *path, char name[PATH_MAX])
{
    char     host[HOST_BYTES];
    uint32_t random = 0;

    host_name(host);
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
        random = (uint32_t)(sld_clock_s() * 1e6);
    }
    snprintf(name, PATH_MAX, "%s.%s.%ld.%08x.tmp", path, host, (long)getpid(), (unsigned)random);
}

/* Of "STEM.HOST.PROCESS.RANDOM.tmp": may it go? */
static bool is_dead(const char *name, const char *stem, bool published)
{
    const size_t n_stem = strlen(stem), n = strlen(name);
    char         host[HOST_BYTES];

    if (strncmp(name, stem, n_stem) != 0 || name[n_stem] != '.' || n < n_stem + 6 ||
        strcmp(name + n - 4, ".tmp") != 0) {
        return false;
    }
    host_name(host);
    const char  *writer = name + n_stem + 1;
    const size_t n_host = strlen(host);
    if (strncmp(writer, host, n_host) != 0 || writer[n_host] != '.') {
        return published; /* a slower writer finds the table published and is content */
    }
    const long process = strtol(writer + n_host + 1, NULL, 10);
    return process > 0 && sld_process_none((pid_t)process);
}

void sld_table_clean_up(const char *path)
{
    char        folder[PATH_MAX], victim[2 * PATH_MAX];
    const char *slash     = strrchr(path, '/');
    const bool  published = access(path, F_OK) == 0;

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    DIR           *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (is_dead(entry->d_name, slash ? slash + 1 : path, published)) {
            snprintf(victim, sizeof victim, "%s/%s", folder, entry->d_name);
            unlink(victim);
        }
    }
    if (dir) {
        closedir(dir);
    }
}
