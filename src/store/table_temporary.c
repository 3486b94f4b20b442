/* table_temporary.c: the names under which tables are written, and what dead writers left of them.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

static void host_name(char host[64])
{
    if (gethostname(host, 64) != 0) {
        snprintf(host, 64, "host");
    }
    host[63] = '\0';
}

void table_temporary(const char *path, char name[PATH_MAX])
{
    char host[64];

    host_name(host);
    snprintf(name, PATH_MAX, "%s.%s.%ld.tmp", path, host, (long)getpid());
}

/* Of "STEM.HOST.PROCESS.tmp": may it go? */
static bool is_dead(const char *name, const char *stem, bool published)
{
    const size_t n_stem = strlen(stem), n = strlen(name);
    char         host[64];

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
    return process > 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

void sld_table_sweep(const char *path)
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
