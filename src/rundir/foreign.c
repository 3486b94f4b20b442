/* foreign.c: recognises a folder that is full of other things. No trial is trained there, because a
 * typing error in the path is more likely than intent. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "sld/rundir.h"

#define STEM_OF(name, stem, ending) stem,

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_own(const char *name)
{
    static const char *const stems[] = {SLD_RUN_FILES(STEM_OF) "ckpt-",
                                        "epoch-",
                                        "claims",
                                        "late-claims",
                                        "trials",
                                        "teacher-logits",
                                        "points",
                                        "sweep.",
                                        "report.html"};

    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        if (begins(name, stems[i])) {
            return true;
        }
    }
    return false;
}

static bool is_text(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml", ".txt", ".md",
                                          ".sh",   ".log", ".out", ".err"};
    const char              *dot       = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++) {
        if (strcmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return *name == '.';
}

bool sld_run_foreign(const char *dir, char name[NAME_MAX + 1])
{
    DIR           *folder = opendir(dir);
    struct dirent *entry;
    bool           found = false;

    while (folder && !found && (entry = readdir(folder))) {
        found = !is_own(entry->d_name) && !is_text(entry->d_name);
        snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}
