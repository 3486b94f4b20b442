/* sweep_plan.c: what a sweep would be: points, cost, storage, what would change. Runs nothing. */
#include "sweep_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/data.h"
#include "sld/grid_folder.h"
#include "sld/nn.h"

enum { MADE_MAX = 8 };

/* What a core does on these networks with all that is around them, a little under what `sld bench`
 * shows: a plan's guess, replaced by what was measured once trials have ended. */
#define GUESS_FLOPS 1.5e11

typedef struct cost {
    double flops;           /* of training and evaluation */
    double kept_bytes;      /* weights, results */
    double running_bytes;   /* checkpoints, while it runs */
    double logits_bytes;    /* the teacher's, of all its epochs and views */
    char   logits_key[256]; /* trials with the same share them */
} cost;

typedef struct sizes { /* of a data set */
    double train, test, classes, channels, side;
} sizes;

/* Those of the formats that say so by their name; else of the public CIFAR set: an estimate. */
static sizes sizes_of(const sld_options *o)
{
    if (o->data.format == SLD_FORMAT_SYNTHETIC) {
        return (sizes){(double)o->synthetic.train, (double)o->synthetic.test,
                       (double)(o->synthetic.superclasses * o->synthetic.subclasses), 3, 32};
    }
    if (o->data.format == SLD_FORMAT_IDX) {
        return (sizes){60000, 10000, 10, 1, 28};
    }
    return (sizes){50000, 10000, o->data.format == SLD_FORMAT_CIFAR10 ? 10 : 100, 3, 32};
}

static sld_status network_cost(sld_ctx *ctx, const char *name, const sizes *size, double *macs,
                               double *parameters)
{
    sld_model *model = NULL;

    SLD_TRY(sld_model_create(ctx, name, (int)size->side, (int)size->side, (int)size->channels,
                             (int)size->classes, &model));
    *macs       = sld_model_macs(model);
    *parameters = (double)sld_model_trained_count(model);
    sld_model_destroy(model);
    return SLD_OK;
}

typedef struct seen { /* networks whose cost is known */
    char   name[64];
    sizes  size;
    double macs, parameters;
} seen;

typedef struct plan {
    sld_ctx        *ctx;
    const sld_grid *grid;
    seen            networks[64];
    size_t          n_networks;
    double          flops, kept, running, logits; /* of the points that are left */
    char            made[MADE_MAX][200];          /* what is trained, on what: each once */
    size_t          n_made, n_more;
    double          ranks; /* most that the trials can use together */
    char          **keys;  /* of logit tables counted already */
    size_t          n_keys;
} plan;

static sld_status look_up(plan *p, const char *name, const sizes *size, double *macs,
                          double *parameters)
{
    for (size_t i = 0; i < p->n_networks; i++) {
        if (strcmp(p->networks[i].name, name) == 0 &&
            memcmp(&p->networks[i].size, size, sizeof *size) == 0) {
            *macs       = p->networks[i].macs;
            *parameters = p->networks[i].parameters;
            return SLD_OK;
        }
    }
    SLD_TRY(network_cost(p->ctx, name, size, macs, parameters));
    if (p->n_networks < sizeof p->networks / sizeof *p->networks) {
        seen *s = &p->networks[p->n_networks++];
        snprintf(s->name, sizeof s->name, "%s", name);
        s->size       = *size;
        s->macs       = *macs;
        s->parameters = *parameters;
    }
    return SLD_OK;
}

/* The teacher's network: of a point its experiment says, of a file the file. */
static sld_status teacher_macs(plan *p, const sld_point *point, const sld_options *o,
                               const sizes *size, double *macs)
{
    double      parameters;
    char        network[64] = "";
    sld_config *config      = NULL;

    *macs = 0;
    if (!sld_config_wants_teacher(o)) {
        return SLD_OK;
    }
    if (point->teacher >= 0) {
        const char *text = sld_grid_point(p->grid, (size_t)point->teacher)->experiment;
        SLD_TRY(sld_config_parse(p->ctx, "teacher", text, strlen(text), NULL, 0,
                                 sld_experiment_method, &config));
        snprintf(network, sizeof network, "%s", sld_config_options(config)->student.network);
        sld_config_destroy(config);
    } else if (*o->teacher.weights) {
        SLD_TRY(sld_experiment_network(p->ctx, o->teacher.weights, network));
    } else {
        return SLD_OK; /* an outside teacher has done its work */
    }
    return look_up(p, network, size, macs, &parameters);
}

