/* progress.c: what a person sees of a trial: one line per event, on a terminal a live line too. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "parts.h"

/* Seconds to the end at the pace of this attempt. */
static double remaining(const sld_trial *t)
{
    const int64_t per_epoch = sld_loader_steps(t->setup.loader);
    const int64_t done      = (t->state.at.epoch - 1) * per_epoch + t->state.at.step;
    const int64_t left      = t->setup.opt->train.epochs * per_epoch - done;

    return (sld_clock_s() - t->attempt.start_s) /
           (double)(t->attempt.steps ? t->attempt.steps : 1) * (double)left;
}

/* Under mpirun stderr is a pipe to the launcher: where the launcher's own stderr is a terminal, the
 * live line can go there. SLD_TERMINAL names one for launchers further away. */
static FILE *open_terminal(void)
{
    const char *named = getenv("SLD_TERMINAL"), *term = getenv("TERM");
    char        link[64], path[128];

    if (!term || strcmp(term, "dumb") == 0) {
        return NULL;
    }
    if (isatty(STDERR_FILENO)) {
        return fdopen(dup(STDERR_FILENO), "w");
    }
    snprintf(link, sizeof link, "/proc/%ld/fd/2", (long)getppid());
    const ssize_t n     = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (named || strncmp(path, "/dev/pts/", 9) == 0 || strncmp(path, "/dev/tty", 8) == 0) {
        const int fd = open(named ? named : path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0 && isatty(fd)) {
            return fdopen(fd, "w");
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return NULL;
}

void sld_trial_open_terminal(sld_trial *t)
{
    t->io.terminal = t->ctx->rank == 0 ? open_terminal() : NULL;
}

void sld_trial_close_terminal(sld_trial *t)
{
    if (t->io.terminal) {
        fclose(t->io.terminal);
    }
}

/* "ce 0.1 0.1, lts 0.9 0.9": weights on the weak and the strong view at their full height. */
static void describe_terms(const sld_trial *t, char *text, size_t n)
{
    const sld_objective *o     = sld_learner_objective(t->setup.learner);
    const int64_t        epoch = t->setup.opt->train.epochs;
    size_t               at    = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sld_objective_terms(o) && at < n; i++) {
        at += (size_t)snprintf(text + at, n - at, "%s%s %g weak %g strong", i ? ", " : "",
                               sld_objective_term_name(o, i),
                               sld_objective_weight(o, i, SLD_WEAK, epoch),
                               sld_objective_weight(o, i, SLD_STRONG, epoch));
    }
}

void sld_trial_announce(sld_trial *t)
{
    const sld_options *opt   = t->setup.opt;
    sld_ctx           *ctx   = t->ctx;
    const int          ranks = sld_comm_size(t->setup.comm);
    char               terms[256];

    sld_trial_beat(t, 0);
    sld_log(ctx, SLD_LOG_INFO, "trial %s in %s: %s, student %s%s%s, %s, seed %lld",
            t->setup.identity.id, t->io.dir, sld_config_word(opt, "method"), opt->student.network,
            t->setup.teacher.model || t->setup.teacher_files.sha[0] ? ", teacher " : "",
            t->setup.teacher.model          ? t->setup.teacher.info.network
            : t->setup.teacher_files.sha[0] ? "from files"
                                            : "",
            t->setup.set->name, (long long)opt->top.seed);
    describe_terms(t, terms, sizeof terms);
    sld_log(ctx, SLD_LOG_INFO, "weights in the last epoch: %s", terms);
    sld_log(
        ctx, SLD_LOG_INFO,
        "%zu training, %zu validation, %zu test samples; batch %lld in %lld shards on %d rank%s",
        t->setup.subset->n_train, t->setup.subset->n_val, t->setup.set->test.n,
        (long long)opt->train.batch, (long long)opt->parallel.shards, ranks,
        sld_text_plural(ranks));
    if (t->state.at.epoch > opt->train.epochs) {
        sld_log(ctx, SLD_LOG_INFO, "the trial is trained already; its results are written again");
    } else if (t->state.at.epoch > 1 || t->state.at.step > 0) {
        sld_log(ctx, SLD_LOG_INFO, "resumed at epoch %lld, step %lld", (long long)t->state.at.epoch,
                (long long)t->state.at.step);
    }
}

static void live_line(sld_trial *t, const char *text)
{
    struct winsize size;
    const int      width = ioctl(fileno(t->io.terminal), TIOCGWINSZ, &size) == 0 && size.ws_col > 1
                               ? size.ws_col - 1
                               : 79;

    fprintf(t->io.terminal, "\r\033[K%.*s", width, text); /* a wrapped line could not be erased */
    fflush(t->io.terminal);
    atomic_store(&t->ctx->live_line, true);
}

/* On a terminal four times a second; elsewhere a line a minute, so that a long epoch is seen to
 * move. */
void sld_trial_show_step(sld_trial *t)
{
    const double         now   = sld_clock_s();
    const int            first = t->setup.views[SLD_WEAK] ? SLD_WEAK : SLD_STRONG;
    const sld_objective *o     = sld_learner_objective(t->setup.learner);
    const sld_view_sums *sums  = &t->state.open[first];
    char                 eta[64], text[512];

    sld_trial_beat(t, remaining(t));
    if (t->ctx->rank != 0 || now - t->io.shown_s < (t->io.terminal ? 0.25 : 60.0)) {
        return;
    }
    sld_clock_span(remaining(t), eta);
    int n = snprintf(text, sizeof text,
                     "epoch %lld/%lld step %lld/%lld ETA %s %.0f samples/s top-1 %.1f %%",
                     (long long)t->state.at.epoch, (long long)t->setup.opt->train.epochs,
                     (long long)t->state.at.step, (long long)sld_loader_steps(t->setup.loader), eta,
                     sums->rows / t->state.open_seconds, 100.0 * sums->hits / sums->rows);
    for (size_t i = 0; i < sld_objective_terms(o) && n < (int)sizeof text; i++) {
        if (sld_objective_weight(o, i, first, t->state.at.epoch) != 0.0) {
            n += snprintf(text + n, sizeof text - (size_t)n, " %s %.3f",
                          sld_objective_term_name(o, i), sums->loss[i] / sums->rows);
        }
    }
    if (t->io.terminal) {
        live_line(t, text);
    } else {
        sld_log(t->ctx, SLD_LOG_INFO, "%s", text);
    }
    t->io.shown_s = now;
}

void sld_trial_show_teacher(sld_trial *t, const char *doing, int64_t epoch, double share)
{
    const double now = sld_clock_s();
    char         text[128], percent[32] = "";

    if (t->ctx->rank != 0 || now - t->io.shown_s < (t->io.terminal ? 0.25 : 60.0)) {
        return;
    }
    if (share >= 0.0) {
        snprintf(percent, sizeof percent, ": %.0f %%", 100.0 * share);
    }
    snprintf(text, sizeof text, "epoch %lld/%lld: %s the teacher's logits of epoch %lld%s",
             (long long)t->state.at.epoch, (long long)t->setup.opt->train.epochs, doing,
             (long long)epoch, percent);
    if (t->io.terminal) {
        live_line(t, text);
    } else {
        sld_log(t->ctx, SLD_LOG_INFO, "%s", text);
    }
    t->io.shown_s = now;
}

/* Where this rank's time went since the attempt began. */
static void show_times(const sld_trial *t)
{
    const sld_times *times = sld_times_now(t->ctx);
    const double    *s = times->spent_s, all = sld_clock_s() - t->attempt.start_s;
    const double     percent = 100.0 / (all > 0 ? all : 1);

    sld_log(t->ctx, SLD_LOG_DEBUG,
            "of %.1f s: loading %.1f %%, teacher %.1f %%, convolutions %.1f %%, other layers "
            "%.1f %%, loss terms %.1f %%, sums %.1f %%, update %.1f %%, waiting %.1f %%, "
            "evaluation %.1f %%, files %.1f %%",
            all, percent * s[SLD_PHASE_BATCH], percent * s[SLD_PHASE_TEACHER],
            percent * (s[SLD_PHASE_CONV_FORWARD] + s[SLD_PHASE_CONV_BACKWARD_DATA] +
                       s[SLD_PHASE_CONV_BACKWARD_WEIGHTS]),
            percent * (s[SLD_PHASE_BATCH_NORM] + s[SLD_PHASE_LAYERS]), percent * s[SLD_PHASE_LOSS],
            percent * s[SLD_PHASE_ADD], percent * s[SLD_PHASE_UPDATE],
            percent * sld_times_waited(times), percent * s[SLD_PHASE_EVALUATE],
            percent * (s[SLD_PHASE_CHECKPOINT] + s[SLD_PHASE_RESULTS] + s[SLD_PHASE_STORE]));
}

void sld_trial_show_epoch(sld_trial *t)
{
    const sld_history *h      = &t->state.history;
    const size_t       epoch  = h->n_epochs;
    const char        *chosen = t->setup.best_on_val ? "val" : "test";
    char               eta[64], val[32] = "";

    sld_clock_span(remaining(t), eta);
    if (t->setup.subset->n_val > 0) {
        snprintf(val, sizeof val, " val %.2f %%", sld_history_get(h, "top1_val", epoch));
    }
    sld_log(t->ctx, SLD_LOG_INFO,
            "epoch %zu/%lld lr %g loss %.4f train %.2f %%%s test %.2f %% (best on %s %.2f %% in "
            "%lld) %.0f samples/s ETA %s",
            epoch, (long long)t->setup.opt->train.epochs, sld_history_get(h, "lr", epoch),
            sld_history_get(h, "loss_total", epoch), sld_history_get(h, "top1_train", epoch), val,
            sld_history_get(h, "top1_test", epoch), chosen, t->state.best_top1,
            (long long)t->state.best_epoch, sld_history_get(h, "samples_per_second", epoch), eta);
    show_times(t);
    t->io.shown_s = sld_clock_s();
}

void sld_trial_show_end(sld_trial *t)
{
    char text[160];

    sld_trial_result_text(t, text, sizeof text);
    sld_log(t->ctx, SLD_LOG_INFO, "done: %s", text);
}
