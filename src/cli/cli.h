/* cli.h: the verbs of the command line, and what their files share. */
#ifndef SLD_CLI_H
#define SLD_CLI_H

#include <signal.h>
#include <stdio.h>

#include "sld/comm.h"
#include "sld/config.h"
#include "sld/data.h"
#include "sld/grid.h"
#include "sld/learn.h"
#include "sld/rundir.h"
#include "sweep_sizes.h"

enum { SLD_MAX_OPTIONS = 16 }; /* in the table of one verb */

/* The command line after the verb. All texts point into argv. */
typedef struct sld_arguments {
    const char  *part;       /* the subcommand; NULL: the verb has none */
    const char  *positional; /* the first word, such as a file; NULL: none given */
    const char  *second;     /* the second word; NULL: none given */
    const char **words;      /* (n_words) all words, if the verb takes many; else NULL */
    size_t       n_words;
    const char **overrides; /* (n_overrides) "key=value", in the order given */
    size_t       n_overrides;
    /* Values of the verb's options, in the order of its table; "" for a flag; NULL: not given. */
    const char *option[SLD_MAX_OPTIONS];
} sld_arguments;

typedef struct sld_option_spec {
    const char *name; /* "--out" */
    bool        takes_value;
} sld_option_spec;

/* A rule on options that may stand together: an option that would do nothing is an error. Names are
 * separated by spaces; a subcommand may stand for an option. */
typedef struct sld_option_rule {
    const char *option;
    const char *needs;    /* it needs one of these beside it; NULL: none */
    const char *excludes; /* it cannot stand beside any of these; NULL: none */
} sld_option_rule;

typedef sld_status (*sld_verb_work)(sld_ctx *ctx, const sld_arguments *args, int *exit_code);

typedef struct sld_verb {
    const char            *name, *usage, *summary, *help;
    const char            *takes;         /* its words: "two networks"; NULL: a file or folder */
    const char *const     *parts;         /* subcommands, ended by NULL; NULL: none */
    const sld_option_spec *options;       /* ended by {NULL}; NULL: none */
    const sld_option_rule *rules;         /* for its options; ended by {NULL}; NULL: none */
    bool                   no_file;       /* takes neither words nor settings */
    bool                   optional_file; /* the first word may be left out */
    bool                   two_words;     /* takes exactly two words */
    bool                   second_word;   /* takes one or two words */
    bool                   no_settings;   /* takes no key=value */
    bool                   many_words;    /* takes any number of words and no settings */
    bool every_task; /* under a launcher all tasks call `work`; else only the first does */
    /* Local. Called before MPI starts, because a process that has called MPI_Init cannot start
     * mpirun, and because MPI cannot start everywhere. NULL: the verb always needs ranks.
     * *exit_code: set on SLD_OK. */
    sld_verb_work work;
    /* Whether `work` handles this command line; NULL: it handles all. */
    bool (*works_alone)(const sld_arguments *args);
    /* Collective. Handles the others. NULL: there are none. *exit_code: set on SLD_OK. */
    sld_status (*run)(sld_ctx *ctx, sld_comm *comm, const sld_arguments *args, int *exit_code);
} sld_verb;

extern const sld_verb sld_verb_run, sld_verb_sweep, sld_verb_status, sld_verb_report, sld_verb_eval,
    sld_verb_probe, sld_verb_bench, sld_verb_doctor, sld_verb_selftest, sld_verb_models,
    sld_verb_methods, sld_verb_data, sld_verb_help;
/* verbs.c. All verbs, ended by NULL. */
extern const sld_verb *const sld_verbs[];

/* help.c. Local. */
void sld_help_usage(FILE *to);
void sld_help_verb(const sld_verb *verb);
/* version.c. Local. "0.2.0, commit 15ee50ca2f29". */
const char *sld_version_text(void);
/* Local. Prints the program's version, how it was built and its libraries to stdout. */
void sld_version_print(void);
/* pages.c. Local. Prints a page to stdout: markdown, man, man-VERB, bash or zsh. */
sld_status sld_page_print(sld_ctx *ctx, sld_arena *arena, const char *page);

/* arguments.c. Local. Reads the words after the verb. out->overrides must have room for argc
 * entries, all else in *out must be zero. */
sld_status sld_arguments_read(sld_ctx *ctx, const sld_verb *verb, int argc, char **argv,
                              sld_arguments *out);
/* Local. Reads the number after an option, in the form that settings have: decimal, without a sign.
 * text NULL: *out is unchanged. */
sld_status sld_arguments_number(sld_ctx *ctx, const char *verb, const char *option,
                                const char *text, double low, double high, bool whole, double *out);
/* Local. Fails with SLD_ERR_CONFIG: a word is missing. The message holds the usage of the verb. */
sld_status sld_arguments_lack(sld_ctx *ctx, const sld_verb *verb, const sld_arguments *args);

/* experiment.c. Collective. Rank 0 reads the experiment, and all ranks parse the same bytes. comm
 * NULL: one process without MPI. The caller destroys *out. */
sld_status sld_experiment_read(sld_ctx *ctx, const sld_comm *comm, const sld_arguments *args,
                               sld_config **out);
