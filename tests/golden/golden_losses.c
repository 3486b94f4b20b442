/* golden_losses FILE: swaps, losses and their gradients against what the public code of SLD
 * computes. FILE: a group per case (student_weak, teacher_weak, ..., labels), in it a group per
 * method. Rows are shared out over the ranks like a global batch. Prints the worst error per case;
 * fails past the tolerance or when nothing was compared. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sld/distill.h"
#include "sld/store.h"

/* The golden values are float64 computed from the same float32 logits; ours leave as float32
 * (6e-8), so these tolerances hold back errors of meaning, not of rounding. */
#define LOSS_TOLERANCE     1e-5 /* relative */
#define GRADIENT_TOLERANCE 1e-5 /* of the gradient's norm */
#define SHARDS             8    /* some are empty in a case of fewer rows */
#define PATH_BYTES         256

enum { TEACHER, STUDENT, NETWORKS };
static const char *const logits_name[NETWORKS][SLD_VIEWS] = {{"teacher_weak", "teacher_strong"},
                                                             {"student_weak", "student_strong"}};
static const char *const swapped_name[NETWORKS] = {"teacher_weak_swapped", "student_weak_swapped"};
static const char *const gradient_name[SLD_VIEWS] = {"grad_student_weak", "grad_student_strong"};

typedef struct run {
    sld_ctx  *ctx;
    sld_comm *comm;
    sld_doc  *doc;
    bool      speaks; /* rank 0 */
    size_t    n_compared, n_failed;
} run;

typedef struct golden_case {
    char       group[PATH_BYTES]; /* "/small" */
    size_t     N, K;
    sld_arena *arena;
    float     *z[NETWORKS][SLD_VIEWS]; /* (N,K) the global batch */
    int32_t   *labels;                 /* (N) */
    uint32_t  *sample;                 /* (N) */
    double    *wanted;                 /* (N,K) scratch */
    float     *dz;                     /* (N,K) scratch */
    sld_tree  *tree;
    double     worst_loss, worst_gradient;
} golden_case;

/* ---- what a method's group asks for ---- */

typedef struct recipe {
    sld_objective_params params;
    int64_t              epoch;
} golden_recipe;

/* path = GROUP/NAME. */
static sld_status join(run *r, const char *group, const char *name, char path[PATH_BYTES])
{
    if (snprintf(path, PATH_BYTES, "%s/%s", group, name) >= PATH_BYTES) {
        return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: the path %s/%s is too long",
                        sld_doc_path(r->doc), group, name);
    }
    return SLD_OK;
}

static sld_status get_f64(run *r, const char *group, const char *name, double *out)
{
    return sld_doc_get_attr(r->ctx, r->doc, group, name, SLD_F64, 1, out);
}

static sld_status get_bool(run *r, const char *group, const char *name, bool *out)
{
    int32_t value = 0;
    SLD_TRY(sld_doc_get_attr(r->ctx, r->doc, group, name, SLD_I32, 1, &value));
    *out = value != 0;
    return SLD_OK;
}

static void set_weights(sld_objective_params *p, double ce, double kd, double lss)
{
    for (int view = 0; view < SLD_VIEWS; view++) {
        p->ce.weight[view]  = ce;
        p->kd.weight[view]  = kd;
        p->lss.weight[view] = lss;
    }
}

static sld_status read_epoch(run *r, const char *group, golden_recipe *out)
{
    double epoch = 0.0;
    SLD_TRY(get_f64(r, group, "epoch", &epoch));
    out->epoch = (int64_t)epoch;
    return SLD_OK;
}

/* sld_*: the public code, both swaps, the student's after epoch 150. */
static sld_status read_sld(run *r, const char *group, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    SLD_TRY(read_epoch(r, group, out));
    if (strstr(group, "/sld_imagenet_weights") != NULL) {
        set_weights(p, 0.5, 0.5, 0.5);
    } else {
        set_weights(p, 0.1, 0.9, 0.9);
    }
    p->correction   = SLD_CORRECT_SWAP;
    p->lss.schedule = sld_schedule_from(150);
    return SLD_OK;
}

/* cell_*: a cell of the ablation, described by attributes. */
static sld_status read_cell(run *r, const char *group, golden_recipe *out)
{
    sld_objective_params *p       = &out->params;
    bool                  teacher = false, teacher_swap = false, student_swap = false;
    SLD_TRY(get_bool(r, group, "teacher", &teacher));
    SLD_TRY(get_bool(r, group, "teacher_swap", &teacher_swap));
    SLD_TRY(get_bool(r, group, "student_swap", &student_swap));
    SLD_TRY(get_bool(r, group, "detach", &p->lss_detach));
    set_weights(p, 0.1, teacher ? 0.9 : 0.0, student_swap ? 0.9 : 0.0);
    p->correction = teacher_swap ? SLD_CORRECT_SWAP : SLD_CORRECT_NONE;
    return SLD_OK;
}

