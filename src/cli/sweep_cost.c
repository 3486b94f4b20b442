/* sweep_cost.c: estimates the cost of a sweep: floating-point operations of its networks, the speed
 * of this machine (measured on trials that have ended), and storage. */
#include "sweep_cost.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sld/data.h"
#include "sld/distill.h"
#include "sld/grid_folder.h"
#include "sld/nn.h"
#include "sld/store.h"
#include "sweep_sizes.h"

/* Assumed speed of a core in whole trials, a little below what `sld bench` shows. Once trials have
 * ended, their measured speed is used. */
#define GUESS_FLOPS 1.5e11

typedef struct cost {
    double train_flops, flops;       /* the student's training; the same with its evaluation */
    double kept_bytes;               /* weights and results */
    double running_bytes;            /* checkpoints while it runs */
    double logits_bytes;             /* teacher logits of all epochs and views */
    char   logits_key[2 * PATH_MAX]; /* trials with the same key share the logits; "": none */
} cost;

static sld_status network_cost(sld_ctx *ctx, const char *name, const sld_data_sizes *size,
                               double *macs, double *parameters)
{
    sld_model *model = NULL;

    SLD_TRY(sld_model_create(ctx, name, (int)size->H, (int)size->W, (int)size->C, (int)size->K,
                             &model));
    *macs       = sld_model_macs(model);
    *parameters = (double)sld_model_trained_count(model);
    sld_model_destroy(model);
    return SLD_OK;
}

typedef struct seen { /* a network whose cost is known */
    char           name[64];
    sld_data_sizes size;
    double         macs, parameters;
} seen;

typedef struct plan {
    sld_ctx        *ctx;
    const sld_grid *grid;
    seen            networks[64];
    size_t          n_networks;
    sld_sweep_sizes data;
    double          flops;                   /* left to compute */
    double          longest_flops;           /* of the longest trial, per rank that it can use */
    double          done_flops, done_core_s; /* of measured trials */
    char          **keys;                    /* (n_keys) logits_key of tables that were counted */
    size_t          n_keys;
    sld_sweep_cost *out;
} plan;

static sld_status look_up(plan *p, const char *name, const sld_data_sizes *size, double *macs,
                          double *parameters)
{
    for (size_t i = 0; i < p->n_networks; i++) {
        const sld_data_sizes *known = &p->networks[i].size;
        if (strcmp(p->networks[i].name, name) == 0 && known->K == size->K && known->H == size->H &&
            known->W == size->W && known->C == size->C) {
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

/* *macs: of the teacher's network, named by the teacher's experiment or by its weights file. */
static sld_status teacher_macs(plan *p, const sld_point *point, const sld_options *o,
                               const sld_data_sizes *size, double *macs)
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
                                 sld_method_defaults, &config));
        snprintf(network, sizeof network, "%s", sld_config_options(config)->student.network);
        sld_config_destroy(config);
    } else if (*o->teacher.weights) {
        SLD_TRY(sld_experiment_network(p->ctx, o->teacher.weights, network));
    } else {
        return SLD_OK; /* the logits of an outside teacher are files already */
    }
    return look_up(p, network, size, macs, &parameters);
}

/* How many images an epoch trains on. */
static double trained_on(const sld_options *o, const sld_data_sizes *size)
{
    const double all = (double)size->train, each = (double)o->data.per_class * (double)size->K;

    return (each > 0 ? fmin(each, all) : all * o->data.train_fraction) * (1 - o->data.val_fraction);
}

static sld_status cost_of(plan *p, const sld_point *point, const sld_options *o, cost *out)
{
    sld_data_sizes size;

    (void)sld_sweep_sizes_of(&p->data, o, &size);
    const double K = (double)size.K, test = (double)size.test * o->data.test_fraction;
    const double n      = trained_on(o, &size);
    const double views  = sld_config_wants_weak_view(o) + sld_config_wants_strong_view(o);
    const double epochs = (double)o->train.epochs;
    double       student, teacher, parameters;

    SLD_TRY(look_up(p, o->student.network, &size, &student, &parameters));
    SLD_TRY(teacher_macs(p, point, o, &size, &teacher));
    *out             = (cost){.logits_key = ""};
    out->train_flops = 2 * epochs * n * views * 3 * student;
    out->flops       = out->train_flops + 2 * epochs * test * student;
    out->kept_bytes  = 2 * 4 * parameters +
                      (o->run.logits ? (teacher > 0 ? 3 : 2) * 4 * test * K : 0) +
                      (o->run.label_p ? 2 * (double)size.train * epochs : 0);
    out->running_bytes = 2 * 3 * 4 * parameters;
    if (teacher > 0) {
        out->logits_bytes = 4 * epochs * n * views * K;
        snprintf(out->logits_key, sizeof out->logits_key, "%s\n%d %s\n%lld %.17g %.17g %g",
                 o->teacher.weights, (int)o->data.format, o->data.path, (long long)o->seeds.augment,
                 epochs, n, views);
    }
    return SLD_OK;
}

