/* identity.c: what a trial is made of, and its name; and that it is still made of it.
 *
 * Folders of sld 0.1 hold identities of version 1, which left out how data and weights are
 * normalised. A trial that stands in such a folder goes on under the name that it has there. */
#include <stdio.h>
#include <string.h>

#include "parts.h"

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

/* Teacher and start as the version names them. */
static sld_inputs inputs_of(const sld_setup *s, int version, const char *data)
{
    const bool asks = version == 1 || sld_config_wants_teacher(s->opt);

    return (sld_inputs){
        .data    = data,
        .teacher = s->teacher.model && asks ? sld_weights_name(&s->teacher, version) : NULL,
        .teacher_logits =
            or_null(version == 1 ? s->teacher_files.sha : s->teacher_files.folder_sha),
        .student = s->start.model ? sld_weights_name(&s->start, version) : NULL};
}

/* What was read, by content alone: what a trial compares when it goes on. */
static sld_status describe_contents(sld_ctx *ctx, sld_setup *s, const char *data)
{
    const sld_inputs in = {.data           = data,
                           .teacher        = s->teacher.model ? s->teacher.content : NULL,
                           .teacher_logits = or_null(s->teacher_files.folder_sha),
                           .student        = s->start.model ? s->start.content : NULL};
    return sld_identity_text(ctx, s->arena, "", &in, &s->identity.contents);
}

/* The ID that a sweep of version 1 gave: it named synthetic data by a word, and a teacher of its
 * own by its place, DIR/trials/ID/FILE. */
static sld_status id_of_old_sweep(sld_ctx *ctx, sld_setup *s, const char *data,
                                  char id[SLD_ID_LENGTH + 1])
{
    const char *claims = strstr(s->opt->run.claim, "/claims/"), *weights = s->opt->teacher.weights,
               *text;
    sld_inputs in = inputs_of(s, 1, data);
    char       point[128];

    for (const char *c = claims; c; c = strstr(c + 1, "/claims/")) {
        claims = c; /* the last: a folder above may bear that name too */
    }
    const size_t n = claims ? (size_t)(claims - s->opt->run.claim) : 0;
    if (n > 0 && strncmp(weights, s->opt->run.claim, n) == 0 &&
        strncmp(weights + n, "/trials/", 8) == 0) {
        snprintf(point, sizeof point, "point %.100s", weights + n + 8);
        in.teacher = point;
    }
    if (s->opt->data.format == SLD_FORMAT_SYNTHETIC) {
        in.data = "synthetic";
    }
    in.teacher_logits = or_null(s->teacher_files.folder_sha);
    SLD_TRY(sld_identity_text(ctx, s->arena, sld_config_identity(s->params->config), &in, &text));
    sld_identity_id(text, id);
    return SLD_OK;
}

/* An attempt bears the ID of its point: its claim says which. That was made when the spec was read;
 * what lies there now must still make it. */
static sld_status check_plan(sld_ctx *ctx, sld_setup *s, const char *old_data)
{
    char    planned[SLD_ID_LENGTH + 1], old[SLD_ID_LENGTH + 1];
    int64_t attempt;

    if (s->opt->run.attempt == 0 || !sld_claim_parse(s->opt->run.claim, planned, &attempt) ||
        strcmp(planned, s->identity.id) == 0) {
        return SLD_OK;
    }
    SLD_TRY(id_of_old_sweep(ctx, s, old_data, old));
    if (strcmp(planned, old) == 0) {
        s->identity.text = s->identity.old_text;
        memcpy(s->identity.id, planned, sizeof planned);
        return SLD_OK;
    }
    const char *given[] = {s->opt->data.path, s->opt->teacher.weights, s->opt->teacher.logits_files,
                           s->opt->student.weights};
    char        inputs[512] = "";
    size_t      n           = 0;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (*given[i] && n < sizeof inputs) {
            n += (size_t)snprintf(inputs + n, sizeof inputs - n, "%s%.120s",
                                  n > 0 ? ", " : " (one of ", given[i]);
        }
    }
    return SLD_FAIL(
        ctx, SLD_ERR_CONFIG,
        "trial %s: expected the data set and weights that the sweep's spec was read with, got "
        "others%s%s, which make it trial %s; put them back, or give the spec to sld sweep again",
        planned, inputs, n > 0 ? ")" : "", s->identity.id);
}

