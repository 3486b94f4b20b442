/* watch.c: what a trial leaves for its coordinator: checkpoints, and the sentences of its log. */
#include "watch.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 1024 };

void sld_watch_checkpoint(const sld_sweep *sweep, size_t point, char name[32])
{
    static const char prefix[] = "ckpt-0000000-000000000";
    char              path[PATH_MAX];
    struct dirent    *entry;
    DIR              *dir;

    name[0] = '\0';
    sld_watch_path(sweep, point, "", path);
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        const char *ending = strrchr(entry->d_name, '.');
        if (strncmp(entry->d_name, "ckpt-", 5) == 0 && ending && strcmp(ending, ".h5") == 0 &&
            strncmp(entry->d_name, name, sizeof prefix - 1) > 0) {
            snprintf(name, 32, "%.*s", (int)sizeof prefix - 1, entry->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* The text of a log line behind "2026-01-31T23:59:59Z " where it begins so. */
static const char *behind_time(const char *line)
{
    return strlen(line) > 21 && line[4] == '-' && line[10] == 'T' && line[19] == 'Z' ? line + 21
                                                                                     : line;
}

/* Open MPI frames what it says in lines of dashes. */
static bool says_something(const char *line)
{
    return *line != '\0' && strspn(line, "- \t") != strlen(line);
}

void sld_watch_reason(const char *log, char reason[SLD_REASON_BYTES])
{
    char  line[LINE_BYTES], first[SLD_REASON_BYTES] = "";
    FILE *file = fopen(log, "r");

    reason[0] = '\0';
    while (file && !*reason && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *text          = behind_time(line);
        if (strncmp(text, "error: ", 7) == 0) {
            snprintf(reason, SLD_REASON_BYTES, "%.250s", text + 7);
        } else if (strncmp(text, "sld: ", 5) == 0) {
            snprintf(reason, SLD_REASON_BYTES, "%.250s", text + 5);
        } else if (!*first && text == line && says_something(line)) {
            snprintf(first, sizeof first, "%.250s", line);
        }
    }
    if (file) {
        fclose(file);
    }
    if (!*reason) {
        memcpy(reason, first, sizeof first);
    }
}
