/* folder.c: the run folder: one process group at a time, one trial for ever. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "trial.h"

/* The lock is the kernel's: it ends with the process, however that ends. Its file names the holder
 * for the message alone. */
static sld_status take_lock(sld_ctx *ctx, sld_trial *t)
{
    char    path[PATH_MAX], holder[128] = "", host[64] = "";
    ssize_t n;

    snprintf(path, sizeof path, "%s/lock", t->dir);
    t->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (t->lock < 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    }
    if (flock(t->lock, LOCK_EX | LOCK_NB) != 0) {
        const int why                 = errno;
        n                             = read(t->lock, holder, sizeof holder - 1);
        holder[n > 0 ? n : 0]         = '\0';
        holder[strcspn(holder, "\n")] = '\0';
        if (why != EWOULDBLOCK) {
            return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot lock: %s", path, strerror(why));
        }
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: another run works in this folder (%s); choose another run.dir", t->dir,
                        holder);
    }
    gethostname(host, sizeof host - 1);
    const int length = snprintf(holder, sizeof holder, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(t->lock, 0) != 0 || pwrite(t->lock, holder, (size_t)length, 0) != length) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return SLD_OK;
}

/* The first line in which two canonical texts differ, each cut to its value's line. */
static void first_difference(const char *a, const char *b, char line_a[128], char line_b[128])
{
    while (*a && *b) {
        const size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
        if (na != nb || memcmp(a, b, na) != 0) {
            break;
        }
        a += na + (a[na] == '\n');
        b += nb + (b[nb] == '\n');
    }
    snprintf(line_a, 128, "%.*s", (int)(strcspn(a, "\n") < 127 ? strcspn(a, "\n") : 127), a);
    snprintf(line_b, 128, "%.*s", (int)(strcspn(b, "\n") < 127 ? strcspn(b, "\n") : 127), b);
}

static sld_status check_identity(sld_ctx *ctx, sld_trial *t)
{
    char  there[128], here[128];
    char *told = NULL;

    SLD_TRY(sld_trial_told(ctx, t, "identity", &told));
    if (!told || strcmp(told, t->identity) == 0) {
        return SLD_OK;
    }
    first_difference(told, t->identity, there, here);
    return SLD_FAIL(
        ctx, SLD_ERR_CONFIG,
        "%s holds another trial: '%s' there, '%s' here (values not named are the defaults); choose "
        "another run.dir",
        t->dir, there, here);
}

/* Rank 0. */
static sld_status take(sld_ctx *ctx, sld_trial *t)
{
    char path[PATH_MAX];

    SLD_TRY(sld_file_mkdirs(ctx, t->dir));
    SLD_TRY(take_lock(ctx, t));
    SLD_TRY(check_identity(ctx, t));
    const char *text = sld_config_text(t->params->config);
    snprintf(path, sizeof path, "%s/config.yaml", t->dir);
    SLD_TRY(sld_file_publish(ctx, path, text, strlen(text), true));
    snprintf(path, sizeof path, "%s/log.txt", t->dir);
    t->log = fopen(path, "a");
    if (!t->log) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    }
    ctx->log_file = t->log;
    return SLD_OK;
}

sld_status sld_trial_folder(sld_ctx *ctx, sld_trial *t)
{
    const char *dir = t->opt->run.dir;
    int         n;

    if (dir[0]) {
        n = snprintf(t->dir, sizeof t->dir, "%s", dir);
    } else {
        n = snprintf(t->dir, sizeof t->dir, "runs/%s",
                     t->opt->top.name[0] ? t->opt->top.name : t->params->name);
    }
    sld_status st = SLD_OK;
    if (n >= (int)sizeof t->dir) {
        st = SLD_FAIL(ctx, SLD_ERR_CONFIG, "run.dir: %d bytes, wanted fewer than %zu", n,
                      sizeof t->dir);
    } else if (sld_dist_rank(t->dist) == 0) {
        st = take(ctx, t);
    }
    return sld_agree(ctx, t->dist, st);
}

void sld_trial_leave_folder(sld_ctx *ctx, sld_trial *t)
{
    ctx->log_file = NULL;
    if (t->log) {
        fclose(t->log);
    }
    if (t->lock >= 0) {
        close(t->lock);
    }
}