sld_status sld_trial_identify(sld_ctx *ctx, sld_setup *s)
{
    const char *options = sld_config_identity(s->params->config);
    char        data[SLD_NAME_BYTES], old_data[SLD_NAME_BYTES];

    sld_data_name(s->opt, s->set, SLD_ID_VERSION, data);
    sld_data_name(s->opt, s->set, 1, old_data);
    const sld_inputs now = inputs_of(s, SLD_ID_VERSION, data), old = inputs_of(s, 1, old_data);

    SLD_TRY(sld_identity_text(ctx, s->arena, options, &now, &s->identity.text));
    SLD_TRY(sld_identity_text(ctx, s->arena, options, &old, &s->identity.old_text));
    SLD_TRY(describe_contents(ctx, s, data));
    sld_identity_id(s->identity.text, s->identity.id);
    return check_plan(ctx, s, old_data);
}

bool sld_trial_is_old(const sld_identity *own)
{
    return own->text == own->old_text;
}

static bool is_same(sld_identity *own, const char *identity)
{
    if (strcmp(identity, own->old_text) == 0 && !sld_trial_is_old(own)) {
        own->text = own->old_text;
        sld_identity_id(own->text, own->id);
    }
    return strcmp(identity, own->text) == 0;
}

/* ---- what two texts of "key: value" lines differ in ---- */

static void value_in(const char *text, const char *key, size_t n_key, char value[96])
{
    snprintf(value, 96, "its default");
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strncmp(text, key, n_key) == 0 && strncmp(text + n_key, ": ", 2) == 0) {
            const size_t n = strcspn(text, "\n") - n_key - 2;
            snprintf(value, 96, "%.*s", (int)(n < 95 ? n : 95), text + n_key + 2);
            return;
        }
    }
}

/* The first key of `from` whose value in `other` is another. */
static bool find_difference(const char *from, const char *other, char key[64])
{
    char mine[96], theirs[96];

    for (; *from; from += strcspn(from, "\n"), from += *from == '\n') {
        const size_t n = strcspn(from, ":");
        value_in(from, from, n, mine);
        value_in(other, from, n, theirs);
        if (strcmp(mine, theirs) != 0) {
            snprintf(key, 64, "%.*s", (int)(n < 63 ? n : 63), from);
            return true;
        }
    }
    return false;
}

void sld_trial_describe_difference(const char *there, const char *here, char *text, size_t n)
{
    char key[64] = "", theirs[96], mine[96];

    if (!find_difference(here, there, key)) {
        find_difference(there, here, key);
    }
    value_in(there, key, strlen(key), theirs);
    value_in(here, key, strlen(key), mine);
    snprintf(text, n, "%s is %s there, %s here", key, theirs, mine);
}

/* The text of one's own that is of the version of theirs: they have the data in common, if any. */
static const char *own_text(const sld_identity *own, const char *theirs)
{
    char data[96], old_data[96];

    value_in(theirs, "data", 4, data);
    value_in(own->old_text, "data", 4, old_data);
    return strcmp(data, old_data) == 0 ? own->old_text : own->text;
}

sld_status sld_trial_check_same(sld_ctx *ctx, sld_identity *own, const char *where,
                                const char *identity, const char *contents)
{
    char text[320];

    if (!is_same(own, identity)) {
        sld_trial_describe_difference(identity, own_text(own, identity), text, sizeof text);
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: expected this trial, got another trial: %s; choose another run.dir, "
                        "or move this away%s",
                        where, text,
                        strncmp(text, "train.epochs ", 13) != 0
                            ? ""
                            : " (another length has another schedule of the rate; to train these "
                              "weights further, start there: student.weights=RUN/last.h5)");
    }
    if (contents && strcmp(contents, own->contents) != 0) {
        sld_trial_describe_difference(contents, own->contents, text, sizeof text);
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: what it was made from has changed: %s; put it back, or choose another "
                        "run.dir",
                        where, text);
    }
    return SLD_OK;
}
