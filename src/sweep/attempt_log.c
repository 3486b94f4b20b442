/* attempt_log.c: what the log of an attempt that told no outcome says of its end. */
#include <stdio.h>
#include <string.h>

#include "coordinator.h"

enum { LINE_BYTES = 1024 };

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

bool sld_attempt_log_reason(const char *log, char reason[SLD_REASON_BYTES])
{
    char  line[LINE_BYTES], first[SLD_REASON_BYTES] = "";
    FILE *file  = fopen(log, "r");
    bool  spoke = false;

    reason[0] = '\0';
    while (file && !*reason && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *text          = behind_time(line);
        spoke |= text != line;
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
    return spoke;
}
