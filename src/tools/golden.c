/* golden.c: swaps, losses and their gradients against what the public code of SLD computes. A golden
 * file has a group per case (student_weak, teacher_weak, ..., labels; of one view student, teacher),
 * in it a group per method: docs/golden.md, "Losses". Rows are shared out over the ranks like a
 * global batch. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "recipes.h"
#include "sld/tools.h"

/* The golden values are float64 computed from the same float32 logits; ours leave as float32
 * (6e-8), so these tolerances hold back errors of meaning, not of rounding. */
#define LOSS_TOLERANCE     1e-5 /* relative */
#define GRADIENT_TOLERANCE 1e-5 /* of the gradient's norm */
#define SHARDS             8    /* some are empty in a case of fewer rows */
#define PATH_BYTES         256

enum { TEACHER, STUDENT, NETWORKS };
typedef struct names { /* of the data sets of one view */
    const char *z[NETWORKS], *gradient;
} names;
static const names two_views[SLD_VIEWS] = {
    {{"teacher_weak", "student_weak"}, "grad_student_weak"},
    {{"teacher_strong", "student_strong"}, "grad_student_strong"}};
static const names       one_view[SLD_VIEWS]    = {{{"teacher", "student"}, "grad_student"}};
static const char *const swapped_name[NETWORKS] = {"teacher_weak_swapped", "student_weak_swapped"};

typedef struct run {
    sld_ctx        *ctx;
    const sld_comm *comm;
    sld_doc        *doc;
    bool            speaks; /* rank 0 */
    sld_golden     *out;
} run;

typedef struct golden_case {
    char         group[PATH_BYTES]; /* "/small" */
    size_t       N, K;
    int          n_views;
    const names *names; /* (n_views) */
    sld_arena   *arena;
    float       *z[NETWORKS][SLD_VIEWS]; /* (N,K) the global batch */
    int32_t     *labels;                 /* (N) */
    uint32_t    *sample;                 /* (N) */
    double      *wanted;                 /* (N,K) scratch */
    float       *dz;                     /* (N,K) scratch */
    sld_tree    *tree;
    double       worst_loss, worst_gradient;
} golden_case;

/* path = GROUP/NAME. */
static sld_status join(run *r, const char *group, const char *name, char path[PATH_BYTES])
{
    if (snprintf(path, PATH_BYTES, "%s/%s", group, name) >= PATH_BYTES) {
        return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: expected a shorter path than %s/%s",
                        sld_doc_path(r->doc), group, name);
    }
    return SLD_OK;
}

/* ---- comparing ---- */

/* Records an error against its tolerance; anything not comparable (NaN) fails. */
static void judge(run *r, const char *group, const char *what, double error, double tolerance,
                  double *worst)
{
    r->out->compared++;
    if (!(error <= *worst)) *worst = error;
    if (error <= tolerance) return;
    r->out->failed++;
    if (r->speaks) printf("FAIL: %s %s: error %.3g, at most %.0e\n", group, what, error, tolerance);
}

static sld_status judge_loss(run *r, golden_case *c, const char *group, const char *name,
                             double value)
{
    double want = 0.0;
    SLD_TRY(golden_number(r->ctx, r->doc, group, name, &want));
    const double scale = want != 0.0 ? fabs(want) : 1.0;
    judge(r, group, name, fabs(value - want) / scale, LOSS_TOLERANCE, &c->worst_loss);
    return SLD_OK;
}

/* Collective. |dz - want| / |want| over the rows of all ranks. */
static sld_status judge_gradient(run *r, golden_case *c, const char *group, int view)
{
    const char *name = c->names[view].gradient;
    char        path[PATH_BYTES];
    SLD_TRY(join(r, group, name, path));
    SLD_TRY(sld_doc_get(r->ctx, r->doc, path, SLD_F64, c->N * c->K, c->wanted));

    double          sq[64][2] = {{0.0, 0.0}}; /* per slot: error, wanted */
    const size_t    begin     = sld_tree_mine(c->tree).begin;
    const sld_tree *t         = c->tree;
    for (int s = sld_tree_first(t); s < sld_tree_first(t) + sld_tree_count(t); s++) {
        const sld_range rows = sld_tree_shard(t, s);
        if (rows.begin == rows.end) continue;
        double *slot = sq[sld_tree_slot(t, s)];
        slot[0] = slot[1] = 0.0;
        for (size_t i = rows.begin * c->K; i < rows.end * c->K; i++) {
            const double error = (double)c->dz[i - begin * c->K] - c->wanted[i];
            slot[0] += error * error;
            slot[1] += c->wanted[i] * c->wanted[i];
        }
        for (int m = sld_tree_merges(t, s); m > 0; m--, slot -= 2) {
            sld_op_combine(SLD_SUM_F64, slot - 2, slot, 2);
        }
    }
    SLD_TRY(sld_tree_reduce(r->ctx, c->tree, SLD_SUM_F64, sq, sizeof sq[0], 2));
    const double scale = sq[0][1] > 0.0 ? sqrt(sq[0][1]) : 1.0;
    judge(r, group, name, sqrt(sq[0][0]) / scale, GRADIENT_TOLERANCE, &c->worst_gradient);
    return SLD_OK;
}