static sld_status cost_of(plan *p, const sld_point *point, const sld_options *o, cost *out)
{
    const sizes  size = sizes_of(o);
    const double n    = size.train * o->data.train_fraction * (1 - o->data.val_fraction);
    const double strong =
        o->ce.strong > 0 || o->kd.strong > 0 || (o->top.student_swap && o->lss.strong > 0);
    const double weak =
        o->ce.weak > 0 || o->kd.weak > 0 || (o->top.student_swap && o->lss.weak > 0);
    const double views = weak + strong, epochs = (double)o->train.epochs;
    double       student, teacher, parameters;

    SLD_TRY(look_up(p, o->student.network, &size, &student, &parameters));
    SLD_TRY(teacher_macs(p, point, o, &size, &teacher));
    *out            = (cost){.logits_key = ""};
    out->flops      = 2 * epochs * (n * views * 3 * student + size.test * student);
    out->kept_bytes = 2 * 4 * parameters +
                      (o->run.logits ? (teacher > 0 ? 3 : 2) * 4 * size.test * size.classes : 0);
    out->running_bytes = 2 * 3 * 4 * parameters;
    if (teacher > 0) {
        out->logits_bytes = 4 * epochs * n * views * size.classes;
        snprintf(out->logits_key, sizeof out->logits_key, "%.80s %lld %g %g %g", o->teacher.weights,
                 (long long)o->seeds.augment, epochs, n, views);
    }
    return SLD_OK;
}

/* True the first time: then the table counts, and its making. */
static bool new_key(plan *p, const char *key)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        if (strcmp(p->keys[i], key) == 0) {
            return false;
        }
    }
    char **more = realloc(p->keys, (p->n_keys + 1) * sizeof *more);
    if (more) {
        p->keys              = more;
        p->keys[p->n_keys++] = strdup(key);
    }
    return true;
}

/* "resnet8 by sld, 8 epochs on synthetic (4000 pictures, 2000 to test), teacher resnet20". */
static sld_status describe(plan *p, const sld_point *point, const sld_options *o)
{
    const sizes size        = sizes_of(o);
    char        network[64] = "", line[200];

    if (point->teacher >= 0) {
        snprintf(network, sizeof network, "%s",
                 sld_grid_point(p->grid, (size_t)point->teacher)->arm);
    } else if (sld_config_wants_teacher(o) && *o->teacher.weights) {
        SLD_TRY(sld_experiment_network(p->ctx, o->teacher.weights, network));
    }
    snprintf(
        line, sizeof line, "%s by %s, %lld epoch%s on %s (%s%.0f picture%s, %.0f to test)%s%.64s",
        o->student.network, sld_config_word(o, "method"), (long long)o->train.epochs,
        sld_text_plural(o->train.epochs), sld_config_word(o, "data.format"),
        o->data.format == SLD_FORMAT_HDF5 ? "if as CIFAR: " : "", size.train,
        sld_text_plural((long long)size.train), size.test, *network ? ", teacher " : "", network);
    for (size_t i = 0; i < p->n_made; i++) {
        if (strcmp(p->made[i], line) == 0) {
            return SLD_OK;
        }
    }
    if (p->n_made < MADE_MAX) {
        memcpy(p->made[p->n_made++], line, sizeof line);
    } else {
        p->n_more++;
    }
    return SLD_OK;
}

static sld_status add_point(plan *p, size_t i)
{
    const sld_point *point  = sld_grid_point(p->grid, i);
    sld_config      *config = NULL;
    double           teacher;
    cost             c = {.logits_key = ""};

    SLD_TRY(sld_config_parse(p->ctx, point->id, point->experiment, strlen(point->experiment), NULL,
                             0, sld_experiment_method, &config));
    const sld_options *o  = sld_config_options(config);
    sld_status         st = describe(p, point, o);
    if (st == SLD_OK) {
        st = cost_of(p, point, o, &c);
    }
    p->ranks += (double)o->parallel.shards;
    if (st == SLD_OK && *c.logits_key && new_key(p, c.logits_key)) {
        const sizes size = sizes_of(o);
        st               = teacher_macs(p, point, o, &size, &teacher);
        p->flops += st == SLD_OK ? 2 * teacher * c.logits_bytes / (4 * size.classes) : 0;
        p->logits += c.logits_bytes;
    }
    sld_config_destroy(config);
    p->flops += c.flops;
    p->kept += c.kept_bytes;
    p->running = fmax(p->running, c.running_bytes);
    return st;
}

static void print_bytes(const char *what, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    int                      u       = 0;

    while (bytes >= 1000 && u < 4) {
        bytes /= 1000;
        u++;
    }
    printf("  %-28s %.3g %s\n", what, bytes, units[u]);
}

static void print_points(const sld_grid *grid, const sld_point_status *status)
{
    const size_t n = sld_grid_count(grid);

    printf("  %-12s %-8s %6s  %s\n", "id", "state", "seed", "arm");
    for (size_t i = 0; i < n; i++) {
        const sld_point *p = sld_grid_point(grid, i);
        printf("  %-12s %-8s %6lld  %s%s\n", p->id,
               status ? sld_point_state_name(status[i].state) : "new", (long long)p->seed,
               p->is_teacher ? "teacher " : "", p->arm);
    }
}

