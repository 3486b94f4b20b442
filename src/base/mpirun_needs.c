/* mpirun_needs.c: provides what mpirun needs and some containers lack: a folder for its session
 * files, and a network interface. */
#define _GNU_SOURCE /* struct ifreq */
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sld/base.h"
#include "sld/base_process.h"

/* Whether a file of 4 kB can be written in the folder. */
static bool has_room(const char *folder)
{
    char       path[4096];
    const char page[4096] = {0};

    if (snprintf(path, sizeof path, "%s/sld-XXXXXX", folder) >= (int)sizeof path) {
        return false;
    }
    const int fd = mkstemp(path);
    if (fd < 0) {
        return false;
    }
    const bool wrote = write(fd, page, sizeof page) == (ssize_t)sizeof page;
    unlink(path);
    return close(fd) == 0 && wrote;
}

void sld_process_find_session_folder(sld_ctx *ctx)
{
    static const char *const others[] = {"/dev/shm", "/var/tmp", "/tmp", "."};
    const char              *given    = getenv("TMPDIR");
    const char              *usual    = given && *given ? given : "/tmp";

    if (has_room(usual)) {
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(others[i], usual) != 0 && has_room(others[i])) {
            sld_log(ctx, SLD_LOG_WARN,
                    "%s%s: cannot be written or is full; MPI's session files go to %s instead",
                    given && *given ? "TMPDIR " : "", usual, others[i]);
            setenv("OMPI_MCA_orte_tmpdir_base", others[i], 0);
            setenv("PRTE_MCA_prte_tmpdir_base", others[i], 0);
            setenv("TMPDIR", others[i], 1);
            return;
        }
    }
}

static bool is_up(void)
{
    struct ifaddrs *all = NULL;
    bool            up  = false;

    if (getifaddrs(&all) != 0) {
        return true; /* unknown: let mpirun find out */
    }
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        up |= (i->ifa_flags & IFF_UP) && i->ifa_addr &&
              (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6);
    }
    freeifaddrs(all);
    return up;
}

bool sld_process_has_network(sld_ctx *ctx)
{
    struct ifreq lo = {.ifr_name = "lo"};

    if (is_up()) {
        return true;
    }
    const int  fd   = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool read = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0;

    lo.ifr_flags |= IFF_UP;
    const bool set = read && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (set) {
        sld_log(ctx, SLD_LOG_INFO, "no network interface was up: lo is now, for mpirun");
    }
    return set;
}
