/* doctor_report.c: adds findings to a report, and reads one-line files. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

sld_finding *sld_doctor_add(sld_doctor_report *r, const char *what, const char *format, ...)
{
    sld_finding *f = &r->list[r->n < SLD_FINDINGS ? r->n++ : SLD_FINDINGS - 1];
    va_list      args;

    memset(f, 0, sizeof *f);
    snprintf(f->what, sizeof f->what, "%s", what);
    va_start(args, format);
    vsnprintf(f->found, sizeof f->found, format, args);
    va_end(args);
    return f;
}

void sld_finding_advise(sld_finding *f, sld_verdict verdict, const char *format, ...)
{
    va_list args;

    if (verdict < f->verdict || (verdict == f->verdict && f->advice[0])) {
        return; /* keep the first advice of the worst verdict */
    }
    f->verdict = verdict;
    va_start(args, format);
    vsnprintf(f->advice, sizeof f->advice, format, args);
    va_end(args);
}

bool sld_read_line(const char *path, char *line, size_t n)
{
    FILE *file = fopen(path, "r");
    line[0]    = '\0';
    if (!file) {
        return false;
    }
    const bool got = fgets(line, (int)n, file) != NULL;
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return got;
}
