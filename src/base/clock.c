/* clock.c: elapsed seconds, and dates as text. */
#include <stdio.h>
#include <time.h>

#include "sld/base.h"

double sld_clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void sld_clock_utc_of(int64_t seconds, char text[32])
{
    const time_t t = (time_t)seconds;
    struct tm    tm;
    gmtime_r(&t, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void sld_clock_span(double seconds, char text[32])
{
    const long long s = seconds > 0 && seconds < 1e12 ? (long long)seconds : 0;

    snprintf(text, 32, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

void sld_clock_utc(char text[32])
{
    sld_clock_utc_of(time(NULL), text);
}