/* kd_*: plain distillation at one temperature. */
static sld_status read_kd(run *r, const char *group, golden_recipe *out)
{
    sld_objective_params *p  = &out->params;
    double                ce = 0.0, kd = 0.0;
    SLD_TRY(get_f64(r, group, "ce_weight", &ce));
    SLD_TRY(get_f64(r, group, "kd_weight", &kd));
    p->kd.temperatures.n = 1;
    SLD_TRY(get_f64(r, group, "temperature", &p->kd.temperatures.t[0]));
    set_weights(p, ce, kd, 0.0);
    return SLD_OK;
}

/* lskd_*: kd on standardised logits. */
static sld_status read_lskd(run *r, const char *group, golden_recipe *out)
{
    out->params.zscore = true;
    return read_kd(r, group, out);
}

/* dkd_*: the public code, alpha 1, beta 8, temperature 4, 20 warm-up epochs. */
static sld_status read_dkd(run *r, const char *group, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    p->loss                 = SLD_TEACHER_LOSS_DKD;
    p->dkd_alpha            = 1.0;
    p->dkd_beta             = 8.0;
    p->kd.temperatures      = (sld_temperatures){.n = 1, .t = {4.0}};
    p->kd.schedule.ramp     = 20;
    set_weights(p, 1.0, 1.0, 0.0);
    return read_epoch(r, group, out);
}

/* mlkd: the public code. */
static sld_status read_mlkd(run *r, const char *group, golden_recipe *out)
{
    sld_objective_params *p = &out->params;
    p->loss                 = SLD_TEACHER_LOSS_MLKD;
    p->mlkd_cc = p->mlkd_bc = 1.0;
    p->kd.temperatures      = (sld_temperatures){.n = 5, .t = {4.0, 3.0, 5.0, 2.0, 6.0}};
    set_weights(p, 0.1, 0.9, 0.0);
    return read_epoch(r, group, out);
}

typedef sld_status (*recipe_reader)(run *r, const char *group, golden_recipe *out);

/* By the method's prefix; NULL for one this build does not know. */
static recipe_reader find_reader(const char *method)
{
    static const struct {
        const char   *prefix;
        recipe_reader read;
    } table[] = {{"sld_", read_sld},   {"cell_", read_cell}, {"kd_", read_kd},
                 {"lskd_", read_lskd}, {"dkd_", read_dkd},   {"mlkd", read_mlkd}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strncmp(method, table[i].prefix, strlen(table[i].prefix)) == 0) return table[i].read;
    }
    return NULL;
}

/* Temperatures 1 to 6 unless the group names its own. */
static sld_status read_temperatures(run *r, const char *group, sld_temperatures *out)
{
    *out = (sld_temperatures){.n = 6, .t = {1, 2, 3, 4, 5, 6}};
    if (!sld_doc_has_attr(r->doc, group, "temperatures")) return SLD_OK;
    SLD_TRY(sld_doc_attr_count(r->ctx, r->doc, group, "temperatures", &out->n));
    if (out->n > SLD_MAX_TEMPERATURES) {
        return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: %s has %zu temperatures, at most %d are wanted",
                        sld_doc_path(r->doc), group, out->n, SLD_MAX_TEMPERATURES);
    }
    return sld_doc_get_attr(r->ctx, r->doc, group, "temperatures", SLD_F64, out->n, out->t);
}

static sld_status read_recipe(run *r, const golden_case *c, recipe_reader read, const char *group,
                              golden_recipe *out)
{
    const sld_schedule always = sld_schedule_from(0);
    *out = (golden_recipe){.epoch = 1, .params = {.classes = c->K, .batch = c->N}};
    out->params.ce.schedule = out->params.kd.schedule = out->params.lss.schedule = always;
    SLD_TRY(read_temperatures(r, group, &out->params.kd.temperatures));
    out->params.lss.temperatures = out->params.kd.temperatures;
    return read(r, group, out);
}

/* ---- comparing ---- */

/* Records an error against its tolerance; anything not comparable (NaN) fails. */
static void judge(run *r, const char *group, const char *what, double error, double tolerance,
                  double *worst)
{
    r->n_compared++;
    if (!(error <= *worst)) *worst = error;
    if (error <= tolerance) return;
    r->n_failed++;
    if (r->speaks) printf("FAIL: %s %s: error %.3g, at most %.0e\n", group, what, error, tolerance);
}

