/* lacking_fs.c: a file system without locks or hard links, or one that some files cannot be opened on to
 * be read, for LD_PRELOAD. SLD_LACKS names what is missing, with the errno that the call then gives:
 * "flock=524 ofd=524 link=1 noreplace=22 read=24"; SLD_LACKS_OF: files whose paths have this in them. */
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

static int is_closed(const char *path, int flags)
{
    const char *of = getenv("SLD_LACKS_OF");

    errno = of && strstr(path, of) && (flags & O_ACCMODE) == O_RDONLY ? lacks("read=") : 0;
    return errno != 0;
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    va_list list;

    va_start(list, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return is_closed(path, flags) ? -1 : real(path, flags, mode);
}
