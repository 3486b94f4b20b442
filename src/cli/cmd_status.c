/* cmd_status.c: sld status: prints the state of a sweep, a trial or a run. Writes nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "sld/base_json.h"
#include "sld/grid_folder.h"
#include "sld/report.h"
#include "status_run.h"

enum { WATCH, JSON, LINES };
static const sld_option_spec options[] = {
    {"--watch", false}, {"--json", false}, {"--lines", true}, {NULL, false}};

enum { N_STATES = SLD_POINT_SKIPPED + 1, FAILED_SHOWN = 20 };
enum { SCREEN_S = 2, LINE_S = 30 };

typedef struct view {
    const sld_grid   *grid;
    sld_point_status *status;
    size_t            n;
    sld_grid_totals   all;
} view;

static sld_status look(sld_ctx *ctx, view *v)
{
    SLD_TRY(sld_grid_status(ctx, v->grid, v->status));
    sld_grid_count_states(v->status, v->n, &v->all);
    return SLD_OK;
}

static void print_eta(double s)
{
    char text[32];

    sld_clock_span(s, text);
    printf(", ETA %s", text);
}

static void print_name(const sld_point *p)
{
    char shown[512];

    printf("  %-12s %s%s seed %lld", p->id, p->is_teacher ? "teacher " : "",
           sld_text_printable(p->arm, shown, sizeof shown), (long long)p->seed);
}

static void print_live(const view *v)
{
    const sld_point_status *s = &v->status[v->all.live_first];

    if (v->all.live > 0) {
        printf("  %zu trial%s computed the teacher's logits in every step, instead of reading them "
               "from the store: %s (%s, %lld table%s)\n",
               v->all.live, sld_text_plural((long long)v->all.live),
               *s->live_reason ? s->live_reason : "see its log",
               sld_grid_point(v->grid, v->all.live_first)->id, (long long)s->live,
               sld_text_plural(s->live));
    }
}

static void print_text(const view *v)
{
    size_t shown = 0;

    printf("%s in %s: %zu point%s:", sld_grid_name(v->grid), sld_grid_dir(v->grid), v->n,
           sld_text_plural(v->n));
    for (int s = 0; s < N_STATES; s++) {
        if (v->all.count[s] > 0) {
            printf(" %zu %s", v->all.count[s], sld_point_state_name(s));
        }
    }
    if (v->all.left_s > 0) {
        print_eta(v->all.left_s);
    }
    putchar('\n');
    for (size_t i = 0; i < v->n; i++) {
        const sld_point_status *s = &v->status[i];
        if (s->state == SLD_POINT_RUNNING) {
            print_name(sld_grid_point(v->grid, i));
            if (s->epochs > 0) {
                printf(": epoch %lld of %lld", (long long)s->epoch, (long long)s->epochs);
                if (s->left_s > 0) { /* else it has made no step yet */
                    print_eta(s->left_s);
                }
            } else {
                printf(": starting");
            }
            printf(s->attempts > 1 ? ", attempt %d\n" : "\n", s->attempts);
        }
    }
    for (size_t i = 0; i < v->n; i++) {
        const sld_point_status *s = &v->status[i];
        const bool              to_report =
            s->state == SLD_POINT_FAILED || (s->state == SLD_POINT_WAITING && s->reason[0]);
        if (to_report && shown++ < FAILED_SHOWN) {
            print_name(sld_grid_point(v->grid, i));
            char why[512];
            printf(": %s: %s\n", sld_point_state_name(s->state),
                   sld_text_printable(s->reason, why, sizeof why));
        }
    }
    if (shown > FAILED_SHOWN) {
        printf("  ... and %zu more\n", shown - FAILED_SHOWN);
    }
    print_live(v);
}

