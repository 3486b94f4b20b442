/* signals.c: SIGTERM, SIGHUP, SIGINT and SIGUSR1 ask for a stop with everything saved; a second
 * SIGINT ends at once. */
#include <signal.h>
#include <stddef.h>

#include "cli.h"

static volatile sig_atomic_t
    stop; /* the one piece of global state: a handler has no other way to speak */

static void on_signal(int number)
{
    if (stop && number == SIGINT) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    stop = number;
}

void sld_signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

const volatile sig_atomic_t *sld_signals_stop(void)
{
    return &stop;
}
