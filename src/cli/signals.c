/* signals.c: catches SIGTERM, SIGHUP, SIGINT and SIGUSR1, which ask the program to save everything
 * and stop. A second SIGINT ends it at once; the first one does not, whatever came before it. */
#include <signal.h>
#include <stddef.h>

#include "cli.h"

/* Global because a signal handler can reach nothing else. */
static volatile sig_atomic_t stop, interrupted;

static void on_signal(int number)
{
    if (interrupted && number == SIGINT) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    interrupted = interrupted || number == SIGINT;
    stop        = number;
}

void sld_signals_catch(void)
{
    static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGUSR1};
    struct sigaction action    = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t         set;

    sigemptyset(&action.sa_mask);
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* a sweep starts mpirun with some of them blocked */
}

const volatile sig_atomic_t *sld_signals_stop(void)
{
    return &stop;
}
