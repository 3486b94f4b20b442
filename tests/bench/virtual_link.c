/* virtual_link.c: preloaded into the ranks of sld bench, it gives them a clock on which the ranks are alone, one on each machine,
 * and a network of a given latency and rate joins them: SLD_VIRTUAL_LINK="MICROSECONDS GBIT". It needs neither the machines nor an
 * idle computer, nor as many cores as ranks.
 *
 * A rank's clock advances by the CPU time of its thread. MPI's own work stops the clock. A message leaves a rank after those
 * before it, takes n / rate, and arrives after the latency; its time of arrival travels along in a message of its own. Who
 * waits for a message has his clock set to that time; who tests for one is told that it has come when his clock has got there, so
 * that what sld computes while it waits is the same as on such a network. A collective operation ends on all ranks at the latest of
 * their clocks and log2(ranks) messages.
 *
 * It knows the calls that sld makes in a step: some exchanges at a time, each of at most one message each way. What it leaves out:
 * the CPU time of the protocol stack, and the contention of several flows in the network. */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLL_S 1e-6 /* what a test for a message that is not there costs */

static _Thread_local int ours;               /* the thread that called MPI_Init_thread */
static int               inside;             /* of MPI: the clock stands */
static double            clock_s, counted_s; /* this rank's clock; the CPU time that is in it */
static double            latency_s, s_per_byte, wire_free_s;
static MPI_Comm          stamps = MPI_COMM_NULL;

/* A message under way, found by where its request is. */
typedef struct {
    const MPI_Request *request; /* NULL: free */
    int    peer, tag; /* of one to be received, until its time has come; else peer is -1 */
    double due_s;     /* on the clock */
} message;
enum { MESSAGES = 16 };
static message under_way[MESSAGES];

static message *find(const MPI_Request *request)
{
    for (message *m = under_way; m < under_way + MESSAGES; m++) {
        if (m->request == request) {
            return m;
        }
    }
    return NULL;
}

static void remember(const MPI_Request *request, int peer, int tag, double due_s)
{
    message *m = find(NULL);

    if (!m) {
        fprintf(stderr, "virtual_link: more than %d messages under way\n", MESSAGES);
        exit(2);
    }
    *m = (message){request, peer, tag, due_s};
}

static double read_s(clockid_t id)
{
    struct timespec t;

    syscall(SYS_clock_gettime, id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What was computed since the last call counts; from here on nothing does. */
static void enter(void)
{
    if (inside++ == 0) {
        clock_s += read_s(CLOCK_THREAD_CPUTIME_ID) - counted_s;
    }
}

static int leave(int code)
{
    if (--inside == 0) {
        counted_s = read_s(CLOCK_THREAD_CPUTIME_ID);
    }
    return code;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (!ours || inside || id != CLOCK_MONOTONIC) {
        return (int)syscall(SYS_clock_gettime, id, out);
    }
    enter();
    leave(0);
    out->tv_sec  = (time_t)clock_s;
    out->tv_nsec = (long)((clock_s - (double)out->tv_sec) * 1e9);
    return 0;
}

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *got)
{
    const char *text = getenv("SLD_VIRTUAL_LINK");
    double      us, gigabits;

    if (!text || sscanf(text, "%lf %lf", &us, &gigabits) != 2 || us < 0 || gigabits <= 0) {
        fprintf(stderr, "virtual_link: SLD_VIRTUAL_LINK: expected microseconds and Gbit/s\n");
        exit(2);
    }
    latency_s      = us * 1e-6;
    s_per_byte     = 8e-9 / gigabits;
    const int code = PMPI_Init_thread(argc, argv, wanted, got);
    PMPI_Comm_dup(MPI_COMM_WORLD, &stamps);
    clock_s   = read_s(CLOCK_MONOTONIC);
    counted_s = read_s(CLOCK_THREAD_CPUTIME_ID);
    ours      = 1;
    return code;
}

/* Each rank has a machine of its own. */
int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *out)
{
    return PMPI_Comm_split_type(type == MPI_COMM_TYPE_SHARED ? MPI_COMM_SELF : comm, type, key,
                                info, out);
}