static void print_same(const sld_grid *grid)
{
    const size_t n = sld_grid_count_same(grid);

    for (size_t i = 0; i < n; i++) {
        const sld_point *p    = sld_grid_same(grid, i);
        const int        same = sld_grid_find(grid, p->id);
        char             arm[256], its[256];
        printf("    %s%s seed %lld: the same trial as %s\n", p->is_teacher ? "teacher " : "",
               sld_text_printable(p->arm, arm, sizeof arm), (long long)p->seed,
               sld_text_printable(sld_grid_point(grid, (size_t)same)->arm, its, sizeof its));
    }
}

static void print_change(const sld_grid *grid, const sld_grid_change *change)
{
    if (change->known + change->gone == 0) {
        printf("folder %s: new\n", sld_grid_dir(grid));
        return;
    }
    printf("folder %s: %zu point%s known, %zu added, %zu gone\n", sld_grid_dir(grid), change->known,
           sld_text_plural(change->known), change->added, change->gone);
    if (change->gone > 0) {
        printf("  changed: %s\n  the sweep needs --accept-changes, or another folder: --dir DIR\n",
               change->example);
    }
}

/* status: NULL: nothing of it has begun. */
static bool is_left(const sld_point_status *status, size_t i)
{
    return !status || status[i].state == SLD_POINT_WAITING ||
           status[i].state == SLD_POINT_RUNNING || status[i].state == SLD_POINT_FAILED;
}

/* What has ended costs nothing more. */
static sld_status estimate(plan *p, const sld_point_status *status)
{
    const size_t n_points = sld_grid_count(p->grid);
    size_t       left     = 0;

    for (size_t i = 0; i < n_points; i++) {
        if (is_left(status, i)) {
            SLD_TRY(add_point(p, i));
            left++;
        }
    }
    if (left < n_points) {
        printf("  %zu of %zu point%s left\n", left, n_points, sld_text_plural(n_points));
    }
    sld_cpu      cpus[SLD_CPUS_MAX];
    const size_t n = sld_cpus_allowed(cpus), quota = sld_cpus_quota();
    const double cores = (double)(quota > 0 && quota < n ? quota : n > 0 ? n : 1);
    const double hours = p->flops / GUESS_FLOPS / 3600;

    for (size_t i = 0; i < p->n_made; i++) {
        printf("  %s\n", p->made[i]);
    }
    if (p->n_more > 0) {
        puts("  ... and others");
    }
    printf("estimate (%.0f GFLOP/s per core; the machine decides):\n  %-28s %.3g core-hours, %.3g "
           "h on "
           "%.0f CPUs\n",
           GUESS_FLOPS / 1e9, "training", hours, hours / cores, cores);
    if (cores > p->ranks) {
        printf("  %.0f of %.0f CPUs idle: a trial uses at most parallel.shards ranks\n",
               cores - p->ranks, cores);
    }
    print_bytes("results and weights", p->kept);
    print_bytes("checkpoints per running trial", p->running);
    print_bytes("teacher logits, if all kept", p->logits);
    return SLD_OK;
}

sld_status sld_sweep_plan(sld_ctx *ctx, const sld_grid *grid, const sld_grid_change *change)
{
    const size_t      n        = sld_grid_count(grid);
    sld_point_status *status   = calloc(n + 1, sizeof *status);
    plan             *p        = calloc(1, sizeof *p);
    size_t            teachers = 0;
    sld_status        st       = SLD_OK;

    if (!status || !p) {
        st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the plan");
        goto done;
    }
    *p = (plan){.ctx = ctx, .grid = grid};
    for (size_t i = 0; i < n; i++) {
        teachers += sld_grid_point(grid, i)->is_teacher;
    }
    const bool known = change->known > 0 && sld_grid_status(ctx, grid, status) == SLD_OK;
    sld_err_clear(ctx);
    printf("sweep %s: %zu point%s, %zu of them %s\n", sld_grid_name(grid), n, sld_text_plural(n),
           teachers, teachers == 1 ? "a teacher" : "teachers");
    if (sld_grid_dropped(grid) > 0) {
        printf("  %zu more compute%s the same as another: one trial each\n", sld_grid_dropped(grid),
               sld_grid_dropped(grid) == 1 ? "s" : "");
    }
    print_same(grid);
    print_change(grid, change);
    st = estimate(p, known ? status : NULL);
    if (st == SLD_OK) {
        print_points(grid, known ? status : NULL);
    }
done:
    for (size_t i = 0; p && i < p->n_keys; i++) {
        free(p->keys[i]);
    }
    free(p ? p->keys : NULL);
    free(p);
    free(status);
    return st;
}