static sld_status judge_loss(run *r, golden_case *c, const char *group, const char *name,
                             double value)
{
    double want = 0.0;
    SLD_TRY(get_f64(r, group, name, &want));
    const double scale = want != 0.0 ? fabs(want) : 1.0;
    judge(r, group, name, fabs(value - want) / scale, LOSS_TOLERANCE, &c->worst_loss);
    return SLD_OK;
}

/* Collective. |dz - want| / |want| over the rows of all ranks. */
static sld_status judge_gradient(run *r, golden_case *c, const char *group, int view)
{
    const char *name = gradient_name[view];
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

/* The parts of a total that a group gives by name; consistency is mlkd's alone. */
enum { CE, KD, CC, BC, PARTS };
static const char *const part_attribute[PARTS] = {"loss_ce", "loss_kd", "loss_cc", "loss_bc"};

static int part_of(const char *term)
{
    return strcmp(term, "ce") == 0   ? CE
           : strcmp(term, "cc") == 0 ? CC
           : strcmp(term, "bc") == 0 ? BC
                                     : KD;
}

/* Collective. One method's group: the views it has gradients for. */
static sld_status compare_views(run *r, golden_case *c, const char *group,
                                const golden_recipe *recipe, sld_objective *o)
{
    const size_t begin       = sld_tree_mine(c->tree).begin;
    double       part[PARTS] = {0.0}, total = 0.0; /* weighted, summed over views */
    for (int view = 0; view < SLD_VIEWS; view++) {
        char path[PATH_BYTES];
        SLD_TRY(join(r, group, gradient_name[view], path));
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
        SLD_TRY(judge_gradient(r, c, group, view));
    }
    for (int i = 0; i < PARTS; i++) {
        if (i >= CC && !sld_doc_has_attr(r->doc, group, part_attribute[i])) continue;
        SLD_TRY(judge_loss(r, c, group, part_attribute[i], part[i]));
    }
    return judge_loss(r, c, group, "total", total);
}

static sld_status compare_method(run *r, golden_case *c, recipe_reader read, const char *group)
{
    golden_recipe  recipe;
    sld_objective *o = NULL;
    SLD_TRY(read_recipe(r, c, read, group, &recipe));
    SLD_TRY(sld_objective_create(r->ctx, &recipe.params, c->N, &o));
    const sld_status st = compare_views(r, c, group, &recipe, o);
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
    SLD_TRY(join(r, c->group, "student_weak", path));
    SLD_TRY(sld_doc_dims(r->ctx, r->doc, path, &n_dims, dims));
    if (n_dims != 2) {
        return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: %s has %d axes, 2 are wanted",
                        sld_doc_path(r->doc), path, n_dims);
    }
    c->N = dims[0];
    c->K = dims[1];

    const size_t n = c->N * c->K;
    for (int network = 0; network < NETWORKS; network++) {
        for (int view = 0; view < SLD_VIEWS; view++) {
            void *z = NULL;
            SLD_TRY(alloc(r, c, n * sizeof(float), &z));
            c->z[network][view] = z;
            SLD_TRY(join(r, c->group, logits_name[network][view], path));
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
    SLD_TRY(sld_doc_get(r->ctx, r->doc, path, SLD_I32, c->N, labels));

    return sld_tree_create(r->ctx, r->comm, SHARDS, c->N, sizeof(sld_view_sums), &c->tree);
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
        const recipe_reader read = find_reader(method);
        if (read == NULL) { /* a method that nobody compares must not look like one that passed */
            return SLD_FAIL(r->ctx, SLD_ERR_DATA, "%s: %s: not a method of this build",
                            sld_doc_path(r->doc), group);
        }
        SLD_TRY(compare_method(r, c, read, group));
    }
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
        sld_tree_destroy(c.tree);
        sld_arena_destroy(c.arena);
        SLD_TRY(st);
    }
    return SLD_OK;
}

int main(int argc, char **argv)
{
    sld_ctx ctx;
    run     r = {.ctx = &ctx};
    if (argc != 2) {
        fprintf(stderr, "usage: golden_losses FILE\n");
        return 2;
    }
    sld_ctx_init(&ctx);
    sld_status st = sld_comm_create(&ctx, &r.comm);
    if (st == SLD_OK) {
        r.speaks = sld_comm_rank(r.comm) == 0;
        st       = compare_file(&r, argv[1]);
    }
    sld_doc_close(r.doc);
    if (st != SLD_OK) fprintf(stderr, "golden_losses: %s\n", ctx.err.msg);
    if (r.speaks) printf("%zu compared, %zu failed\n", r.n_compared, r.n_failed);
    sld_comm_destroy(r.comm);
    return st == SLD_OK && r.n_compared > 0 && r.n_failed == 0 ? 0 : 1;
}
