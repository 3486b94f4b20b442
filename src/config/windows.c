/* windows.c: findings on the epochs in which the terms of the objective act: windows that hold none, growth
 * that does not come to its end, a boost after the end, epochs without any term. */
#include <string.h>

#include "finder.h"
#include "schedule.h"

typedef struct term {
    const char *name;
    const char *after, *until, *boost_after, *boost; /* keys */
    size_t      ramp;                                /* option */
    sld_active  active;
    int64_t first, last; /* it acts after epoch first, up to last; where it does not, both are 0 */
} term;

enum { TERMS = 3 };

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void take_terms(const finder *f, term out[TERMS])
{
    const term all[TERMS] = {
        {"ce", "ce.after", "ce.until", "ce.boost_after", "ce.boost", SLD_OPTION_ce_ramp,
         sld_active_ce(f->o), 0, 0},
        {"kd", "kd.after", "kd.until", "kd.boost_after", "kd.boost", SLD_OPTION_kd_ramp,
         sld_active_kd(f->o), 0, 0},
        {"lss", "student_swap_after", "lss.until", "lss.boost_after", "lss.boost",
         SLD_OPTION_lss_ramp, sld_active_lss(f->o), 0, 0},
    };

    for (size_t i = 0; i < TERMS; i++) {
        const int64_t n = sld_active_epochs(f->o, &all[i].active);
        out[i]          = all[i];
        out[i].first    = n > 0 ? sld_config_when(f->o, all[i].active.after) : 0;
        out[i].last     = out[i].first + n;
    }
}

static bool has_weight(const term *t)
{
    return t->active.weak > 0 || t->active.strong > 0;
}

static bool acts(const term *t)
{
    return t->last > t->first;
}

/* The first of these keys that the user has set; NULL: none. */
static const char *first_given(const finder *f, const term *t)
{
    const char *const keys[] = {t->until, t->after, t->boost_after, t->boost};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (sld_finder_given(f, keys[i])) {
            return keys[i];
        }
    }
    return NULL;
}

/* A window of a term that lies within the run and holds no epoch. */
static void find_window(const finder *f, const term *t)
{
    const int64_t after = sld_config_when(f->o, t->active.after);
    const int64_t until = sld_config_when(f->o, t->active.until);
    const int64_t boosted =
        t->active.boost == 0 ? sld_config_when(f->o, t->active.boost_after) : until;
    const char *key = first_given(f, t);

    if (has_weight(t) && !acts(t) && key &&
        after < f->o->train.epochs) { /* else find_epochs() has found it */
        sld_found(f, key, NO_EPOCH,
                  "the term %s changes nothing here: it comes after epoch %lld and ends with epoch "
                  "%lld, so it acts in no epoch, and train.epochs is %lld",
                  t->name, (long long)after, (long long)less(boosted, until),
                  (long long)f->o->train.epochs);
    }
}

/* Growth over one epoch is none: the first epoch has the full weight. Where a method or a file below
 * the command line has another ramp, 1 takes it away. */
static void find_step(const finder *f, size_t id)
{
    const sld_option *option = sld_option_at(id);
    int               origin = (int)f->config->origins[id];

    if (origin < SLD_FROM_FILE || *(const int64_t *)sld_option_value(f->o, option) != 1 ||
        !sld_condition_holds(option->condition, f->o)) {
        return;
    }
    for (origin--; origin > SLD_FROM_DEFAULT && !f->config->overlays[origin]->settings[id].given;) {
        origin--;
    }
    if (f->config->overlays[origin]->settings[id].value.i64 == 0) {
        sld_found(
            f, sld_option_key(option), ONE_EPOCH,
            "changes nothing here: expected 2 or more epochs of growth, got 1, which is a step "
            "like 0");
    }
}

/* ", as method dkd has it": a method's growth is that of the runs for which it was published. */
static void whose(const finder *f, size_t id, char *out, size_t n)
{
    out[0] = '\0';
    if (f->config->origins[id] == SLD_FROM_METHOD || f->config->origins[id] == SLD_FROM_DEFAULT) {
        snprintf(out, n, ", as method %.40s has it", sld_config_word(f->o, "method"));
    }
}