/* The parts of a total that a group may give by name. */
enum { CE, KD, CC, BC, RC, PARTS };
static const char *const part_attribute[PARTS] = {"loss_ce", "loss_kd", "loss_cc", "loss_bc",
                                                  "loss_rc"};

static int part_of(const char *term)
{
    return strcmp(term, "ce") == 0   ? CE
           : strcmp(term, "cc") == 0 ? CC
           : strcmp(term, "bc") == 0 ? BC
           : strcmp(term, "rc") == 0 ? RC
                                     : KD;
}

/* Collective. One method's group: the views it has gradients for. */
static sld_status compare_views(run *r, golden_case *c, const char *group,
                                const golden_recipe *recipe, sld_objective *o)
{
    const size_t begin       = sld_tree_mine(c->tree).begin;
    double       part[PARTS] = {0.0}, total = 0.0, slope = 0.0; /* weighted, summed over views */
    for (int view = 0; view < c->n_views; view++) {
        char path[PATH_BYTES];
        SLD_TRY(join(r, group, c->names[view].gradient, path));
        if (!sld_doc_has(r->doc, path)) continue;

        const sld_rows rows = {.z_s    = c->z[STUDENT][view] + begin * c->K,
                               .z_t    = c->z[TEACHER][view] + begin * c->K,
                               .labels = c->labels + begin,
                               .sample = c->sample + begin,
                               .view   = view,
                               .epoch  = recipe->epoch};
        sld_view_sums  sums;
        SLD_TRY(sld_objective_view(r->ctx, o, c->tree, &rows, c->dz, &sums));
        for (size_t i = 0; i < sld_objective_terms(o); i++) {
            const double mean =
                sld_objective_weight(o, i, view, recipe->epoch) * sums.loss[i] / sums.rows;
            part[part_of(sld_objective_term_name(o, i))] += mean;
        }
        total += sums.total / sums.rows;
        slope += sld_objective_parameter_gradient(o) / sums.rows;
        SLD_TRY(judge_gradient(r, c, group, view));
    }
    for (int i = 0; i < PARTS; i++) {
        if (!sld_doc_has_attr(r->doc, group, part_attribute[i])) continue;
        SLD_TRY(judge_loss(r, c, group, part_attribute[i], part[i]));
    }
    if (sld_objective_trains(o)) SLD_TRY(judge_loss(r, c, group, "grad_parameter", slope));
    return judge_loss(r, c, group, "total", total);
}

static sld_status compare_method(run *r, golden_case *c, const char *group)
{
    golden_recipe  recipe;
    sld_objective *o = NULL;
    SLD_TRY(golden_recipe_read(r->ctx, r->doc, group, c->N, c->K, &recipe));
    SLD_TRY(sld_objective_create(r->ctx, &recipe.params, c->N, &o));
    if (sld_objective_trains(o)) sld_objective_set_parameter(o, recipe.parameter);

    sld_status st =
        sld_tree_create(r->ctx, r->comm, SHARDS, c->N, sld_objective_message_bytes(o), &c->tree);
    if (st == SLD_OK) st = compare_views(r, c, group, &recipe, o);
    sld_tree_destroy(c->tree);
    c->tree = NULL;
    sld_objective_destroy(o);
    return st;
}

/* The swap itself, to be met exactly. */
static sld_status compare_swap(run *r, golden_case *c, int network)
{
    char path[PATH_BYTES];
    SLD_TRY(join(r, c->group, swapped_name[network], path));
    if (!sld_doc_has(r->doc, path)) return SLD_OK;
    SLD_TRY(sld_doc_get(r->ctx, r->doc, path, SLD_F64, c->N * c->K, c->wanted));

    double worst = 0.0, n_wrong = 0.0;
    for (size_t i = 0; i < c->N; i++) {
        const size_t at = i * c->K;
        sld_swap(c->z[network][SLD_WEAK] + at, c->labels[i], c->K, c->dz);
        for (size_t k = 0; k < c->K; k++) {
            n_wrong += (double)c->dz[k] != c->wanted[at + k];
        }
    }
    judge(r, path, "entries that differ", n_wrong, 0.0, &worst);
    return SLD_OK;
}

