/* sweep_job.c: sld sweep --print-job: fills in a script of jobs/: nodes and hours from the trials'
 * cost, the sweep, and the environment modules that are loaded now. */
#include "sweep_job.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "embedded.h"
#include "sweep_cost.h"

#define MARGIN    1.3  /* on the estimated time */
#define DAY_HOURS 24.0 /* the longest job unless --hours asks for more */
#define MIN_HOURS 0.2  /* trials stop two minutes before the end */

typedef struct plan {
    sld_ctx       *ctx;
    const sld_job *job;
    sld_sweep_cost cost;
    double         hours; /* of each job */
    int            nodes, cores;
    char           notes[8][240]; /* (n_notes) what the user should know before submitting it */
    int            n_notes;
} plan;

static void note(plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(plan *p, const char *format, ...)
{
    char   *text = p->notes[p->n_notes < 8 ? p->n_notes++ : 7];
    char    line[200];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    sld_text_printable(line, text, sizeof p->notes[0]);
}

/* ---- nodes and hours ---- */

/* Rounds up to 5 minutes, and from two hours on to half hours. */
static double rounded(double hours)
{
    return hours < 2 ? ceil(hours * 12) / 12 : ceil(hours * 2) / 2;
}

static double clamp(double x, double low, double high)
{
    return fmax(low, fmin(x, high));
}

static sld_status choose(plan *p)
{
    const sld_job *job   = p->job;
    double         hours = 0, nodes = 0, cores = 0;

    SLD_TRY(sld_arguments_number(p->ctx, "sweep", "--hours", job->hours, MIN_HOURS, 10000, false,
                                 &hours));
    SLD_TRY(sld_arguments_number(p->ctx, "sweep", "--nodes", job->nodes, 1, 100000, true, &nodes));
    SLD_TRY(sld_arguments_number(p->ctx, "sweep", "--cores", job->cores, 1, 100000, true, &cores));
    cores             = cores > 0 ? cores : sld_sweep_cores();
    const double need = MARGIN * p->cost.core_hours;
    const double max  = fmax(1, ceil(p->cost.ranks / cores)); /* more nodes would be idle */
    if (nodes == 0) {
        nodes = clamp(ceil(need / ((hours > 0 ? hours : DAY_HOURS) * cores)), 1, max);
    }
    if (hours == 0) {
        const double used = fmax(1, fmin(nodes * cores, p->cost.ranks));
        hours =
            clamp(rounded(fmax(need / used, MARGIN * p->cost.longest_hours)), MIN_HOURS, DAY_HOURS);
    }
    p->hours = hours;
    p->nodes = (int)nodes;
    p->cores = (int)cores;
    return SLD_OK;
}

/* ---- what does not fit ---- */

/* Bytes free on the file system of the sweep's folder, which may not exist yet; -1: unknown. */
static double room(const sld_grid *grid)
{
    char           path[PATH_MAX], *slash;
    struct statvfs info;

    snprintf(path, sizeof path, "%s", sld_grid_dir(grid));
    while (statvfs(path, &info) != 0) {
        if (!(slash = strrchr(path, '/')) || slash == path) {
            return statvfs(".", &info) == 0 ? (double)info.f_bavail * (double)info.f_frsize : -1;
        }
        *slash = '\0';
    }
    return (double)info.f_bavail * (double)info.f_frsize;
}

static void say_fit(plan *p, const sld_grid *grid)
{
    const sld_sweep_cost *c          = &p->cost;
    const double          used       = fmax(1, fmin((double)p->nodes * p->cores, c->ranks));
    const double          jobs       = ceil(MARGIN * c->core_hours / (used * p->hours));
    const double          free_bytes = room(grid);
    const double          bytes      = c->kept_bytes + c->running_bytes * used;

    if (c->left == 0) {
        note(p, "nothing is left to do: every trial has ended");
        return;
    }
    note(p, "%zu of %zu trials left: %.3g core-hours at %.3g GFLOP/s a core, %s", c->left,
         c->points, c->core_hours, c->gflops,
         c->measured > 0 ? "measured on trials of this folder" : "a guess until some have ended");
    note(p, "%d node%s of %d cores%s for %.3g h: the estimate and 30 %% more", p->nodes,
         sld_text_plural(p->nodes), p->cores,
         p->job->cores ? "" : ", as this machine has (--cores says otherwise)", p->hours);
    if (jobs > 1.5) {
        note(p, "this does not fit into %.3g h: about %.0f of them one after the other%s", p->hours,
             jobs,
             strcmp(p->job->scheduler, "slurm") == 0 ? ", each requeues itself"
                                                     : "; submit it again when it has saved");
    } else if (MARGIN * c->longest_hours > p->hours) {
        note(p, "a trial takes %.3g h on all ranks that it may use: it goes on in the next job",
             c->longest_hours);
    }
    if (ceil(c->ranks / p->cores) < p->nodes) {
        note(p, "%d of the nodes have nothing to do: the trials can use %.0f cores together",
             p->nodes - (int)ceil(c->ranks / p->cores), c->ranks);
    } else if (used < (double)p->nodes * p->cores) {
        note(p, "%.0f of %d cores are idle: a trial uses at most parallel.shards ranks",
             (double)p->nodes * p->cores - used, p->nodes * p->cores);
    }
    if (free_bytes >= 0 && bytes > free_bytes) {
        note(p, "%.3g GB of results and checkpoints do not fit: %s has room for %.3g GB",
             bytes / 1e9, sld_grid_dir(grid), free_bytes / 1e9);
    } else if (free_bytes >= 0 && bytes + c->folder_logits_bytes > free_bytes) {
        note(p,
             "%.3g GB with all teacher logits do not fit: %s has room for %.3g GB; teacher.logits "
             "names another place for them, teacher.logits_budget a limit",
             (bytes + c->folder_logits_bytes) / 1e9, sld_grid_dir(grid), free_bytes / 1e9);
    }
}

/* ---- the script ---- */

/* Writes the loaded environment modules, which LOADEDMODULES lists as a:b, in the form 'a b'. */
static void put_modules(FILE *to)
{
    const char *loaded = getenv("LOADEDMODULES");
    char        text[4096];

    snprintf(text, sizeof text, "%s", loaded ? loaded : "");
    for (char *c = text; *c; c++) {
        *c = *c == ':' ? ' ' : *c;
    }
    sld_text_quote(to, text);
}

static void put_settings(FILE *to, const sld_job *job)
{
    putc('(', to);
    for (size_t i = 0; i < job->n_words; i++) {
        if (i > 0) {
            putc(' ', to);
        }
        sld_text_quote(to, job->words[i]);
    }
    putc(')', to);
}

/* Writes the value of the script's line that begins with key. */
static void put_value(FILE *to, const plan *p, const char *key)
{
    const int minutes = (int)ceil(p->hours * 60);
    char      program[PATH_MAX];

    if (strcmp(key, "#SBATCH --time=") == 0 || strcmp(key, "#PBS -l walltime=") == 0) {
        fprintf(to, "%02d:%02d:00", minutes / 60, minutes % 60);
    } else if (strcmp(key, "#flux: --time-limit=") == 0) {
        fprintf(to, "%dm", minutes);
    } else if (strcmp(key, "seconds=") == 0) {
        fprintf(to, "%d", minutes * 60);
    } else if (strcmp(key, "#SBATCH --array=") == 0) {
        fprintf(to, "1-%d", p->nodes);
    } else if (strcmp(key, "#PBS -l select=1:ncpus=") == 0) {
        fprintf(to, "%d", p->cores);
        if (p->nodes > 1) {
            fprintf(to, "\n#PBS -J 1-%d", p->nodes);
        }
    } else if (strcmp(key, "modules=") == 0) {
        put_modules(to);
    } else if (strcmp(key, "sweep=") == 0) {
        sld_text_quote(to, p->job->sweep);
    } else if (strcmp(key, "settings=") == 0) {
        put_settings(to, p->job);
    } else {
        const ssize_t n        = readlink("/proc/self/exe", program, sizeof program - 1);
        program[n > 0 ? n : 0] = '\0';
        sld_text_quote(to, n > 0 ? program : "sld");
    }
}

static const char *const keys[] = {"#SBATCH --time=",
                                   "#SBATCH --array=",
                                   "#PBS -l walltime=",
                                   "#PBS -l select=1:ncpus=",
                                   "#flux: --time-limit=",
                                   "seconds=",
                                   "modules=",
                                   "sweep=",
                                   "settings=",
                                   "sld="};

/* Writes one line (n bytes) of the script, with a new value if it begins with a key. */
static void put_line(FILE *to, const plan *p, const char *line, int n)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
            fputs(keys[i], to);
            put_value(to, p, keys[i]);
            putc('\n', to);
            return;
        }
    }
    fprintf(to, "%.*s\n", n, line);
}

