/* path.c: paths that are none to the system but to a shell or a browser: ~, $NAME, file://. Taken as they
 * stand they make a folder called ~ where sld is started. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sld/base.h"

/* Whether the first n bytes of path are there: then they are a name like any other. */
static bool is_there(const char *path, size_t n)
{
    char        part[PATH_MAX];
    struct stat info;

    return snprintf(part, sizeof part, "%.*s", (int)n, path) < (int)sizeof part &&
           lstat(part, &info) == 0;
}

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '{';
}

/* The variable of a shell in path; NULL: none. *n: bytes up to the end of that folder or file. */
static const char *variable_in(const char *path, size_t *n)
{
    for (const char *at = strchr(path, '$'); at; at = strchr(at + 1, '$')) {
        *n = (size_t)(at - path) + strcspn(at, "/");
        if (begins_name(at[1]) && !is_there(path, *n)) {
            return at;
        }
    }
    return NULL;
}

/* Bytes of "file:" in front of "//"; 0: none. */
static size_t scheme_of(const char *path)
{
    size_t n = 0;

    while (isalnum((unsigned char)path[n]) || (n > 0 && strchr("+-.", path[n]) && path[n])) {
        n++;
    }
    return n > 0 && strncmp(path + n, "://", 3) == 0 ? n + 1 : 0;
}

static void advise_home(const char *path, char why[SLD_PATH_WHY_BYTES])
{
    const char *home = path[1] == '/' || path[1] == '\0' ? getenv("HOME") : NULL;

    snprintf(why, SLD_PATH_WHY_BYTES,
             "expected a path, got %.80s: only a shell puts a home folder for ~; write the whole "
             "path%s%.60s%.60s",
             path, home ? ": " : "", home ? home : "", home ? path + 1 : "");
}

bool sld_path_is_odd(const char *path, char why[SLD_PATH_WHY_BYTES])
{
    size_t       n      = strcspn(path, "/");
    const size_t scheme = scheme_of(path);

    if (path[0] == '~' && (path[n] == '/' || n == 1) && !is_there(path, n)) {
        advise_home(path, why);
        return true;
    }
    if (scheme > 0 && !is_there(path, scheme)) {
        snprintf(why, SLD_PATH_WHY_BYTES,
                 "expected a path, got %.80s; write it without %.*s//%s%.80s", path, (int)scheme,
                 path, strncmp(path, "file:///", 8) == 0 ? ": " : "; sld reads local files",
                 strncmp(path, "file:///", 8) == 0 ? path + 7 : "");
        return true;
    }
    const char *variable = variable_in(path, &n);
    if (variable) {
        snprintf(why, SLD_PATH_WHY_BYTES,
                 "expected a path, got %.80s: only a shell puts a value for %.*s; write the value, "
                 "or let the shell do it, without single quotes",
                 path,
                 (int)strspn(variable,
                             "${}_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                 variable);
        return true;
    }
    return false;
}

sld_status sld_path_check(sld_ctx *ctx, const char *option, const char *path)
{
    char why[SLD_PATH_WHY_BYTES];

    return path && sld_path_is_odd(path, why) ? SLD_FAIL(ctx, SLD_ERR_CONFIG, "%s: %s", option, why)
                                              : SLD_OK;
}
