/* allocation_query.c: asks the batch system, by one command, when the job ends. */
#define _GNU_SOURCE /* pipe2, strptime, timegm */
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allocation.h"

#define ANSWER_TIMEOUT_S 20 /* a busy controller answers late; a job must not wait for ever */

/* Called in the child. */
static void become(const char *const *command, int out)
{
    const int null = open("/dev/null", O_RDWR);
    sigset_t  none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (null >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && dup2(null, 2) >= 0) {
        setenv("SLURM_TIME_FORMAT", "%s", 1); /* seconds since 1970 */
        setenv("LC_ALL", "C", 1);
        execvp(command[0], (char *const *)command);
    }
    _exit(127);
}

/* Reads until the pipe is closed or the buffer is full. False: the timeout passed. */
static bool read_all(int fd, char *text, size_t n)
{
    const double  end_s = sld_clock_s() + ANSWER_TIMEOUT_S;
    struct pollfd from  = {.fd = fd, .events = POLLIN};
    size_t        at    = 0;
    ssize_t       got   = 1;

    while (got > 0) {
        char         beyond[4096]; /* what text has no room for */
        const bool   full   = at + 1 == n;
        const double left_s = end_s - sld_clock_s();
        if (left_s <= 0 || poll(&from, 1, (int)(1000 * left_s) + 1) == 0) {
            got = -1;
        } else {
            got = read(fd, full ? beyond : text + at, full ? sizeof beyond : n - 1 - at);
            at += got > 0 && !full ? (size_t)got : 0;
        }
    }
    text[at] = '\0';
    return got >= 0;
}

void sld_ask(const char *const *command, char *answer, size_t n)
{
    int ends[2], status = 1;

    answer[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        become(command, ends[1]);
    }
    close(ends[1]);
    const bool whole = pid > 0 && read_all(ends[0], answer, n);
    close(ends[0]);
    if (pid > 0) {
        if (!whole) {
            kill(pid, SIGKILL);
        }
        waitpid(pid, &status, 0);
    }
    if (status != 0) {
        answer[0] = '\0';
    }
}

/* Returns the text that follows key; NULL if key does not occur. */
static const char *value_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at ? at + strlen(key) : NULL;
}

static void ask_slurm(sld_allocation *a)
{
    const char *const command[] = {"scontrol", "-o", "show", "job", a->job, NULL};
    char              text[8192];

    sld_ask(command, text, sizeof text);
    const char *job     = strstr(text, " JobState="); /* past the job's name, which may hold keys */
    const char *requeue = job ? value_of(job, " Requeue=") : NULL;
    const char *started = job ? value_of(job, " Restarts=") : NULL;
    const char *end     = job ? value_of(job, " EndTime=") : NULL;
    a->requeue          = requeue ? atoi(requeue) != 0 : a->requeue;
    a->restarts         = started ? atoi(started) : a->restarts;
    a->end_s            = end ? strtod(end, NULL) : 0; /* "Unknown": 0 */
}

/* Reads "01:30:00", "1:01:30:00" or a number of seconds; 0 if it is none of these. */
static double duration_s(const char *text)
{
    static const double units[] = {1, 60, 3600, 86400}; /* of the parts, from the last one on */
    double              part[sizeof units / sizeof *units], sum = 0;
    size_t              n = 0;
    char               *end;

    do {
        part[n++] = strtod(text, &end);
        if (end == text) {
            return 0;
        }
        text = end + 1;
    } while (*end == ':' && n < sizeof part / sizeof *part);
    for (size_t i = 0; i < n; i++) {
        sum += part[i] * units[n - 1 - i];
    }
    return *end == ':' ? 0 : sum;
}

/* In OpenPBS and Torque, stime is when the job started: local time in the form of ctime(3). */
static void ask_pbs(sld_allocation *a)
{
    const char *const command[] = {"qstat", "-f", a->job, NULL};
    char              text[16384];
    struct tm         when = {.tm_isdst = -1};

    sld_ask(command, text, sizeof text);
    const char *limit = value_of(text, "Resource_List.walltime = ");
    const char *start = value_of(text, "stime = ");
    const char *again = value_of(text, "Rerunable = ");
    a->requeue        = again ? strncmp(again, "True", 4) == 0 : a->requeue;
    if (limit && start && strptime(start, "%a %b %d %H:%M:%S %Y", &when)) {
        const double length = duration_s(limit);
        a->end_s            = length > 0 ? (double)mktime(&when) + length : 0;
    }
}

static void ask_flux(sld_allocation *a)
{
    static const char *const command[] = {"flux", "job", "timeleft", NULL};
    char                     text[64];
    char                    *end;

    sld_ask(command, text, sizeof text);
    const double left_s = strtod(text, &end);
    a->end_s            = /* Flux prints UINT32_MAX if there is no limit */
        end != text && left_s < UINT32_MAX ? (double)time(NULL) + left_s : 0;
}

void sld_allocation_ask(sld_allocation *a)
{
    if (a->scheduler == SLD_SCHEDULER_SLURM) {
        ask_slurm(a);
    } else if (a->scheduler == SLD_SCHEDULER_PBS) {
        ask_pbs(a);
    } else if (a->scheduler == SLD_SCHEDULER_FLUX) {
        ask_flux(a);
    }
}
