/* What ranks do at the same time on the pages that they share, and beside the threads that watch
 * for stalls. Under ThreadSanitizer (preset tsan) any access without order fails the test.
 *
 *     test_tsan_ranks            all is in order
 *     test_tsan_ranks contrast   a rank reads a page before it is ready: ThreadSanitizer must say
 * so */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ranks.h"
#include "sld/data.h"

enum { STALLED = 70 };

static void never(sld_ctx *ctx, const char *message)
{
    REQUIRE(!"a stall");
}

/* The watching threads look at all pulses a few times, while the ranks enter phases, log with and
 * without a file, show a progress line and agree. */
static void work_watched(sld_ctx *ctx, sld_comm *comm)
{
    const sld_watchdog_params params = {.limit_s = 6.0, .setting = "test", .stalled = never};
    const double              end_s  = sld_clock_s() + 1.0; /* three looks */
    int                       over   = 0;

    ctx->log_level = SLD_LOG_ERROR;
    REQUIRE(sld_comm_watchdog(ctx, comm, &params) == SLD_OK);
    while (!over) {
        FILE *file = tmpfile();

        REQUIRE(file);
        sld_log_to(ctx, file);
        atomic_store(&ctx->live_line, true);
        sld_log(ctx, SLD_LOG_INFO, "the level leaves it out");
        for (int i = 0; i < 100; i++) {
            sld_enter(ctx, (sld_phase)(i % SLD_PHASE_COUNT));
        }
        sld_log_to(ctx, NULL);
        fclose(file);
        usleep(2000);
        over = sld_clock_s() >= end_s;
        REQUIRE(sld_agree_request(ctx, comm, SLD_OK, &over) == SLD_OK);
    }
    sld_watchdog_leave(comm->watchdog);
    sld_watchdog_destroy(comm->watchdog);
}

/* One rank decodes the set; all hash what they see of it. */
static void read_set(sld_ctx *ctx, sld_comm *comm)
{
    sld_data_params params = {.format = "synthetic", .synth = sld_synth_default()};
    sld_dataset    *set    = NULL;
    sld_sha256      sha;
    char            hex[65];
    bool            same = false;

    params.synth.n_train = 40;
    params.synth.n_test  = 20;
    REQUIRE(sld_dataset_open(ctx, comm, &params, &set) == SLD_OK);
    sld_sha256_init(&sha);
    sld_sha256_add(&sha, set->train.pixels, set->train.n * set->H * set->W * set->C);
    sld_sha256_add(&sha, set->test.labels, set->test.n * sizeof *set->test.labels);
    sld_sha256_add(&sha, set->class_names[0], strlen(set->class_names[0]));
    sld_sha256_hex(&sha, hex);
    REQUIRE(sld_comm_same(ctx, comm, hex, sizeof hex, &same) == SLD_OK && same);
    sld_dataset_close(set);
}

/* A page that is written anew for each epoch, as the teacher's rows are: nobody writes before all
 * have agreed, nobody reads before it is ready. With a contrast the second rule is broken. */
static bool contrast;

static void write_by_turns(sld_ctx *ctx, sld_comm *comm)
{
    enum { N = 1000, EPOCHS = 3 };
    sld_shared *shared = NULL;

    REQUIRE(sld_shared_create(ctx, comm, N * sizeof(float), &shared) == SLD_OK);
    float *rows = sld_shared_ptr(shared);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        const sld_range mine = sld_comm_share(comm, N, 1);
        volatile float  sum  = 0.0f; /* is computed also where nobody looks at it */

        REQUIRE(sld_agree(ctx, comm, SLD_OK) == SLD_OK);
        for (size_t i = mine.begin; i < mine.end; i++) {
            rows[i] = (float)epoch;
        }
        if (!contrast) {
            REQUIRE(sld_shared_ready(ctx, comm, shared) == SLD_OK);
        }
        for (size_t i = 0; i < N; i++) {
            sum = sum + rows[i];
        }
        REQUIRE(contrast || sum == (float)(N * epoch)); /* whole numbers under 2^24: exact */
    }
    sld_shared_destroy(shared);
}

/* ---- a stall, while the main thread is about to change what the last message needs ---- */

static atomic_int turns;

static void leave(sld_ctx *ctx, const char *message)
{
    REQUIRE(message);
    sld_log_last(ctx, message);
    const int before = atomic_load(&turns);
    usleep(100000);
    /* The turn that had begun may end; after it the main thread waits in sld_log_to(). */
    _exit(atomic_load(&turns) - before <= 1 ? STALLED : 1);
}

/* Enters no phase, so that it counts as stalled, but goes on opening and closing its log file. */
static void stall(void)
{
    const sld_watchdog_params params = {.limit_s = 0.2, .setting = "test", .stalled = leave};
    sld_ctx                   ctx;
    sld_comm                 *comm = NULL;

    sld_ctx_init(&ctx);
    REQUIRE(sld_comm_alone(&ctx, &comm) == SLD_OK);
    REQUIRE(sld_comm_watchdog(&ctx, comm, &params) == SLD_OK);
    for (;;) {
        FILE *file = fopen("/dev/null", "a");

        REQUIRE(file);
        sld_log_to(&ctx, file);
        atomic_store(&ctx.live_line, true);
        sld_log_to(&ctx, NULL);
        fclose(file);
        atomic_fetch_add(&turns, 1);
    }
}

static void stall_in_child(void)
{
    int         status = 0;
    const pid_t child  = fork();

    REQUIRE(child >= 0);
    if (child == 0) {
        stall();
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == STALLED);
}

int main(int argc, char **argv)
{
    contrast = argc > 1 && strcmp(argv[1], "contrast") == 0;
    if (!contrast) {
        stall_in_child(); /* first: this process has one thread yet */
        ranks_run(work_watched);
        ranks_run(read_set);
    }
    ranks_run(write_by_turns);
    return 0;
}