int MPI_Irecv(void *buffer, int n, MPI_Datatype type, int source, int tag, MPI_Comm comm,
              MPI_Request *out)
{
    enter();
    remember(out, source, tag, 0);
    return leave(PMPI_Irecv(buffer, n, type, source, tag, comm, out));
}

int MPI_Isend(const void *buffer, int n, MPI_Datatype type, int peer, int tag, MPI_Comm comm,
              MPI_Request *out)
{
    int bytes;

    enter();
    PMPI_Type_size(type, &bytes);
    wire_free_s = (wire_free_s > clock_s ? wire_free_s : clock_s) + (double)bytes * n * s_per_byte;
    remember(out, -1, tag, wire_free_s);
    double    stamp = wire_free_s + latency_s;
    const int code  = PMPI_Isend(buffer, n, type, peer, tag, comm, out);
    PMPI_Send(&stamp, 1, MPI_DOUBLE, peer, tag, stamps);
    return leave(code);
}

/* In truth these messages are through when this returns; *due_s: when they are on the clock. It sleeps, for ranks may share a core. */
static int finish(int n, MPI_Request *requests, MPI_Status *statuses, double *due_s)
{
    const struct timespec moment = {.tv_nsec = 50000};
    int                   code, through = 0;

    while ((code = PMPI_Testall(n, requests, &through, statuses)) == MPI_SUCCESS && !through) {
        nanosleep(&moment, NULL);
    }
    *due_s = 0;
    for (int i = 0; i < n; i++) {
        message *m = find(&requests[i]);
        if (m && m->peer >= 0) {
            PMPI_Recv(&m->due_s, 1, MPI_DOUBLE, m->peer, m->tag, stamps, MPI_STATUS_IGNORE);
            m->peer = -1;
        }
        *due_s = m && m->due_s > *due_s ? m->due_s : *due_s;
    }
    return code;
}

static void forget(int n, const MPI_Request *requests)
{
    for (int i = 0; i < n; i++) {
        message *m = find(&requests[i]);
        if (m) {
            m->request = NULL;
        }
    }
}

int MPI_Testall(int n, MPI_Request *requests, int *through, MPI_Status *statuses)
{
    double due_s;

    enter();
    const int code = finish(n, requests, statuses, &due_s);
    *through       = clock_s >= due_s;
    if (*through) {
        forget(n, requests);
    } else {
        clock_s += POLL_S;
    }
    return leave(code);
}

int MPI_Waitall(int n, MPI_Request *requests, MPI_Status *statuses)
{
    double due_s;

    enter();
    const int code = finish(n, requests, statuses, &due_s);
    clock_s        = due_s > clock_s ? due_s : clock_s;
    forget(n, requests);
    return leave(code);
}

/* All clocks are the latest one, and later by the messages of a collective operation of so many bytes. */
static void meet(MPI_Comm comm, int n, MPI_Datatype type)
{
    int bytes, size, distances = 0;

    PMPI_Type_size(type, &bytes);
    PMPI_Comm_size(comm, &size);
    while (1 << distances < size) {
        distances++;
    }
    PMPI_Allreduce(MPI_IN_PLACE, &clock_s, 1, MPI_DOUBLE, MPI_MAX, comm);
    clock_s += distances * (latency_s + (double)bytes * n * s_per_byte);
}

int MPI_Allreduce(const void *in, void *out, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
    enter();
    meet(comm, n, type);
    return leave(PMPI_Allreduce(in, out, n, type, op, comm));
}

int MPI_Bcast(void *bytes, int n, MPI_Datatype type, int root, MPI_Comm comm)
{
    enter();
    meet(comm, n, type);
    return leave(PMPI_Bcast(bytes, n, type, root, comm));
}

int MPI_Barrier(MPI_Comm comm)
{
    enter();
    meet(comm, 0, MPI_BYTE);
    return leave(PMPI_Barrier(comm));
}
