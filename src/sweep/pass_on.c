/* pass_on.c: repeats warnings from the logs of trials in the sweep's log, where the user looks. A
 * warning that many trials give is repeated once. */
#include <stdio.h>
#include <string.h>

#include "coordinator.h"
#include "sld/base_read.h"

enum { LINE_BYTES = 1024 };

/* kind: the words of a warning that consist of letters. Warnings that differ only in numbers, paths
 * and names have the same kind. */
static void kind_of(const char *text, char kind[SLD_KIND_BYTES])
{
    size_t used = 0;

    while (*text && used + 1 < SLD_KIND_BYTES) {
        const size_t n = strcspn(text, " "), letters = strspn(text, "abcdefghijklmnopqrstuvwxyz'");
        const bool   word =
            letters > 0 && (letters == n || (letters + 1 == n && strchr(",;:.", text[letters])));
        for (size_t i = 0; word && i < n && used + 1 < SLD_KIND_BYTES; i++) {
            kind[used++] = text[i];
        }
        text += n;
        text += strspn(text, " ");
    }
    kind[used] = '\0';
}

static bool is_new(coordinator *c, const char *text)
{
    char kind[SLD_KIND_BYTES];

    kind_of(text, kind);
    for (size_t i = 0; i < c->n_kinds; i++) {
        if (strcmp(c->kinds[i], kind) == 0) {
            return false;
        }
    }
    if (c->n_kinds == SLD_KINDS_MAX) {
        return false; /* enough: a user with so many warnings reads the logs */
    }
    memcpy(c->kinds[c->n_kinds++], kind, sizeof kind);
    return true;
}

static void pass_on(coordinator *c, const attempt *a, const char *text)
{
    char shown[LINE_BYTES];

    if (is_new(c, text)) {
        sld_log(c->ctx, SLD_LOG_WARN, "%s (%s): %s", sld_grid_point(c->grid, a->point)->arm,
                sld_grid_point(c->grid, a->point)->id,
                sld_text_printable(text, shown, sizeof shown));
    }
}

void sld_attempt_pass_on(coordinator *c, attempt *a)
{
    char  line[LINE_BYTES];
    FILE *file = sld_file_stream(a->log);
    bool  more = file && fseek(file, a->log_read, SEEK_SET) == 0;

    while (more && fgets(line, sizeof line, file)) {
        const char *text = strstr(line, "Z warning: ");
        more = strlen(line) + 1 == sizeof line || strchr(line, '\n'); /* false: half written */
        a->log_read = more ? ftell(file) : a->log_read;
        if (more && text && text - line == 19) { /* just after the time stamp */
            line[strcspn(line, "\n")] = '\0';
            pass_on(c, a, text + strlen("Z warning: "));
        }
    }
    if (file) {
        fclose(file);
    }
}
