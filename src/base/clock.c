/* clock.c: elapsed seconds and the date. */
#include <stdio.h>
#include <time.h>

#include "sld/base.h"

double sld_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void sld_clock_utc(char text[32])
{
    const time_t now = time(NULL);
    struct tm    tm;
    gmtime_r(&now, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