/* *is_new: the key is. Each table of logits is computed and stored once. */
static sld_status take_key(plan *p, const char *key, bool *is_new)
{
    *is_new = false;
    for (size_t i = 0; i < p->n_keys; i++) {
        if (strcmp(p->keys[i], key) == 0) {
            return SLD_OK;
        }
    }
    char **more = realloc(p->keys, (p->n_keys + 1) * sizeof *more);
    p->keys     = more ? more : p->keys;
    char *own   = more ? strdup(key) : NULL;
    if (!own) {
        return SLD_FAIL(p->ctx, SLD_ERR_NOMEM, "out of memory: a sweep's tables of teacher logits");
    }
    p->keys[p->n_keys++] = own;
    *is_new              = true;
    return SLD_OK;
}

/* Adds a line such as "resnet8 by sld, 8 epochs on synthetic (4000 images, 2000 to test), teacher
 * resnet20", unless it is there already. */
static sld_status describe(plan *p, const sld_point *point, const sld_options *o)
{
    sld_data_sizes size;
    const bool     read        = sld_sweep_sizes_of(&p->data, o, &size);
    char           network[64] = "", line[SLD_COST_LINE_BYTES], vain[SLD_VAIN_BYTES];

    if (point->teacher >= 0) {
        snprintf(network, sizeof network, "%s",
                 sld_grid_point(p->grid, (size_t)point->teacher)->arm);
    } else if (sld_config_wants_teacher(o) && *o->teacher.weights) {
        SLD_TRY(sld_experiment_network(p->ctx, o->teacher.weights, network));
    }
    snprintf(line, sizeof line, "%s by %s, %lld epoch%s on %s (%s%zu image%s, %zu to test)%s%.64s",
             o->student.network, sld_config_word(o, "method"), (long long)o->train.epochs,
             sld_text_plural(o->train.epochs), sld_config_word(o, "data.format"),
             read ? "" : "cannot be read here; if as CIFAR: ", size.train,
             sld_text_plural((long long)size.train), size.test, *network ? ", teacher " : "",
             network);
    if (sld_vain_bf16(o, vain)) {
        const size_t n = strlen(line);
        snprintf(line + n, sizeof line - n, "; %s", vain);
    }
    if (read && sld_vain_batch(o, &size, vain)) {
        const size_t n = strlen(line);
        snprintf(line + n, sizeof line - n, "; %s", vain);
    }
    if (read && sld_vain_share(o, &size, vain)) {
        const size_t n = strlen(line);
        snprintf(line + n, sizeof line - n, "; %s", vain);
    }
    for (size_t i = 0; i < p->out->n_made; i++) {
        if (strcmp(p->out->made[i], line) == 0) {
            return SLD_OK;
        }
    }
    if (p->out->n_made < SLD_COST_LINES) {
        memcpy(p->out->made[p->out->n_made++], line, sizeof line);
    } else {
        p->out->n_more++;
    }
    return SLD_OK;
}

/* ---- measured speed ---- */

enum { MEASURED_MAX = 32 }; /* more trials would not make the mean better */

/* Core-seconds that the training of an ended trial took; 0: its results do not tell. */
static double core_seconds(const sld_grid *grid, size_t point)
{
    sld_ctx  quiet;
    char     dir[PATH_MAX], path[PATH_MAX];
    int      n_dims;
    size_t   dims[SLD_DOC_DIMS] = {0};
    int64_t  ranks              = 0;
    double   sum                = 0, *seconds;
    sld_doc *doc                = NULL;

    sld_ctx_init(&quiet); /* results that cannot be read are no error here */
    sld_grid_trial_dir(grid, point, dir);
    sld_run_path(dir, SLD_RUN_RESULTS, 0, path);
    if (sld_doc_open(&quiet, path, &doc) != SLD_OK ||
        sld_doc_dims(&quiet, doc, "/epoch/seconds", &n_dims, dims) != SLD_OK || n_dims != 1 ||
        sld_doc_get_attr(&quiet, doc, "/", "ranks", SLD_I64, 1, &ranks) != SLD_OK ||
        !(seconds = calloc(dims[0] + 1, sizeof *seconds))) {
        sld_doc_close(doc);
        return 0;
    }
    if (sld_doc_get(&quiet, doc, "/epoch/seconds", SLD_F64, dims[0], seconds) == SLD_OK) {
        for (size_t i = 0; i < dims[0]; i++) {
            sum += seconds[i] * (double)ranks;
        }
    }
    free(seconds);
    sld_doc_close(doc);
    return sum;
}