/* ---- cases ---- */

static sld_status alloc(run *r, golden_case *c, size_t bytes, void **out)
{
    return sld_arena_alloc(r->ctx, c->arena, bytes, out);
}

static sld_status load_case(run *r, golden_case *c)
{
    char   path[PATH_BYTES];
    int    n_dims = 0;
    size_t dims[SLD_DOC_DIMS];
    SLD_TRY(join(r, c->group, one_view->z[STUDENT], path));
    const bool one = sld_doc_has(r->doc, path);
    c->names       = one ? one_view : two_views;
    c->n_views     = one ? 1 : SLD_VIEWS;
    SLD_TRY(join(r, c->group, c->names->z[STUDENT], path));
    SLD_TRY(sld_doc_dims(r->ctx, r->doc, path, &n_dims, dims));
    if (n_dims != 2) {
        return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: %s: expected 2 axes, got %d",
                        sld_doc_path(r->doc), path, n_dims);
    }
    c->N = dims[0];
    c->K = dims[1];

    const size_t n = c->N * c->K;
    for (int network = 0; network < NETWORKS; network++) {
        for (int view = 0; view < c->n_views; view++) {
            void *z = NULL;
            SLD_TRY(alloc(r, c, n * sizeof(float), &z));
            c->z[network][view] = z;
            SLD_TRY(join(r, c->group, c->names[view].z[network], path));
            SLD_TRY(sld_doc_get(r->ctx, r->doc, path, SLD_F32, n, z));
        }
    }
    void *labels = NULL, *sample = NULL, *wanted = NULL, *dz = NULL;
    SLD_TRY(alloc(r, c, c->N * sizeof *c->labels, &labels));
    SLD_TRY(alloc(r, c, c->N * sizeof *c->sample, &sample));
    SLD_TRY(alloc(r, c, n * sizeof *c->wanted, &wanted));
    SLD_TRY(alloc(r, c, n * sizeof *c->dz, &dz));
    c->labels = labels;
    c->sample = sample;
    c->wanted = wanted;
    c->dz     = dz;
    SLD_TRY(join(r, c->group, "labels", path));
    return sld_doc_get(r->ctx, r->doc, path, SLD_I32, c->N, labels);
}

static sld_status compare_case(run *r, golden_case *c)
{
    SLD_TRY(load_case(r, c));
    SLD_TRY(compare_swap(r, c, TEACHER));
    SLD_TRY(compare_swap(r, c, STUDENT));

    const char *method = NULL;
    for (size_t i = 0; (method = sld_doc_member(r->doc, c->group, i)) != NULL; i++) {
        char group[PATH_BYTES];
        SLD_TRY(join(r, c->group, method, group));
        if (!sld_doc_has_attr(r->doc, group, "total")) continue; /* a data set, not a method */
        SLD_TRY(compare_method(r, c, group));
    }
    r->out->worst_loss     = fmax(r->out->worst_loss, c->worst_loss);
    r->out->worst_gradient = fmax(r->out->worst_gradient, c->worst_gradient);
    if (r->speaks) {
        printf("%-10s %4zu rows %5zu classes: worst loss error %.2e, worst gradient error %.2e\n",
               c->group + 1, c->N, c->K, c->worst_loss, c->worst_gradient);
    }
    return SLD_OK;
}

static sld_status compare_file(run *r, const char *path)
{
    SLD_TRY(sld_doc_open(r->ctx, path, &r->doc));
    const char *name = NULL;
    for (size_t i = 0; (name = sld_doc_member(r->doc, "/", i)) != NULL; i++) {
        golden_case c = {0};
        SLD_TRY(join(r, "", name, c.group));
        SLD_TRY(sld_arena_create(r->ctx, &c.arena));
        const sld_status st = compare_case(r, &c);
        sld_arena_destroy(c.arena);
        SLD_TRY(st);
    }
    return SLD_OK;
}

sld_status sld_golden_losses(sld_ctx *ctx, const sld_comm *comm, const char *path, sld_golden *out)
{
    run r = {.ctx = ctx, .comm = comm, .speaks = sld_comm_rank(comm) == 0, .out = out};

    *out = (sld_golden){.compared = 0};
    if (sld_comm_size(comm) > SHARDS) {
        return sld_agree(ctx, comm,
                         SLD_FAIL(ctx, SLD_ERR_CONFIG,
                                  "%s: expected at most %d ranks, one for each shard of the rows, "
                                  "got %d; start fewer",
                                  path, SHARDS, sld_comm_size(comm)));
    }
    const sld_status st = compare_file(&r, path);
    sld_doc_close(r.doc);
    return st;
}
