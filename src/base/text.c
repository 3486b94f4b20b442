/* text.c: finds the nearest word for suggestions in errors; plurals; quotes words for a shell. */
#include <ctype.h>
#include <string.h>

#include "sld/base.h"

#define LONGEST 64

/* Edit distance with adjacent transpositions (optimal string alignment). A word longer than LONGEST
 * counts as far from every other. */
static size_t distance(const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b);
    size_t       rows[3][LONGEST + 1];

    if (na > LONGEST || nb > LONGEST) {
        return 2 * LONGEST;
    }
    for (size_t j = 0; j <= nb; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t       *now = rows[i % 3];
        const size_t *one = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const int same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            const size_t swap = one[j - 1] + !same, drop = one[j] + 1, add = now[j - 1] + 1;

            now[j] = swap < drop ? swap : drop;
            now[j] = now[j] < add ? now[j] : add;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two[j - 2] + 1 < now[j]) {
                now[j] = two[j - 2] + 1;
            }
        }
    }
    return rows[na % 3][nb];
}

int sld_text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const size_t limit = strlen(word) / 3 + 1; /* a suggestion further off is noise */
    size_t       best  = limit + 1;
    int          index = -1;

    for (size_t i = 0; i < n; i++) {
        const size_t d = distance(word, candidates[i]);
        if (d < best) {
            best  = d;
            index = (int)i;
        }
    }
    return index;
}

static bool stands_before(const char *const *candidates, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(candidates[k], candidates[i]) == 0) {
            return true;
        }
    }
    return false;
}

char *sld_text_choices(const char *word, const char *const *candidates, size_t n,
                       char out[SLD_CHOICES_BYTES])
{
    enum { DOTS = sizeof ", ..." };
    const int nearest = sld_text_nearest(word, candidates, n);
    size_t    used    = 0;

    out[0] = '\0';
    if (nearest >= 0) {
        snprintf(out, SLD_CHOICES_BYTES, "; nearest: %s", candidates[nearest]);
        return out;
    }
    for (size_t i = 0; i < n; i++) {
        const char *before = used ? ", " : "; choose from ";
        if (stands_before(candidates, i)) {
            continue;
        }
        if (used + strlen(before) + strlen(candidates[i]) + DOTS > SLD_CHOICES_BYTES) {
            snprintf(out + used, SLD_CHOICES_BYTES - used, "%s", used ? ", ..." : "");
            break;
        }
        used +=
            (size_t)snprintf(out + used, SLD_CHOICES_BYTES - used, "%s%s", before, candidates[i]);
    }
    return out;
}

const char *sld_text_plural(long long n)
{
    return n == 1 ? "" : "s";
}

void sld_text_quote(FILE *to, const char *word)
{
    if (*word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-./=,:+@%") == strlen(word)) {
        fputs(word, to);
        return;
    }
    putc('\'', to);
    for (; *word; word++) {
        if (*word == '\'') {
            fputs("'\\''", to);
        } else {
            putc(*word, to);
        }
    }
    putc('\'', to);
}

void sld_text_quote_yaml(FILE *to, const char *text)
{
    fputc('"', to);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            fputc('\\', to);
        }
        fputc(*c, to);
    }
    fputc('"', to);
}