static void measure(plan *p, size_t point, const cost *c)
{
    const double seconds = p->out->measured < MEASURED_MAX ? core_seconds(p->grid, point) : 0;

    if (seconds > 0 && isfinite(seconds)) {
        p->done_flops += c->train_flops;
        p->done_core_s += seconds;
        p->out->measured++;
    }
}

/* ---- the sum ---- */

/* The part of a trial that is left to compute, from 0 to 1. */
static double part_left(const sld_point_status *status)
{
    if (!status || status->state == SLD_POINT_WAITING || status->state == SLD_POINT_FAILED) {
        return 1;
    }
    if (status->state == SLD_POINT_RUNNING) {
        return status->epochs > 0 ? 1 - (double)status->epoch / ((double)status->epochs + 1) : 1;
    }
    return 0;
}

static sld_status add_logits(plan *p, const sld_point *point, const sld_options *o, const cost *c)
{
    sld_data_sizes size;
    double         teacher;
    bool           is_new = false;

    (void)sld_sweep_sizes_of(&p->data, o, &size);
    if (*c->logits_key) {
        SLD_TRY(take_key(p, c->logits_key, &is_new));
    }
    if (!is_new) {
        return SLD_OK;
    }
    SLD_TRY(teacher_macs(p, point, o, &size, &teacher));
    p->flops += 2 * teacher * c->logits_bytes / (4 * (double)size.K);
    p->out->logits_bytes += c->logits_bytes;
    if (!*o->teacher.logits && o->teacher.logits_budget == 0) {
        p->out->folder_logits_bytes += c->logits_bytes;
    }
    return SLD_OK;
}

static sld_status add_point(plan *p, size_t i, const sld_point_status *status)
{
    const sld_point *point  = sld_grid_point(p->grid, i);
    sld_config      *config = NULL;
    cost             c      = {.logits_key = ""};
    const double     left   = part_left(status);

    SLD_TRY(sld_config_parse(p->ctx, point->id, point->experiment, strlen(point->experiment), NULL,
                             0, sld_method_defaults, &config));
    const sld_options *o  = sld_config_options(config);
    sld_status         st = left > 0 ? describe(p, point, o) : SLD_OK;
    if (st == SLD_OK) {
        st = cost_of(p, point, o, &c);
    }
    if (st == SLD_OK && left > 0) {
        const double ranks = (double)o->parallel.shards;
        st                 = add_logits(p, point, o, &c);
        p->flops += left * c.flops;
        p->longest_flops = fmax(p->longest_flops, left * c.flops / ranks);
        p->out->ranks += ranks;
        p->out->max_ranks = fmax(p->out->max_ranks, ranks);
        p->out->left++;
    } else if (st == SLD_OK && status->state == SLD_POINT_DONE) {
        measure(p, i, &c);
    }
    sld_config_destroy(config);
    p->out->kept_bytes += c.kept_bytes;
    p->out->running_bytes = fmax(p->out->running_bytes, c.running_bytes);
    return st;
}

sld_status sld_sweep_cost_of(sld_ctx *ctx, const sld_grid *grid, const sld_point_status *status,
                             sld_sweep_cost *out)
{
    plan      *p  = calloc(1, sizeof *p);
    sld_status st = p ? SLD_OK : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: the plan");

    *out = (sld_sweep_cost){.points = sld_grid_count(grid)};
    if (st == SLD_OK) {
        *p = (plan){.ctx = ctx, .grid = grid, .out = out};
    }
    for (size_t i = 0; st == SLD_OK && i < out->points; i++) {
        st = add_point(p, i, status ? &status[i] : NULL);
    }
    if (st == SLD_OK) {
        const double flops = out->measured > 0 ? p->done_flops / p->done_core_s : GUESS_FLOPS;
        out->gflops        = flops / 1e9;
        out->core_hours    = p->flops / flops / 3600;
        out->longest_hours = p->longest_flops / flops / 3600;
    }
    for (size_t i = 0; p && i < p->n_keys; i++) {
        free(p->keys[i]);
    }
    free(p ? p->keys : NULL);
    free(p);
    return st;
}

double sld_sweep_cores(void)
{
    int cpus[SLD_CPUS_MAX];

    return (double)sld_cpus_cores(cpus);
}