static void print_json(const view *v)
{
    sld_json j = sld_json_begin(stdout);

    sld_json_object(&j, NULL);
    sld_json_text(&j, "name", sld_grid_name(v->grid));
    sld_json_whole(&j, "points", (long long)v->n);
    for (sld_point_state s = SLD_POINT_WAITING; s <= SLD_POINT_SKIPPED; s++) {
        sld_json_whole(&j, sld_point_state_name(s), (long long)v->all.count[s]);
    }
    sld_json_whole(&j, "eta_s", llround(v->all.left_s));
    sld_json_list(&j, "trials");
    for (size_t i = 0; i < v->n; i++) {
        const sld_point        *p = sld_grid_point(v->grid, i);
        const sld_point_status *s = &v->status[i];
        sld_json_line(&j);
        sld_json_object(&j, NULL);
        sld_json_text(&j, "id", p->id);
        sld_json_text(&j, "arm", p->arm);
        sld_json_whole(&j, "seed", (long long)p->seed);
        sld_json_bool(&j, "teacher", p->is_teacher);
        sld_json_text(&j, "state", sld_point_state_name(s->state));
        sld_json_whole(&j, "attempts", s->attempts);
        if (s->epochs > 0) {
            sld_json_whole(&j, "epoch", (long long)s->epoch);
            sld_json_whole(&j, "epochs", (long long)s->epochs);
            if (s->left_s > 0) {
                sld_json_whole(&j, "eta_s", llround(s->left_s));
            }
        }
        if (s->reason[0]) {
            sld_json_text(&j, "reason", s->reason);
        }
        if (s->live > 0) {
            sld_json_whole(&j, "live_tables", s->live);
            sld_json_text(&j, "live_reason", s->live_reason);
        }
        sld_json_end(&j);
    }
    sld_json_line(&j);
    sld_json_end(&j);
    sld_json_end(&j);
}

static sld_status read_lines(sld_ctx *ctx, const char *text, long *out)
{
    double number = (double)*out;

    SLD_TRY(sld_arguments_number(ctx, "status", "--lines", text, 0, 1e9, true, &number));
    *out = (long)number;
    return SLD_OK;
}

/* Prints the state of one point and the end of its log. */
static sld_status show_point(sld_ctx *ctx, view *v, const char *id, long lines)
{
    char   path[4096], shown[512];
    size_t i;

    SLD_TRY(sld_grid_which(ctx, v->grid, id, &i));
    SLD_TRY(look(ctx, v));
    print_name(sld_grid_point(v->grid, i));
    printf(": %s%s%s\n", sld_point_state_name(v->status[i].state),
           v->status[i].reason[0] ? ": " : "",
           sld_text_printable(v->status[i].reason, shown, sizeof shown));
    sld_grid_log_path(v->grid, i, path, sizeof path);
    if (!*path) {
        printf("  no log yet\n");
        return SLD_OK;
    }
    printf("  %s:\n", path);
    return sld_status_tail(ctx, path, lines);
}

/* Finds the sweep in word or above it. dir: the sweep's folder. *id: the ID in "DIR/trials/ID" or
 * "DIR/ID"; NULL: word is the sweep itself. False: there is none. */
static bool find(const char *word, char dir[4096], const char **id)
{
    struct stat info;
    char        path[4200];

    snprintf(dir, 4096, "%s", word);
    *id = NULL;
    for (int up = 0; up < 3; up++) {
        snprintf(path, sizeof path, "%s/points", dir);
        if (stat(path, &info) == 0) {
            return true;
        }
        char *slash = strrchr(dir, '/');
        if (strcmp(slash ? slash + 1 : dir, "trials") != 0) {
            *id = word + (slash ? slash + 1 - dir : 0);
        }
        if (!slash) {
            break;
        }
        *slash = '\0';
    }
    return false;
}

/* NO_COLOR is a convention of many programs: no-color.org. */
static void find_screen(sld_screen *screen)
{
    const char    *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    struct winsize size = {.ws_col = 80, .ws_row = 24};

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *screen = (sld_screen){.columns = size.ws_col > 0 ? size.ws_col : 80,
                           .rows    = size.ws_row > 0 ? size.ws_row : 24,
                           .colour  = !(none && *none) && terminal && strcmp(terminal, "dumb") != 0,
                           .utf8    = sld_text_locale_is_utf8()};
}

/* Redraws the screen every two seconds; without a terminal, prints a line every thirty. */
static sld_status watch(sld_ctx *ctx, const sld_grid *grid)
{
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    sld_screen screen;
    char      *text = NULL;
    size_t     n;

    for (bool ended = false; !ended;) {
        FILE *to = open_memstream(&text, &n);
        if (!to) {
            return SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a screen");
        }
        find_screen(&screen);
        sld_status st = sld_report_watch(ctx, grid, terminal ? &screen : NULL, to, &ended);
        if (fclose(to) != 0 && st == SLD_OK) { /* then there may be no text */
            st = SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: a screen");
        }
        if (st == SLD_OK) {
            printf("%s%s", terminal ? "\033[H\033[2J" : "", text);
            fflush(stdout);
        }
        free(text);
        SLD_TRY(st);
        if (!ended) {
            sleep(terminal ? SCREEN_S : LINE_S);
        }
    }
    return SLD_OK;
}

