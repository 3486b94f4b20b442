/* lacking_fs.c: a file system without locks or hard links, for LD_PRELOAD. SLD_LACKS names what is
 * missing, with the errno that the call then gives: "flock=524 ofd=524 link=1 noreplace=22". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int lacks(const char *what)
{
    const char *text = getenv("SLD_LACKS"), *at = text ? strstr(text, what) : NULL;

    return at ? atoi(at + strlen(what)) : 0;
}

int flock(int fd, int operation)
{
    int (*real)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");

    errno = lacks("flock=");
    return errno ? -1 : real(fd, operation);
}

int link(const char *from, const char *to)
{
    int (*real)(const char *, const char *) =
        (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link");

    errno = lacks("link=");
    return errno ? -1 : real(from, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    int (*real)(int, const char *, int, const char *, unsigned) =
        (int (*)(int, const char *, int, const char *, unsigned))dlsym(RTLD_NEXT, "renameat2");

    errno = lacks("noreplace=");
    return errno ? -1 : real(from_dir, from, to_dir, to, flags);
}

static int control(const char *name, int fd, int command, void *argument)
{
    int (*real)(int, int, ...) = (int (*)(int, int, ...))dlsym(RTLD_NEXT, name);

    errno = command == F_OFD_SETLK ? lacks("ofd=") : 0;
    return errno ? -1 : real(fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
    va_list list;

    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return control("fcntl", fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list list;

    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return control("fcntl64", fd, command, argument);
}
