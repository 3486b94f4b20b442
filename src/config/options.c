/* options.c: the table of options.def as rows, and how a key is found in it. */
#include "options.h"

#include <string.h>

#define KIND_result true
#define KIND_run    false

#define SLD_SECTION(name)
#define SLD_OPTION(sect, nam, typ, init, limit, units, kind, text)                                 \
    {.section = #sect,                                                                             \
     .name    = #nam,                                                                              \
     .dotted  = #sect "." #nam,                                                                    \
     .type    = SLD_TYPE_##typ,                                                                    \
     .offset  = offsetof(sld_options, sect.nam),                                                   \
     .size    = sizeof((sld_options *)0)->sect.nam,                                                \
     .initial = init,                                                                              \
     .limits  = limit,                                                                             \
     .unit    = units,                                                                             \
     .help    = text,                                                                              \
     .result  = KIND_##kind},
#define SLD_SECTION_END(name)
static const sld_option rows[SLD_OPTION_COUNT] = {
#include "options.def"
};

#define SLD_SECTION(name) #name,
#define SLD_OPTION(section, name, type, initial, limits, unit, kind, help)
#define SLD_SECTION_END(name)
static const char *const sections[SLD_SECTION_COUNT] = {
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

int sld_option_find(const char *key)
{
    for (size_t i = 0; i < SLD_OPTION_COUNT; i++) {
        if (strcmp(sld_option_key(&rows[i]), key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int sld_section_find(const char *name)
{
    for (size_t i = 0; i < SLD_SECTION_COUNT; i++) {
        if (i != SLD_SECTION_top && strcmp(sections[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Words of other programs, too far from ours for the edit distance, or near to a wrong one. */
static const char *const elsewhere[][2] = {
    {"lss.after", "student_swap_after"}, {"learning_rate", "train.lr"},
    {"batch_size", "train.batch"},       {"model", "student.network"},
    {"network", "student.network"},      {"dataset", "data.format"},
    {"tau", "kd.temperatures"},          {"alpha", "kd.weak"},
};

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
            candidates[n++] = sections[i];
        }
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
