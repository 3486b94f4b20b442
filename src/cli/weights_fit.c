/* weights_fit.c: whether weights that a sweep names are what it takes them for: a teacher's, and those from which
 * a student starts. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "sld/nn.h"

/* Weights that exist are of the network by which the teacher is described, if it names one. */
static sld_status check_described(sld_ctx *ctx, const sld_grid_teacher *t)
{
    const char           *network = sld_config_options(t->described)->student.network;
    const sld_weights_use use     = {.network = network, .network_key = "student.network"};
    sld_weights_info      info;

    if (sld_config_origin(t->described, "student.network") < SLD_FROM_PRESET) {
        return SLD_OK;
    }
    SLD_TRY(sld_experiment_weights(ctx, t->weights, &info));
    return sld_weights_fit(ctx, t->weights, &info, &use);
}

/* Weights that exist, and a student. */
static sld_status check_file(sld_ctx *ctx, const sld_grid_teacher *t, const sld_data_sizes *images)
{
    const sld_options *o = sld_config_options(t->student);
    sld_weights_info   info;
    sld_weights_use    use = {.of          = "its students' data set",
                              .network     = o->teacher.network,
                              .network_key = "teacher.network"};

    if (images) {
        use.classes  = images->K;
        use.channels = images->C;
    }
    SLD_TRY(sld_experiment_weights(ctx, t->weights, &info));
    SLD_TRY(sld_weights_fit(ctx, t->weights, &info, &use));
    return !images || (size_t)info.input_size == images->H
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "%s: expected weights for images of its students' size, %zux%zu, got "
                          "%dx%d; data.input_size says another size",
                          t->weights, images->H, images->W, info.input_size, info.input_size);
}

/* A teacher that is yet to be trained, and a student. images, its: of the student, of the teacher. */
static sld_status check_trained(sld_ctx *ctx, const sld_grid_teacher *t,
                                const sld_data_sizes *images, const sld_data_sizes *its)
{
    const char *wanted  = sld_config_options(t->student)->teacher.network;
    const char *network = sld_config_options(t->described)->student.network;

    if (*wanted && sld_network_find(wanted) != sld_network_find(network)) {
        return sld_config_reject(ctx, t->student, "teacher.network",
                                 "expected %s, the network of the teacher %.80s, got %.60s; leave "
                                 "it out, or name another teacher",
                                 network, t->name, wanted);
    }
    if (images && its && (images->K != its->K || images->C != its->C)) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "teachers: %.80s: expected a teacher for %zu classes and %zu channels, as "
                        "its students' data have, got one for %zu and %zu; give each data set a "
                        "teacher of its own",
                        t->name, images->K, images->C, its->K, its->C);
    }
    return !images || !its || (images->H == its->H && images->W == its->W)
               ? SLD_OK
               : SLD_FAIL(ctx, SLD_ERR_CONFIG,
                          "teachers: %.80s: expected images of its students' size, %zux%zu, got "
                          "%zux%zu; give it the same data.input_size",
                          t->name, images->H, images->W, its->H, its->W);
}

sld_status sld_experiment_teacher(sld_ctx *ctx, void *user, const sld_grid_teacher *t)
{
    sld_experiment_data *seen = user;
    sld_data_sizes       images, its;

    if (!t->student) {
        return t->described && t->weights ? check_described(ctx, t) : SLD_OK;
    }
    const bool known = sld_sweep_sizes_of(&seen->sizes, sld_config_options(t->student), &images);
    if (t->weights) {
        return check_file(ctx, t, known ? &images : NULL);
    }
    const bool too = sld_sweep_sizes_of(&seen->sizes, sld_config_options(t->described), &its);
    return check_trained(ctx, t, known ? &images : NULL, too ? &its : NULL);
}

sld_status sld_experiment_start(sld_ctx *ctx, void *user, const sld_config *config)
{
    sld_experiment_data *seen = user;
    const sld_options   *o    = sld_config_options(config);
    sld_weights_use      use  = {
              .of = "the data set", .network = o->student.network, .network_key = "student.network"};
    sld_weights_info info;
    sld_data_sizes   images;
    char             key[sizeof seen->start];

    if (!*o->student.weights) {
        return SLD_OK;
    }
    if (sld_sweep_sizes_of(&seen->sizes, o, &images)) {
        use.classes  = images.K;
        use.channels = images.C;
    }
    snprintf(key, sizeof key, "%s\n%s\n%zu %zu", o->student.weights, use.network, use.classes,
             use.channels);
    if (strcmp(key, seen->start) == 0) { /* most points of a sweep start alike */
        return SLD_OK;
    }
    SLD_TRY(sld_weights_check_path(ctx, config, "student.weights", o->student.weights));
    SLD_TRY(sld_experiment_weights(ctx, o->student.weights, &info));
    SLD_TRY(sld_weights_fit(ctx, o->student.weights, &info, &use));
    memcpy(seen->start, key, sizeof key);
    return SLD_OK;
}

size_t sld_experiment_side(sld_ctx *ctx, void *user, const sld_config *config)
{
    sld_experiment_data *seen = user;
    sld_data_sizes       images;

    (void)ctx;
    return sld_sweep_sizes_of(&seen->sizes, sld_config_options(config), &images) ? images.H : 0;
}
