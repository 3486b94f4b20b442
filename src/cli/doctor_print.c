/* doctor_print.c: prints the reports of all ranks together: an equal finding once, a different one
 * with the ranks that have it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "sld/base_json.h"

static const char *const verdicts[] = {"ok", "warn", "bad"};

static const sld_finding *find(const sld_doctor_report *r, const char *what)
{
    for (int i = 0; i < r->n; i++) {
        if (strcmp(r->list[i].what, what) == 0) {
            return &r->list[i];
        }
    }
    return NULL;
}

/* Whether the report has a finding equal to f. */
static bool has(const sld_doctor_report *r, const sld_finding *f)
{
    const sld_finding *mine = find(r, f->what);
    return mine && strcmp(mine->found, f->found) == 0 && mine->verdict == f->verdict;
}

/* text: the ranks that have finding f, such as "0-2,5"; "" if all have it. */
static void name_ranks(const sld_doctor_report *reports, int n, const sld_finding *f, char *text,
                       size_t bytes)
{
    size_t at     = 0;
    int    having = 0;

    text[0] = '\0';
    for (int i = 0; i < n && at < bytes; i++) {
        if (!has(&reports[i], f)) {
            continue;
        }
        int last = i;
        while (last + 1 < n && has(&reports[last + 1], f)) {
            last++;
        }
        at += (size_t)snprintf(text + at, bytes - at, last > i ? "%s%d-%d" : "%s%d", at ? "," : "",
                               i, last);
        having += last - i + 1;
        i = last;
    }
    if (having == n) {
        text[0] = '\0';
    }
}

/* Appends the machines of those ranks, ", on n1 n2", if the ranks run on several machines. */
static void name_machines(const sld_doctor_report *reports, int n, const sld_finding *f, char *text,
                          size_t bytes)
{
    bool   several = false;
    size_t at      = strlen(text);

    for (int i = 1; i < n; i++) {
        several |= reports[i].node_rank == 0;
    }
    for (int i = 0, last = -1; several && i < n && at < bytes; i++) {
        if (has(&reports[i], f) && (last < 0 || strcmp(reports[i].host, reports[last].host) != 0)) {
            at += (size_t)snprintf(text + at, bytes - at, "%s%s", last < 0 ? ", on " : " ",
                                   reports[i].host);
            last = i;
        }
    }
}

/* How many ranks have a finding of this name. The folder has 1: only rank 0 checks it. */
static int count_finders(const sld_doctor_report *reports, int n, const char *what)
{
    int finders = 0;
    for (int i = 0; i < n; i++) {
        finders += find(&reports[i], what) != NULL;
    }
    return finders;
}

typedef struct printer {
    const sld_doctor_report *reports;
    int                      n, counts[3];
    bool                     json;
    sld_json                 document; /* used if json is set */
} printer;

static void print_json(printer *p, const sld_finding *f, const char *ranks)
{
    const char *const names[]  = {"verdict", "what", "found", "advice", "ranks"};
    const char *const values[] = {verdicts[f->verdict], f->what, f->found, f->advice, ranks};

    sld_json_line(&p->document);
    sld_json_object(&p->document, NULL);
    for (int i = 0; i < 5; i++) {
        sld_json_text(&p->document, names[i], values[i]);
    }
    sld_json_end(&p->document);
}

/* Prints text in lines of `width` columns; lines after the first are indented. */
static void print_wrapped(const char *text, int indent, int width)
{
    int column = 0;

    while (*text) {
        const int word = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + word > width - indent) {
            printf("\n%*s", indent, "");
            column = 0;
        }
        printf("%s%.*s", column ? " " : "", word, text);
        column += word + (column ? 1 : 0);
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_text(const printer *p, const sld_finding *f, const char *ranks)
{
    enum { INDENT = 25, WIDTH = 100 };
    char line[400];

    printf("  %-4s  %-16s ", verdicts[f->verdict], f->what);
    snprintf(line, sizeof line, "%s%s%s%s", f->found, ranks[0] ? " (rank " : "", ranks,
             ranks[0] ? ")" : "");
    print_wrapped(line, INDENT, WIDTH);
    if (f->advice[0]) {
        snprintf(line, sizeof line, "-> %s", f->advice);
        printf("%*s", INDENT, "");
        print_wrapped(line, INDENT + 3, WIDTH);
    }
}

/* Prints finding f of rank r, unless an earlier rank has an equal one. */
static void print_finding(printer *p, int r, const sld_finding *f)
{
    char        ranks[160];
    sld_finding shown = *f;

    for (int i = 0; i < r; i++) {
        if (has(&p->reports[i], f)) {
            return;
        }
    }
    name_ranks(p->reports, p->n, f, ranks, sizeof ranks);
    if (ranks[0]) {
        name_machines(p->reports, p->n, f, ranks, sizeof ranks);
    }
    if (count_finders(p->reports, p->n, f->what) < 2) {
        ranks[0] = '\0';
    } else if (ranks[0] && !f->own) {
        sld_finding_advise(&shown, SLD_WARN,
                           "the ranks differ in this: give them the same machines and the same "
                           "installation, or pin it (parallel.isa)");
    }
    p->counts[shown.verdict]++;
    if (p->json) {
        print_json(p, &shown, ranks);
    } else {
        print_text(p, &shown, ranks);
    }
}

/* Prints all findings in the order of rank 0; those that only other ranks have follow. */
static void print_findings(printer *p)
{
    for (int r = 0; r < p->n; r++) {
        for (int i = 0; i < p->reports[r].n; i++) {
            const char *what    = p->reports[r].list[i].what;
            bool        printed = false;
            for (int before = 0; before < r && !printed; before++) {
                printed = find(&p->reports[before], what) != NULL;
            }
            for (int other = r; other < p->n && !printed; other++) {
                const sld_finding *f = find(&p->reports[other], what);
                if (f) {
                    print_finding(p, other, f);
                }
            }
        }
    }
}

sld_verdict sld_doctor_print(const sld_doctor_report *reports, int n, const char *folder, bool json)
{
    printer p = {.reports = reports, .n = n, .json = json, .document = sld_json_begin(stdout)};
    int     machines = 0;

    for (int i = 0; i < n; i++) {
        machines += reports[i].node_rank == 0;
    }
    if (json) {
        sld_json_object(&p.document, NULL);
        sld_json_whole(&p.document, "ranks", n);
        sld_json_whole(&p.document, "machines", machines);
        sld_json_text(&p.document, "folder", folder);
        sld_json_list(&p.document, "findings");
    } else {
        printf("sld doctor: %d rank%s on %d machine%s\n\n", n, sld_text_plural(n), machines,
               sld_text_plural(machines));
    }
    print_findings(&p);
    if (json) {
        sld_json_line(&p.document);
        sld_json_end(&p.document);
        for (int i = 0; i < 3; i++) {
            sld_json_whole(&p.document, verdicts[i], p.counts[i]);
        }
        sld_json_end(&p.document);
    } else {
        printf("\n%d ok, %d to look at, %d bad\n", p.counts[0], p.counts[1], p.counts[2]);
    }
    return p.counts[SLD_BAD] ? SLD_BAD : p.counts[SLD_WARN] ? SLD_WARN : SLD_FINE;
}
