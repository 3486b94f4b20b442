/* foreign.c: a file without sld's checksum is first read by a process of its own, which may crash,
 * run in circles or ask for too much memory in the program's place: HDF5 does all three on malformed
 * files. It reads everything in the way that the program would. Reading is the same every time, so
 * what it survives the program survives.
 *
 * A new process takes some 20 ms, most of it for the memory of HDF5's caches. Who reads thousands of
 * files says so (sld_doc_many): one process goes on from file to file then, until one of them is not
 * read well. What it says of that one does not count, for an earlier file may be the cause: a new
 * process tries it once more. A file that was read well is not tried again. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "foreign.h"

typedef struct reader {
    pid_t pid; /* 0: none */
    int   fd;  /* our end: paths go there, answers come from there, one message each */
} reader;

/* As HDF5's own state, one of the whole process. */
static struct {
    int      depth; /* of sld_doc_many() */
    reader   kept;
    seen_set survived;
} many;

/* ---- in the other process ---- */

/* The next document to try; NULL: there is none. */
static sld_doc *next_doc(int fd)
{
    char          path[PATH_MAX];
    sld_ctx       quiet;
    sld_doc      *doc  = NULL;
    int           file = -1;
    const ssize_t n    = recv(fd, path, sizeof path, 0);

    sld_ctx_init(&quiet);
    if (n <= 0 || doc_new(&quiet, path, &doc) != SLD_OK) return NULL;
    if (sld_file_open(&quiet, path, &file, &doc->file_bytes) != SLD_OK) {
        sld_doc_close(doc);
        return NULL; /* it has just gone: the program says so */
    }
    close(file);
    return doc;
}

static int serve(int fd, sld_doc *doc, bool (*open)(sld_doc *doc))
{
    try_bounds bounds;
    answer     a;

    try_prepare(&bounds);
    while (doc) {
        try_file(&bounds, doc, open, &a);
        if (send(fd, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a) return 1;
        doc = next_doc(fd);
    }
    return 0;
}

/* ---- in the program ---- */

/* Returns how it ended. */
static int end_reader(reader *r)
{
    int status = 0;

    if (r->pid == 0) return 0;
    close(r->fd);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR) {
    }
    r->pid = 0;
    return status;
}

/* It begins with doc. */
static sld_status start_reader(sld_ctx *ctx, sld_doc *doc, bool (*open)(sld_doc *doc), reader *r)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return SLD_FAIL(ctx, SLD_ERR_IO, "%s: cannot make a pair of sockets to read it through: %s",
                        doc_name(doc), strerror(errno));
    }
    r->fd  = ends[0];
    r->pid = fork();
    if (r->pid == 0) {
        close(ends[0]);
        _exit(serve(ends[1], doc, open));
    }
    close(ends[1]);
    if (r->pid < 0) {
        r->pid = 0;
        close(ends[0]);
        return SLD_FAIL(ctx, SLD_ERR_NOMEM, "%s: cannot start a process to try it in: %s",
                        doc_name(doc), strerror(errno));
    }
    return SLD_OK;
}

/* False: it died. */
static bool read_answer(const reader *r, answer *out)
{
    ssize_t n;

    memset(out, 0, sizeof *out);
    do {
        n = recv(r->fd, out, sizeof *out, 0);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *out) out->verdict = 0;
    return out->verdict != 0;
}

/* Does the process that is kept read it well? */
static bool kept_survives(const sld_doc *doc)
{
    const size_t n = strlen(doc->path) + 1;
    answer       a;

    return many.kept.pid > 0 && n <= PATH_MAX &&
           send(many.kept.fd, doc->path, n, MSG_NOSIGNAL) == (ssize_t)n &&
           read_answer(&many.kept, &a) && a.verdict == SURVIVED;
}

void sld_doc_many(bool begins)
{
    many.depth += begins ? 1 : -1;
    if (many.depth == 0) {
        (void)end_reader(&many.kept);
        seen_forget(&many.survived);
    }
}

static sld_status judge(sld_ctx *ctx, const sld_doc *doc, const answer *a, int status)
{
    switch (a->verdict) {
    case SURVIVED:
        return SLD_OK;
    case UNREADABLE:
        return SLD_FAIL(ctx, SLD_ERR_DATA, "%s: HDF5 cannot read it: %s", doc_name(doc), a->reason);
    case TOO_LARGE:
        return SLD_FAIL(ctx, SLD_ERR_DATA,
                        "%s: damaged: HDF5 asks for more memory than a file of %zu bytes explains",
                        doc_name(doc), doc->file_bytes);
    default:
        return SLD_FAIL(
            ctx, SLD_ERR_DATA,
            "%s: damaged: HDF5 %s on reading it (tried in a process of its own, signal %d); make "
            "the file anew",
            doc_name(doc),
            WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU ? "does not end" : "crashes",
            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
}

/* One process for one document. keep: it goes on when all was well. */
static sld_status check_alone(sld_ctx *ctx, sld_doc *doc, bool (*open)(sld_doc *doc), bool keep)
{
    reader r;
    answer a;

    SLD_TRY(start_reader(ctx, doc, open, &r));
    if (read_answer(&r, &a) && a.verdict == SURVIVED && keep) {
        many.kept = r;
        return SLD_OK;
    }
    return judge(ctx, doc, &a, end_reader(&r));
}

sld_status foreign_check(sld_ctx *ctx, sld_doc *doc, bool (*open)(sld_doc *doc))
{
    if (many.depth == 0 || doc->image) return check_alone(ctx, doc, open, false);
    if (seen_has(&many.survived, doc->path)) return SLD_OK;
    if (!kept_survives(doc)) {
        (void)end_reader(&many.kept);
        SLD_TRY(check_alone(ctx, doc, open, true));
    }
    seen_add(&many.survived, doc->path);
    return SLD_OK;
}