/* Growth that is longer than the term acts. */
static void find_ramp(const finder *f, const term *t)
{
    const sld_option *option = sld_option_at(t->ramp);
    const int64_t ramp = *(const int64_t *)sld_option_value(f->o, option), n = t->last - t->first;
    char          owner[64];

    if (acts(t) && n < ramp) {
        whose(f, t->ramp, owner, sizeof owner);
        sld_found(
            f, sld_option_key(option), NO_FULL_WEIGHT,
            "the term %s never has its full weight: it grows over %lld epochs%s, acts in %lld "
            "and comes to %.2g of it; let it grow over fewer, or train for more",
            t->name, (long long)ramp, owner, (long long)n, (double)n / (double)ramp);
    }
}

/* The same of the gradient by which ctkd trains its temperature: it grows from the first epoch on. */
static void find_ctkd_ramp(const finder *f, const term *kd)
{
    const int64_t ramp = f->o->ctkd.ramp;
    char          owner[64];

    if (sld_condition_holds(SLD_IF_ctkd, f->o) && sld_condition_holds(SLD_IF_ctkd_range, f->o) &&
        acts(kd) && kd->last < ramp) {
        whose(f, SLD_OPTION_ctkd_ramp, owner, sizeof owner);
        sld_found(
            f, "ctkd.ramp", NO_FULL_WEIGHT,
            "the gradient of the temperature never has its full size: it grows over %lld "
            "epochs%s, the teacher term ends after %lld, and it comes to %.2g of it; let it grow "
            "over fewer, or train for more",
            (long long)ramp, owner, (long long)kd->last, (double)kd->last / (double)ramp);
    }
}

/* A boost after the term's last epoch, within the run: beyond it find_epochs() has found it. */
static void find_boost(const finder *f, const term *t)
{
    const int64_t after = sld_config_when(f->o, t->active.boost_after);
    const int64_t until = sld_config_when(f->o, t->active.until);

    if (acts(t) && t->active.boost != 1 && after >= until && after < f->o->train.epochs) {
        sld_found(
            f, t->boost_after, NO_BOOST,
            "changes nothing here: it comes after epoch %lld, and the term %s ends with epoch "
            "%lld; let the boost begin earlier, or leave it out",
            (long long)after, t->name, (long long)until);
    }
}

/* The end of what acts after epoch `at` without a break; at: nothing acts in the next epoch. */
static int64_t acts_until(const term terms[TERMS], int64_t at)
{
    int64_t end = at;

    for (size_t i = 0; i < TERMS; i++) {
        end = terms[i].first <= at && terms[i].last > end ? terms[i].last : end;
    }
    return end;
}

/* The epoch after which the next term begins; epochs: none does. */
static int64_t next_begin(const term terms[TERMS], int64_t at, int64_t epochs)
{
    int64_t begin = epochs;

    for (size_t i = 0; i < TERMS; i++) {
        begin = acts(&terms[i]) && terms[i].first > at ? less(begin, terms[i].first) : begin;
    }
    return begin;
}

/* Epochs in which no term has a weight, where some other epoch has one. */
static void find_empty_epochs(const finder *f, const term terms[TERMS])
{
    const int64_t epochs = f->o->train.epochs;
    const char   *key    = NULL;
    int64_t       empty = 0, first = 0;

    for (int64_t at = 0, next; at < epochs; at = next) {
        next = acts_until(terms, at);
        if (next == at) {
            next  = next_begin(terms, at, epochs);
            first = empty == 0 ? at + 1 : first;
            empty += next - at;
        }
    }
    for (size_t i = 0; i < TERMS && !key; i++) {
        key = has_weight(&terms[i]) ? first_given(f, &terms[i]) : NULL;
    }
    if (empty > 0 && empty < epochs) {
        sld_found(
            f, key ? key : "train.epochs", NO_TERM,
            "no term of the objective has a weight in %lld of %lld epochs, of which %lld is the "
            "first: momentum and weight decay alone move the weights there; let a term act, or "
            "train for fewer epochs",
            (long long)empty, (long long)epochs, (long long)first);
    }
}

void sld_find_windows(const finder *f)
{
    term terms[TERMS];

    take_terms(f, terms);
    for (size_t i = 0; i < TERMS; i++) {
        find_window(f, &terms[i]);
        find_step(f, terms[i].ramp);
        find_ramp(f, &terms[i]);
        find_boost(f, &terms[i]);
    }
    find_ctkd_ramp(f, &terms[1]);
    find_empty_epochs(f, terms);
}
