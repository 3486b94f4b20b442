/* link.c: a link of a given rate and delay between two network namespaces, for kernels without netem.
 *
 *     link PID PID MICROSECONDS GBIT     a process in each namespace; the same rate in both directions
 *
 * Each namespace gets an interface link0 (10.78.0.1 and 10.78.0.2) whose packets this program carries. A packet of n bytes leaves
 * after those before it, takes n / rate, and arrives after the delay: it waits in a queue until then. The interfaces take packets
 * of 64 kB, so that 10 Gbit/s are 20 thousand packets a second; nothing is lost, and a sender that is ahead by more than BACKLOG
 * waits. From READY on stdout to SIGTERM it works, then it prints one line of JSON: packets, bytes, how much later than due they
 * arrived (the median, nine of ten, the last of a hundred), and the CPU time that all this took. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    PACKET   = 65535,
    QUEUE    = 4096,    /* packets on their way in one direction; a power of two */
    SPIN_NS  = 40000,   /* before a packet is due the clock is watched instead of slept on */
    BACKLOG  = 2000000, /* bytes that may wait for the wire */
    BUCKET   = 1000,    /* ns; lateness is counted in steps of it */
    BUCKETS  = 1 << 16,
    SENTINEL = -1
};

typedef struct packet {
    int64_t due_ns;
    size_t  n;
    char   *bytes; /* PACKET of them */
} packet;

typedef struct direction {
    int      from, to;     /* interfaces */
    int64_t  wire_free_ns; /* when the last packet has left */
    uint64_t head, tail;   /* of the queue; head is the next to arrive */
    packet   queue[QUEUE];
} direction;

static double                delay_ns, ns_per_byte;
static uint64_t              packets, bytes_carried, late[BUCKETS];
static volatile sig_atomic_t stop;

static void on_stop(int signal)
{
    stop = 1;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "link: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* An interface of the network namespace of this process, up, with its address. */
static int open_interface(const char *pid, int host)
{
    char         text[128];
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

    snprintf(text, sizeof text, "/proc/%s/ns/net", pid);
    const int space = open(text, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) {
        fail(text);
    }
    close(space);
    const int interface = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    strcpy(request.ifr_name, "link0");
    if (interface < 0 || ioctl(interface, TUNSETIFF, &request) != 0) {
        fail("/dev/net/tun");
    }
    snprintf(text, sizeof text,
             "ip address add 10.78.0.%d/24 dev link0 && ip link set link0 mtu %d up", host,
             PACKET - 15);
    if (system(text) != 0) {
        fail(text);
    }
    return interface;
}

/* Takes what the sender has, as long as the wire and the queue have room. True when there was something. */
static int take(direction *d)
{
    int any = 0;

    while (d->tail - d->head < QUEUE) {
        const int64_t now = now_ns(CLOCK_MONOTONIC);
        if ((double)(d->wire_free_ns - now) > BACKLOG * ns_per_byte) {
            break;
        }
        packet *p = &d->queue[d->tail % QUEUE];
        if (!p->bytes && !(p->bytes = malloc(PACKET))) {
            fail("memory");
        }
        const ssize_t n = read(d->from, p->bytes, PACKET);
        if (n <= 0) {
            break;
        }
        p->n = (size_t)n;
        d->wire_free_ns =
            (d->wire_free_ns > now ? d->wire_free_ns : now) + (int64_t)((double)n * ns_per_byte);
        p->due_ns = d->wire_free_ns + (int64_t)delay_ns;
        d->tail++;
        any = 1;
    }
    return any;
}

/* Hands over what is due. */
static void give(direction *d)
{
    while (d->head != d->tail) {
        const packet *p      = &d->queue[d->head % QUEUE];
        const int64_t behind = now_ns(CLOCK_MONOTONIC) - p->due_ns;
        if (behind < 0) {
            break;
        }
        if (write(d->to, p->bytes, p->n) < 0 && errno == EAGAIN) {
            break;
        }
        late[behind / BUCKET < BUCKETS ? behind / BUCKET : BUCKETS - 1]++;
        packets++;
        bytes_carried += p->n;
        d->head++;
    }
}

/* Until a sender has something, or a little before the next packet is due; a full queue and a full wire do not listen. */
static void wait_for_work(direction d[2])
{
    struct pollfd interfaces[2];
    int64_t       next = INT64_MAX, now = now_ns(CLOCK_MONOTONIC);

    for (int i = 0; i < 2; i++) {
        const int64_t ahead = d[i].wire_free_ns - now;
        const int full = d[i].tail - d[i].head == QUEUE || (double)ahead > BACKLOG * ns_per_byte;
        interfaces[i]  = (struct pollfd){.fd = full ? SENTINEL : d[i].from, .events = POLLIN};
        if (d[i].head != d[i].tail && d[i].queue[d[i].head % QUEUE].due_ns < next) {
            next = d[i].queue[d[i].head % QUEUE].due_ns;
        }
    }
    if (next == INT64_MAX) {
        ppoll(interfaces, 2, &(struct timespec){.tv_nsec = 100000000}, NULL);
    } else if (next - now > SPIN_NS) {
        const int64_t ns = next - now - SPIN_NS;
        ppoll(interfaces, 2,
              &(struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}, NULL);
    }
}

/* Microseconds that this share of the packets did not exceed. */
static double quantile(double share)
{
    uint64_t sum = 0;
    int      i   = 0;

    while (i < BUCKETS - 1 && (double)(sum += late[i]) < share * (double)packets) {
        i++;
    }
    return i * BUCKET * 1e-3;
}

int main(int n_words, char **word)
{
    static direction ways[2];

    if (n_words != 5 || atof(word[3]) < 0 || !(atof(word[4]) > 0)) {
        fprintf(stderr, "usage: link PID PID MICROSECONDS GBIT\n");
        return 2;
    }
    delay_ns    = 1e3 * atof(word[3]);
    ns_per_byte = 8 / atof(word[4]);
    for (int i = 0; i < 2; i++) {
        ways[i].from = ways[1 - i].to = open_interface(word[1 + i], 1 + i);
    }
    const struct sigaction action = {.sa_handler = on_stop};
    sigaction(SIGTERM, &action, NULL);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    puts("READY");
    fflush(stdout);
    const int64_t begun = now_ns(CLOCK_MONOTONIC), used = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (!stop) {
        for (int i = 0; i < 2; i++) {
            give(&ways[i]);
            if (take(&ways[i])) {
                give(&ways[1 - i]);
            }
        }
        wait_for_work(ways);
    }
    printf("{\"packets\": %llu, \"bytes\": %llu, \"late_us\": [%.0f, %.0f, %.0f], \"cpu_s\": %.3f, "
           "\"wall_s\": %.3f}\n",
           (unsigned long long)packets, (unsigned long long)bytes_carried, quantile(0.5),
           quantile(0.9), quantile(0.99), 1e-9 * (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - used),
           1e-9 * (double)(now_ns(CLOCK_MONOTONIC) - begun));
    return 0;
}