static sld_status show(sld_ctx *ctx, const sld_arguments *args, view *v, const char *id, long lines)
{
    if (args->option[LINES] && !id) {
        return SLD_FAIL(ctx, SLD_ERR_CONFIG,
                        "%s: --lines: expected a trial, whose log has lines, got a sweep; give "
                        "%s/ID",
                        args->positional, args->positional);
    }
    if (args->option[WATCH] && !args->option[JSON] && !id) {
        return watch(ctx, v->grid);
    }
    while (true) {
        if (args->option[WATCH] && isatty(STDOUT_FILENO) == 1) {
            printf("\033[H\033[2J");
        }
        if (id) {
            SLD_TRY(show_point(ctx, v, id, lines));
        } else {
            SLD_TRY(look(ctx, v));
            (args->option[JSON] ? print_json : print_text)(v);
        }
        if (!args->option[WATCH] ||
            v->all.count[SLD_POINT_WAITING] + v->all.count[SLD_POINT_RUNNING] == 0) {
            return SLD_OK;
        }
        fflush(stdout);
        sleep(SCREEN_S);
    }
}

/* A run that is no trial of a sweep: in no sweep's folder, or with log.txt, for the log of a trial has
 * another name. */
static bool is_run_alone(sld_given given, const char *dir, bool in_sweep)
{
    return (given == SLD_GIVEN_RUN || given == SLD_GIVEN_RESULTS) &&
           (!in_sweep || sld_run_has(dir, SLD_RUN_LOG));
}

static sld_status status(sld_ctx *ctx, const sld_arguments *args, int *exit_code)
{
    char        dir[4096], word[4096];
    const char *id    = NULL;
    sld_grid   *grid  = NULL;
    view        v     = {.n = 0};
    long        lines = 15;

    SLD_TRY(read_lines(ctx, args->option[LINES], &lines));
    const sld_given given = sld_given_at(ctx, args->positional);
    snprintf(word, sizeof word, "%s", args->positional);
    for (size_t n = strlen(word); n > 1 && word[n - 1] == '/'; n--) {
        word[n - 1] = '\0'; /* completion in a shell ends a folder so */
    }
    if (given == SLD_GIVEN_RESULTS) {
        char *slash = strrchr(word, '/');
        snprintf(slash ? slash : word, 2, "%s", slash ? "" : ".");
    }
    const bool in_sweep = find(word, dir, &id);
    if (is_run_alone(given, word, in_sweep)) {
        return sld_status_run(ctx, word, args->option[WATCH] != NULL, args->option[JSON] != NULL,
                              lines);
    }
    if (!in_sweep) {
        return sld_given_refuse(ctx, args->positional, given,
                                "the folder of a sweep or a run, or a trial in a sweep (DIR/ID)");
    }
    SLD_TRY(sld_grid_open(ctx, dir, &grid));
    v.grid        = grid;
    v.n           = sld_grid_count(grid);
    v.status      = calloc(v.n + 1, sizeof *v.status);
    sld_status st = v.status ? sld_grid_tell_edited(ctx, grid)
                             : SLD_FAIL(ctx, SLD_ERR_NOMEM, "out of memory: %zu points", v.n);
    if (st == SLD_OK) {
        st = show(ctx, args, &v, id, lines);
    }
    free(v.status);
    sld_grid_close(grid);
    return st;
}

static const sld_option_rule rules[] = {{"--json", NULL, "--lines"}, {NULL, NULL, NULL}};

const sld_verb sld_verb_status = {
    .name    = "status",
    .usage   = "sld status DIR|DIR/ID|RUN [--watch] [--json] [--lines N]",
    .summary = "where a sweep stands",
    .help =
        "Counts the points of the sweep in DIR by state, lists those that run (epoch, ETA) and\n"
        "those that failed, with the reason. Of a trial, DIR/ID, or of a run by itself, the end "
        "of\n"
        "its log. Reads only; from any shell, while the sweep runs or later.\n\n"
        "  --watch    again every two seconds, until all has ended: curves by arm, what runs, "
        "what\n"
        "             happened last; without a terminal one line every 30 seconds\n"
        "  --json     every point, for programs\n"
        "  --lines N  of a trial's log (15)\n",
    .options     = options,
    .rules       = rules,
    .takes       = "one folder, of a sweep, a trial or a run",
    .no_settings = true,
    .work        = status,
};
