/* options.c: the rows of options.def, and the search for a key in them. */
#include "options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WORD(value, word) word,
#define WORDS(set)                                                                                 \
    static const char *const words_of_##set[] = {SLD_CHOICES_##set(WORD) NULL};                    \
    _Static_assert(sizeof(sld_choice_##set) == sizeof(int), "a choice is read and written as "     \
                                                            "int");
SLD_CHOICE_SETS(WORDS)

/* A type that is no set of words has no words. */
#define words_of_bool  NULL
#define words_of_i64   NULL
#define words_of_count NULL
#define words_of_f64   NULL
#define words_of_text  NULL
#define words_of_path  NULL
#define words_of_list  NULL
#define words_of_when  NULL

enum {
    SLD_TYPE_method     = SLD_TYPE_choice,
    SLD_TYPE_correction = SLD_TYPE_choice,
    SLD_TYPE_loss       = SLD_TYPE_choice,
    SLD_TYPE_format     = SLD_TYPE_choice,
    SLD_TYPE_noise      = SLD_TYPE_choice,
    SLD_TYPE_crop       = SLD_TYPE_choice,
    SLD_TYPE_arithmetic = SLD_TYPE_choice,
    SLD_TYPE_best_on    = SLD_TYPE_choice,
    SLD_TYPE_isa        = SLD_TYPE_choice,
    SLD_TYPE_features   = SLD_TYPE_choice
};

#define SLD_SECTION(name, ...)
#define SLD_OPTION(sect, nam, typ, init, limit, units, kin, cond, text)                            \
    {.section   = #sect,                                                                           \
     .name      = #nam,                                                                            \
     .dotted    = #sect "." #nam,                                                                  \
     .type      = (sld_option_type)SLD_TYPE_##typ,                                                 \
     .words     = words_of_##typ,                                                                  \
     .offset    = offsetof(sld_options, sect.nam),                                                 \
     .size      = sizeof((sld_options *)0)->sect.nam,                                              \
     .initial   = init,                                                                            \
     .limits    = limit,                                                                           \
     .unit      = units,                                                                           \
     .help      = text,                                                                            \
     .kind      = SLD_KIND_##kin,                                                                  \
     .condition = SLD_IF_##cond},
#define SLD_SECTION_END(name)
static const sld_option rows[SLD_OPTION_COUNT] = {
#include "options.def"
};

#define SLD_SECTION(name, about) {#name, about},
#define SLD_OPTION(section, name, ...)
#define SLD_SECTION_END(name)
static const struct {
    const char *name, *about;
} sections[SLD_SECTION_COUNT] = {
#include "options.def"
};

const sld_option *sld_option_at(size_t i)
{
    return &rows[i];
}

bool sld_option_in_top(const sld_option *option)
{
    return strcmp(option->section, "top") == 0;
}

const char *sld_option_key(const sld_option *option)
{
    return sld_option_in_top(option) ? option->name : option->dotted;
}

const char *sld_config_key(size_t i)
{
    return i < SLD_OPTION_COUNT ? sld_option_key(&rows[i]) : NULL;
}

const char *sld_config_word(const sld_options *options, const char *key)
{
    const sld_option *option = sld_option_at(sld_option_index(key));

    return option->words[*(const int *)((const char *)options + option->offset)];
}

int sld_option_find(const char *key)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (strcmp(sld_option_key(&rows[i]), key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

size_t sld_option_index(const char *key)
{
    const int id = sld_option_find(key);

    assert(id >= 0);
    return (size_t)id;
}

int sld_section_find(const char *name)
{
    for (size_t i = 0; i < SLD_SECTION_COUNT; i++) {
        if (i != SLD_SECTION_top && strcmp(sections[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int64_t sld_config_default_whole(const char *key)
{
    return strtoll(rows[sld_option_index(key)].initial, NULL, 10);
}

const char *sld_config_topic(const char *topic)
{
    for (size_t i = 0; i < SLD_SECTION_COUNT; i++) {
        if (strcmp(sections[i].name, topic) == 0) {
            return sections[i].about;
        }
    }
    return NULL;
}

/* Words of other programs that are too far from ours for the edit distance, or nearer to a wrong
 * one. */
static const char *const elsewhere[][2] = {
    {"lss.after", "student_swap_after"}, {"learning_rate", "train.lr"},
    {"batch_size", "train.batch"},       {"model", "student.network"},
    {"network", "student.network"},      {"dataset", "data.format"},
    {"tau", "kd.temperatures"},          {"alpha", "kd.weak"},
};

/* The one option whose key or name begins so: "kd.temp", "momen". NULL if there are several, or the
 * name has fewer than 3 letters. */
static const char *completed(const char *key, const char *name)
{
    const sld_option *found = NULL;
    const bool        whole = name != key;

    for (size_t i = 0; strlen(name) >= 3 && i < SLD_OPTION_COUNT; i++) {
        const char *candidate = whole ? sld_option_key(&rows[i]) : rows[i].name;
        if (strncmp(candidate, key, strlen(key)) == 0) {
            if (found) {
                return NULL;
            }
            found = &rows[i];
        }
    }
    return found ? sld_option_key(found) : NULL;
}

const char *sld_option_nearest(const char *key)
{
    const char *candidates[SLD_OPTION_COUNT + SLD_SECTION_COUNT];
    const char *tail = strchr(key, '.');
    const char *dot  = strrchr(key, '.');
    const char *name = dot ? dot + 1 : key;
    size_t      n    = 0;

    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        const char *word = strchr(elsewhere[i][0], '.') ? key : name;
        if (strcmp(elsewhere[i][0], word) == 0) {
            return elsewhere[i][1];
        }
    }
    /* A whole key inside a section: train: {kd.weak: 1}. */
    if (tail && sld_option_find(tail + 1) >= 0) {
        return tail + 1;
    }
    /* The right name in the wrong section, or in none: "epochs" for train.epochs. */
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return sld_option_key(&rows[i]);
        }
        candidates[n++] = sld_option_key(&rows[i]);
    }
    for (size_t i = 0; i < SLD_SECTION_COUNT; i++) {
        if (i != SLD_SECTION_top) {
            candidates[n++] = sections[i].name;
        }
    }
    const char *longer = completed(key, name);
    if (longer) {
        return longer;
    }
    int found = sld_text_nearest(key, candidates, n);
    if (found >= 0) {
        return candidates[found];
    }
    /* Nearly the right name in the wrong section: "epoch" for train.epochs. */
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        candidates[i] = rows[i].name;
    }
    found = sld_text_nearest(name, candidates, SLD_OPTION_COUNT);
    return found >= 0 ? sld_option_key(&rows[found]) : NULL;
}
