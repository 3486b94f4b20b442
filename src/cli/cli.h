/* cli.h: the verbs of the command line. */
#ifndef SLD_CLI_H
#define SLD_CLI_H

#include <signal.h>
#include <stdio.h>

#include "sld/comm.h"
#include "sld/config.h"
#include "sld/grid.h"
#include "sld/rundir.h"

enum { SLD_MAX_OPTIONS = 16 }; /* of one verb's own */

/* What follows the verb on the command line, taken apart. */
typedef struct sld_arguments {
    const char  *part;       /* one of the verb's parts; NULL: it has none */
    const char  *positional; /* the experiment or weights file; NULL: none given */
    const char  *second;     /* of a verb that takes two words; NULL: none given */
    const char **words; /* (n_words) of a verb that takes many, positional and second among them */
    size_t       n_words;
    const char **overrides; /* "key=value", in the order given */
    size_t       n_overrides;
    const char  *option[SLD_MAX_OPTIONS]; /* values of the verb's own options, in the order of its
                                              table; "" for a flag; NULL: absent */
} sld_arguments;

typedef struct sld_option_spec {
    const char *name; /* "--out" */
    bool        takes_value;
} sld_option_spec;

/* An option that does nothing is refused. Names apart by spaces; a part of the verb counts as one. */
typedef struct sld_option_rule {
    const char *option;
    const char *needs; /* one of these beside it; NULL: nothing */
    const char
        *excludes; /* each of these makes it do nothing, or cannot be done as well; NULL: none */
} sld_option_rule;

typedef sld_status (*sld_verb_work)(sld_ctx *ctx, const sld_arguments *args, int *exit_code);

typedef struct sld_verb {
    const char            *name, *usage, *summary, *help;
    const char *const     *parts;         /* "sld VERB PART ...", ended by NULL; NULL: none */
    const sld_option_spec *options;       /* ended by {NULL}; NULL: none */
    const sld_option_rule *rules;         /* of its options; ended by {NULL}; NULL: none */
    bool                   no_file;       /* takes no argument, nor settings */
    bool                   optional_file; /* can do without its argument */
    bool                   two_words;     /* takes two of them */
    bool                   second_word;   /* may take a second one */
    bool                   no_settings;   /* takes no key=value */
    bool                   many_words;    /* takes as many as there are; without settings */
    bool every_task; /* each task of a launcher does `work`; else the first alone */
    /* Local, before MPI starts: a process that has called MPI_Init cannot start mpirun, and not
     * every place can start MPI. NULL: the verb always needs ranks. *exit_code: on SLD_OK. */
    sld_verb_work work;
    /* Which uses `work` does; NULL: all. */
    bool (*works_alone)(const sld_arguments *args);
    /* Collective; NULL: `work` does all. *exit_code: on SLD_OK. */
    sld_status (*run)(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code);
} sld_verb;

extern const sld_verb sld_verb_run, sld_verb_sweep, sld_verb_status, sld_verb_report, sld_verb_eval,
    sld_verb_probe, sld_verb_bench, sld_verb_doctor, sld_verb_selftest, sld_verb_models,
    sld_verb_methods, sld_verb_data, sld_verb_help;
/* verbs.c. Ended by NULL. */
extern const sld_verb *const sld_verbs[];

/* help.c. Local. */
void sld_help_usage(FILE *to);
void sld_help_verb(const sld_verb *verb);
/* version.c. Local. "0.2.0, commit 15ee50ca2f29". */
const char *sld_version_text(void);
/* Local. To stdout: the program, how it was built, the libraries it runs with. */
void sld_version_print(void);
/* pages.c. Local. To stdout; page: markdown, man, man-VERB, bash, zsh. */
sld_status sld_page_print(sld_ctx *ctx, sld_arena *arena, const char *page);

/* arguments.c. Local. Points into argv; overrides must have room for argc entries. */
sld_status sld_arguments_read(sld_ctx *ctx, const sld_verb *verb, int argc, char **argv,
                              sld_arguments *out);
/* Local. The number behind an option, in the only form that settings take too: decimal digits, no sign
 * before them. text NULL: *out stays. */
sld_status sld_arguments_number(sld_ctx *ctx, const char *verb, const char *option,
                                const char *text, double low, double high, bool whole, double *out);
/* Local. The error of a command line that names too little, with the usage of the verb. */
sld_status sld_arguments_lack(sld_ctx *ctx, const sld_verb *verb);

/* experiment.c. Collective. rank 0 reads the file, all parse the same bytes. */
sld_status sld_experiment_read(sld_ctx *ctx, const sld_comm *comm, const sld_arguments *args,
                               sld_config **out);
/* Local. The same from a text, named for messages. */
sld_status sld_experiment_parse(sld_ctx *ctx, const char *name, const char *text,
                                const sld_arguments *args, sld_config **out);

/* Collective where comm is not NULL, then as rank 0 finds it. Sets data.format by what lies at
 * data.path where nobody says it. over_file: also where a stored document says synthetic and
 * data.path stands on the command line. */
sld_status sld_experiment_settle_format(sld_ctx *ctx, const sld_comm *comm, bool over_file,
                                        sld_config *config);

/* main.c. Collective. From now on a process in which nothing moves for so long, 0: for ever, says
 * so, on stderr and in the log, and leaves. setting: where the limit comes from; advice: the
 * message's last line, NULL: none. Literals. */
sld_status sld_start_watchdog(sld_ctx *ctx, sld_comm *comm, double minutes, const char *setting,
                              const char *advice);

/* experiment.c, content.c. Local. Hooks of a sweep: defaults of methods, checks that need the zoo,
 * and hashes of data and weights (read without MPI). */
const char *const (*sld_experiment_method(const char *name))[2];
sld_status sld_experiment_check(sld_ctx *ctx, void *user, sld_config *config);
sld_status sld_experiment_content(sld_ctx *ctx, void *user, const sld_config *config,
                                  const char *weights, int version, char name[SLD_CONTENT_BYTES]);

/* The network a weights file holds. */
sld_status sld_experiment_network(sld_ctx *ctx, const char *weights, char network[64]);

/* output.c. Collective: rank 0 checks an output as sld_output_check() does, for all. Beside its own
 * inputs it is held against the files that the experiment names. A path of NULL is no output. */
sld_status sld_verb_output(sld_ctx *ctx, const sld_comm *comm, const sld_config *config,
                           const sld_output *output, bool *exists);
/* Local. Is it an HDF5 file whose attribute "format" says so? */
bool sld_output_has_format(sld_ctx *ctx, const char *path, const char *format);

/* given.c. Local. What lies at a path. */
typedef enum sld_given {
    SLD_GIVEN_NOTHING, /* that can be read: also a pipe, a device */
    SLD_GIVEN_CLOSED,  /* to this user */
    SLD_GIVEN_FOLDER,  /* of something else */
    SLD_GIVEN_SWEEP,
    SLD_GIVEN_RUN,
    SLD_GIVEN_RESULTS,
    SLD_GIVEN_WEIGHTS,
    SLD_GIVEN_STUDY,
    SLD_GIVEN_HDF5, /* of another kind */
    SLD_GIVEN_TEXT,
} sld_given;
sld_given sld_given_at(sld_ctx *ctx, const char *path);
/* SLD_ERR_CONFIG "PATH: expected WANTED, got WHAT LIES THERE; the command that takes it". */
sld_status sld_given_refuse(sld_ctx *ctx, const char *path, sld_given given, const char *wanted);

/* signals.c. */
void                         sld_signals_catch(void);
const volatile sig_atomic_t *sld_signals_stop(void);

#endif
