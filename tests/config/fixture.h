/* fixture.h: an experiment from a literal, with methods of the test's own. */
#ifndef TEST_CONFIG_FIXTURE_H
#define TEST_CONFIG_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

#include "sld/config.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Plain cross-entropy for every method but sld, so that a document need not name a teacher. */
static inline const char *const (*fixture_methods(const char *name))[2]
{
    static const char *const sld[][2]  = {{"ce.weak", "0.1"},
                                          {"ce.strong", "0.1"},
                                          {"kd.weak", "0.9"},
                                          {"kd.strong", "0.9"},
                                          {"kd.temperatures", "[1, 2, 3, 4, 5, 6]"},
                                          {"correction", "swap"},
                                          {"student_swap", "true"},
                                          {"train.lr", "0.025"},
                                          {NULL, NULL}};
    static const char *const kd[][2]   = {{"kd.weak", "0.9"}, {"ce.weak", "0.1"}, {NULL, NULL}};
    static const char *const dkd[][2]  = {{"kd.weak", "1"}, {"kd.ramp", "20"}, {NULL, NULL}};
    static const char *const none[][2] = {{NULL, NULL}};

    return strcmp(name, "sld") == 0    ? sld
           : strcmp(name, "kd") == 0   ? kd
           : strcmp(name, "dkd") == 0  ? dkd
           : strcmp(name, "none") == 0 ? none
                                       : NULL;
}

/* e.yaml holds text; overrides are separated by spaces, so none may hold one. */
static inline sld_status fixture_parse(sld_ctx *ctx, const char *text, const char *overrides,
                                       sld_config **out)
{
    char        words[512] = "";
    const char *list[16];
    size_t      n = 0;

    snprintf(words, sizeof words, "%s", overrides ? overrides : "");
    for (char *c = strtok(words, " "); c; c = strtok(NULL, " ")) {
        list[n++] = c;
    }
    sld_ctx_init(ctx);
    return sld_config_parse(ctx, "e.yaml", text, strlen(text), list, n, fixture_methods, out);
}

static inline sld_config *fixture_config(const char *text, const char *overrides)
{
    sld_ctx     ctx;
    sld_config *config = NULL;

    if (fixture_parse(&ctx, text, overrides, &config) != SLD_OK) {
        fail_msg("%s\nwith %s: %s", text, overrides ? overrides : "no overrides", ctx.err.msg);
    }
    return config;
}

/* What sld_config_check_settings() returns, and what it logs in log. */
static inline sld_status fixture_settings(sld_ctx *ctx, const char *text, const char *overrides,
                                          char log[2048])
{
    sld_config *config = NULL;
    FILE       *file   = tmpfile();

    assert_non_null(file);
    if (fixture_parse(ctx, text, overrides, &config) != SLD_OK) {
        fail_msg("%s\nwith %s: %s", text, overrides ? overrides : "no overrides", ctx->err.msg);
    }
    sld_log_to(ctx, file);
    const sld_status st = sld_config_check_settings(ctx, config);
    rewind(file);
    log[fread(log, 1, 2047, file)] = '\0';
    fclose(file);
    sld_config_destroy(config);
    return st;
}

typedef struct fixture_error {
    const char *text, *overrides;
    const char *begins, *holds; /* the message */
    const char *got;            /* in it too; NULL: nothing */
} fixture_error;

/* Settings that are accepted, with such words in the log. */
static inline void fixture_check_told(const fixture_error *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sld_ctx ctx;
        char    log[2048];

        if (fixture_settings(&ctx, cases[i].text, cases[i].overrides, log) != SLD_OK ||
            !strstr(log, cases[i].begins) || !strstr(log, cases[i].holds)) {
            fail_msg("case %zu\n%s\ngave: %s%s", i, cases[i].text, ctx.err.msg, log);
        }
    }
}

static inline void fixture_check_errors(const fixture_error *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sld_ctx          ctx;
        sld_config      *config = NULL;
        const sld_status st     = fixture_parse(&ctx, cases[i].text, cases[i].overrides, &config);

        if (st != SLD_ERR_CONFIG || config ||
            strncmp(ctx.err.msg, cases[i].begins, strlen(cases[i].begins)) != 0 ||
            !strstr(ctx.err.msg, cases[i].holds) ||
            (cases[i].got && !strstr(ctx.err.msg, cases[i].got))) {
            fail_msg("case %zu\n%s\n[%s]\ngave: %s (%s)\nwant: %s ... %s ... %s", i, cases[i].text,
                     cases[i].overrides ? cases[i].overrides : "", ctx.err.msg, sld_status_text(st),
                     cases[i].begins, cases[i].holds, cases[i].got ? cases[i].got : "");
        }
    }
}

#endif