/* Writes the script. Its head explains how to edit it by hand; the notes take the place of that. */
static void put_script(FILE *to, const plan *p, const char *text)
{
    bool head = true;
    char name[PATH_MAX];

    for (const char *line = text; *line;) {
        const int n = (int)strcspn(line, "\n");
        if (line == text) {
            sld_text_printable(p->job->sweep, name, sizeof name);
            fprintf(to, "%.*s\n# %s: made by `sld sweep --print-job %s`.\n", n, line, name,
                    p->job->scheduler);
            for (int i = 0; i < p->n_notes; i++) {
                fprintf(to, "# %s\n", p->notes[i]);
            }
        } else if (!head || strncmp(line, "# ", 2) != 0 || strncmp(line, "#     ", 6) == 0) {
            head = head && line[0] == '#';
            put_line(to, p, line, n);
        }
        line += n + (line[n] == '\n');
    }
}

sld_status sld_sweep_job(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                         const sld_job *job)
{
    static const char *const schedulers[] = {"slurm", "pbs", "flux"};
    plan                     p            = {.ctx = ctx, .job = job};
    int                      s            = 0;

    while (s < 3 && strcmp(job->scheduler, schedulers[s]) != 0) {
        s++;
    }
    if (s == 3) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "sld sweep: --print-job: expected slurm, pbs or flux, got %.40s",
                        job->scheduler);
    }
    SLD_TRY(sld_sweep_cost_of(ctx, grid, status, &p.cost));
    SLD_TRY(choose(&p));
    say_fit(&p, grid);
    if (s == 2 && p.nodes > 1) {
        note(&p, "submit it %d times: every job takes trials that no other has", p.nodes);
    }
    const char *file = s == 1        ? "jobs/sweep.pbs"
                       : s == 2      ? "jobs/sweep.flux"
                       : p.nodes > 1 ? "jobs/array.sbatch"
                                     : "jobs/sweep.sbatch";
    put_script(stdout, &p, (const char *)sld_embedded_find(file)->bytes);
    for (int i = 0; i < p.n_notes; i++) {
        sld_log(ctx, SLD_LOG_INFO, "%s", p.notes[i]);
    }
    return SLD_OK;
}
