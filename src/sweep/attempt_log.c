/* attempt_log.c: finds in its log why an attempt failed that wrote no outcome file. */
#include <stdio.h>
#include <string.h>

#include "coordinator.h"
#include "sld/base_read.h"

enum { LINE_BYTES = 1024 };

/* Returns the line without the time stamp "2026-01-31T23:59:59Z " of a line that sld wrote. */
static const char *after_time(const char *line)
{
    return strlen(line) > 21 && line[4] == '-' && line[10] == 'T' && line[19] == 'Z' ? line + 21
                                                                                     : line;
}

/* Open MPI frames its messages with lines of dashes. */
static bool has_text(const char *line)
{
    return *line != '\0' && strspn(line, "- \t") != strlen(line);
}

bool sld_attempt_log_reason(const char *log, char reason[SLD_REASON_BYTES])
{
    char  line[LINE_BYTES], first[SLD_REASON_BYTES] = "";
    FILE *file   = sld_file_stream(log);
    bool  by_sld = false; /* sld has written a line */

    reason[0] = '\0';
    while (file && !*reason && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *text          = after_time(line);
        by_sld |= text != line;
        if (strncmp(text, "error: ", 7) == 0) {
            snprintf(reason, SLD_REASON_BYTES, "%.250s", text + 7);
        } else if (strncmp(text, "sld: ", 5) == 0) {
            snprintf(reason, SLD_REASON_BYTES, "%.250s", text + 5);
        } else if (!*first && text == line && has_text(line)) {
            snprintf(first, sizeof first, "%.250s", line);
        }
    }
    if (file) {
        fclose(file);
    }
    if (!*reason) {
        memcpy(reason, first, sizeof first);
    }
    return by_sld;
}