/* Collective. Makes the paths of what the experiment reads whole, as the trial's config.yaml and weights
 * keep them, because both may be used from other folders. A sweep has done so for its trials. */
sld_status sld_experiment_whole_paths(sld_ctx *ctx, const sld_comm *comm, sld_config *config);
/* Collective, unless comm is NULL. If data.format is not given, sets it to the format of the data
 * at data.path, which rank 0 detects. over_file: does so too if a stored document says synthetic
 * but data.path stands on the command line. */
sld_status sld_experiment_settle_format(sld_ctx *ctx, const sld_comm *comm, bool over_file,
                                        sld_config *config);

/* main.c. Collective. Starts the watchdog: if no rank makes progress for so many minutes, the
 * program prints an error and exits. 0: never. setting: the option that holds the limit; advice:
 * last line of the message, or NULL. Both must be literals. */
sld_status sld_start_watchdog(sld_ctx *ctx, sld_comm *comm, double minutes, const char *setting,
                              const char *advice);

/* experiment.c, content.c. Local. Hooks for a sweep, which has no MPI: checks that need the list of
 * networks, and hashes of data and weights. */
sld_status sld_experiment_check(sld_ctx *ctx, void *user, sld_config *config);
typedef struct sld_experiment_data {
    int             format; /* of the data set opened last, against which weights are held */
    char            path[PATH_MAX];
    sld_data_origin origin;
    sld_sweep_sizes sizes;
    char            start[PATH_MAX + 256]; /* student.weights that fit, and what they fit */
} sld_experiment_data;
/* user: a sld_experiment_data, empty at first. Warns of weights of another data set, or of a run that had
 * not ended. */
sld_status sld_experiment_content(sld_ctx *ctx, void *user, const sld_config *config,
                                  const char *weights, int version, char name[SLD_CONTENT_BYTES]);

/* weights_fit.c. Refuses weights of another network than that by which a teacher is described, and a
 * teacher that its student could not use: of another network than teacher.network says, for other
 * classes, for images of another size. */
sld_status sld_experiment_teacher(sld_ctx *ctx, void *user, const sld_grid_teacher *t);
/* The same of student.weights, from which a student is to start. */
sld_status sld_experiment_start(sld_ctx *ctx, void *user, const sld_config *config);
size_t     sld_experiment_side(sld_ctx *ctx, void *user, const sld_config *config);

/* Local. What a weights file says of itself; the name of its network alone. */
sld_status sld_experiment_weights(sld_ctx *ctx, const char *weights, sld_weights_info *info);
sld_status sld_experiment_network(sld_ctx *ctx, const char *weights, char network[64]);

/* environment.c. Local. Tells of environment variables whose value says nothing to sld. */
void sld_environment_tell(sld_ctx *ctx, const sld_verb *verb);

/* vain.c. Local. Whether an experiment asks for bf16 where it is no faster than f32, for a batch of more
 * samples than it trains on, or for a share of train that is all of it, as `text` says. */
enum { SLD_VAIN_BYTES = 120 };
bool sld_vain_bf16(const sld_options *o, char text[SLD_VAIN_BYTES]);
bool sld_vain_batch(const sld_options *o, const sld_data_sizes *size, char text[SLD_VAIN_BYTES]);
bool sld_vain_share(const sld_options *o, const sld_data_sizes *size, char text[SLD_VAIN_BYTES]);

/* output.c. Collective. Rank 0 checks by sld_output_check() that an output would overwrite neither
 * an input nor a file of another program. Files that the experiment names count as inputs too. An
 * output with path NULL is not checked. *exists: on rank 0, the file exists. */
sld_status sld_verb_output(sld_ctx *ctx, const sld_comm *comm, const sld_config *config,
                           const sld_output *output, bool *exists);
/* Local. Whether the path is an HDF5 file whose attribute "format" has this value. */
bool sld_output_has_format(sld_ctx *ctx, const char *path, const char *format);

/* given.c. Local. Finds out what kind of file or folder is at a path. */
typedef enum sld_given {
    SLD_GIVEN_NOTHING, /* no file, or one that cannot be read as a file, such as a pipe */
    SLD_GIVEN_CLOSED,  /* this user may not read it */
    SLD_GIVEN_FOLDER,  /* neither of a sweep nor of a run */
    SLD_GIVEN_SWEEP,
    SLD_GIVEN_RUN,
    SLD_GIVEN_RESULTS,
    SLD_GIVEN_WEIGHTS,
    SLD_GIVEN_STUDY,
    SLD_GIVEN_HDF5, /* none of the three above */
    SLD_GIVEN_TEXT,
} sld_given;
sld_given sld_given_at(sld_ctx *ctx, const char *path);
/* Fails with SLD_ERR_CONFIG: "PATH: expected WANTED, got KIND; the command that takes it". */
sld_status sld_given_refuse(sld_ctx *ctx, const char *path, sld_given given, const char *wanted);

/* signals.c. Local. Catches signals that ask for a stop; the flag is the signal's number, 0:
 * none. */
void                         sld_signals_catch(void);
const volatile sig_atomic_t *sld_signals_stop(void);

#endif
