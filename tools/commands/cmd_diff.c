/* cmd_diff.c - the first difference of two runs, and its cause
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detpipe_net.h"
#include "detpipe_snapshot.h"
#include "tools/commands/commands.h"
#include "tools/proof/verdict.h"
#include "tools/cli/memory.h"
#include "tools/compare/folders.h"
#include "tools/compare/rerun.h"
#include "tools/compare/rows.h"
#include "tools/compare/snapshot.h"
#include "tools/compare/weights.h"

static const char about[] =
    "Compares two ledgers (detpipe train --ledger, dp_ledger_open), two folders of ledgers (one of "
    "each rank), two files of weights or other "
    "tensors, two snapshots, two streams (texts or recipes) or two files or pipes of printed losses "
    "(- is standard input), and names the first difference.  In ledgers that "
    "is the first step that differs, and the first thing in it: the cause, as all that was "
    "recorded before it is equal.\n"
    "Exit status: 0 equal, 1 different, 2 not comparable, 3 unreadable.";

typedef enum kind { LEDGER, SNAPSHOT, WEIGHTS, STREAM, LOSSES, FOLDERS } kind;
static const char *const kind_names[] = {"ledgers", "snapshots",      "weights",
                                         "streams", "printed losses", "folders"};

/* A recipe file has a line of data. */
static bool is_recipe(const char *path)
{
    FILE *f = xfopen(path, "r");
    char line[4096];
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        found = strncmp(line, "data:", 5) == 0;
    if (f != NULL)
        fclose(f);
    return found;
}

/* It can be read once only: for what a program prints. */
static bool is_pipe(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && (S_ISFIFO(s.st_mode) || S_ISCHR(s.st_mode));
}

/* A file that is too large for this machine is not one of another kind. */
static void need_memory(const dp_error *err)
{
    if (err->status == DP_ENOMEM || err->status == DP_ELIMIT)
        exit(cli_fail_error(err, NULL));
}

static kind kind_of(const char *path)
{
    const dp_options options = cli_options();
    dp_snapshot *snapshot = NULL;
    dp_archive *archive = NULL;
    dp_error err;

    if (is_pipe(path))
        return LOSSES;
    if (folders_is(path))
        return FOLDERS;
    if (ledger_is(path))
        return LEDGER;
    if (dp_snapshot_open(&snapshot, path, &options, &err) == DP_OK) {
        dp_snapshot_close(snapshot);
        return SNAPSHOT;
    }
    need_memory(&err);
    if (dp_archive_open(&archive, path, &options, &err) == DP_OK) {
        dp_archive_close(archive);
        return WEIGHTS;
    }
    need_memory(&err);
    if (access(path, R_OK) == 0)
        return is_recipe(path) ? STREAM : LOSSES;
    return recipe_is_name_or_text(path) ? STREAM : LOSSES;
}

typedef struct settings {
    const char *paths[2];
    const char *page, *replay, *load;
    session session; /* of streams, and of a replay */
    bool json, strict;
} settings;

/* ---- ledgers ---- */

/* Every entry of the step, equal or not. */
static void print_step(const pair *p)
{
    const char *name;
    bool equal;

    for (size_t i = 0; (name = comparison_entry(p, i, &equal)) != NULL; i++) {
        const bool is_loss = strcmp(name, "loss") == 0 || strcmp(name, COMPARISON_TEST) == 0;
        const char *word = equal ? "equal" : "DIFFERS";
        if (!is_loss && ledger_digest(p->b, name)[0] == '\0')
            word = "in the first alone";
        printf("  %-24s %s", name, word);
        if (is_loss)
            printf("  %s%s%s", comparison_value(p->a, name), equal ? "" : "  ",
                   equal ? "" : comparison_value(p->b, name));
        putchar('\n');
    }
}

/* Ulps of binary32 between two finite losses that came from floats. */
static double ulps(double a, double b)
{
    const float x = (float)a, y = (float)b;
    const float most = fabsf(x) > fabsf(y) ? fabsf(x) : fabsf(y);
    const int exponent = most > 0 ? ilogbf(most) : -126;
    return fabs((double)x - (double)y) / ldexp(1.0, (exponent > -126 ? exponent : -126) - 23);
}

/* " by 3 ulp", or that one has no number to compare. */
static void print_distance(double a, double b)
{
    if (isfinite(a) && isfinite(b))
        printf("by %.3g ulp of binary32", ulps(a, b));
    else
        printf("%.9g and %.9g", a, b);
}

static void print_losses(const comparison *c)
{
    size_t first = SIZE_MAX, most = SIZE_MAX;
    double largest = -1;

    for (size_t i = 0; i < c->n; i++) {
        const double distance = fabs(c->losses[0].v[i] - c->losses[1].v[i]);
        if (strcmp(c->common[i].a->loss, c->common[i].b->loss) == 0)
            continue;
        first = first == SIZE_MAX ? i : first;
        if (distance > largest)
            largest = distance, most = i;
    }
    if (first == SIZE_MAX) {
        puts("losses: all equal");
        return;
    }
    printf("losses: the first that differs is of step %llu, ",
           (unsigned long long)c->common[first].a->step);
    print_distance(c->losses[0].v[first], c->losses[1].v[first]);
    if (most != SIZE_MAX)
        printf("; the most is %.2g at step %llu", largest,
               (unsigned long long)c->common[most].a->step);
    putchar('\n');
}

static int report(const comparison *c, const replay *p)
{
    const bool equal = comparison_equal(c);

    printf("%s: %zu steps, %s: %zu steps, %zu in common, with %llu entries in both\n", c->path[0],
           c->ledger[0].n, c->path[1], c->ledger[1].n, c->n, (unsigned long long)c->entries);
    if (strcmp(c->ledger[0].about, c->ledger[1].about) != 0)
        printf("about: \"%s\" and \"%s\"\n", c->ledger[0].about, c->ledger[1].about);
    for (int k = 0; k < 2; k++)
        cli_print_left_out(c->ledger[k].left_out, k == 0 ? " of the first" : " of the second");
    if (c->first < c->n) {
        printf("first difference: step %llu, \"%s\"\n",
               (unsigned long long)c->common[c->first].a->step, c->cause);
        print_step(&c->common[c->first]);
        cli_wrap(stdout, c->meaning, 0, 0);
    }
    if (p != NULL)
        replay_print(stdout, p, c);
    for (int k = 0; k < 2; k++) {
        if (c->ledger[k].n > c->n)
            printf("%zu steps are in %s alone\n", c->ledger[k].n - c->n, c->path[k]);
        if (c->alone[k] > 0)
            printf("%llu entries of common steps are in %s alone\n",
                   (unsigned long long)c->alone[k], c->path[k]);
        if (c->ledger[k].torn)
            printf("the last line of %s is torn and does not count\n", c->path[k]);
    }
    if (c->cause == NULL && c->meaning != NULL)
        cli_wrap(stdout, c->meaning, 0, 0);
    print_losses(c);
    fputs("allclose (first two losses, atol 1e-3, rtol 1e-5): ", stdout);
    closeness_print(stdout, &c->close);
    putchar('\n');
    puts(equal ? "EQUAL" : "DIFFERENT");
    return equal ? EXIT_YES : EXIT_NO;
}

/* Adds what the first and the second have alone. */
static void add_alone(cJSON *json, const char *name, uint64_t a, uint64_t b)
{
    char list[64];

    snprintf(list, sizeof list, "[%llu, %llu]", (unsigned long long)a, (unsigned long long)b);
    cJSON_AddRawToObject(json, name, list);
}

static int report_json(const comparison *c, const replay *p)
{
    const bool equal = comparison_equal(c);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "kind", "ledger");
    cJSON_AddBoolToObject(json, "equal", equal);
    cli_add_count(json, "steps_in_common", c->n);
    cli_add_count(json, "entries_in_common", c->entries);
    add_alone(json, "steps_alone", c->ledger[0].n - c->n, c->ledger[1].n - c->n);
    add_alone(json, "entries_alone", c->alone[0], c->alone[1]);
    if (c->first < c->n) {
        cli_add_count(json, "first_different_step", c->common[c->first].a->step);
        cJSON_AddStringToObject(json, "cause", c->cause);
    }
    if (c->meaning != NULL)
        cJSON_AddStringToObject(json, "meaning", c->meaning);
    closeness_to_json(&c->close, json);
    if (p != NULL)
        replay_to_json(p, json);
    if (cli_print_json(json) != EXIT_YES)
        return EXIT_NOT_TRIED;
    return equal ? EXIT_YES : EXIT_NO;
}

/* The page, with what the replay found, if there was one. */
static int write_page(const comparison *c, const replay *p, const char *path)
{
    char *words = NULL;
    size_t size;
    FILE *f = p != NULL ? xopen_memstream(&words, &size) : NULL;
    int status;

    if (f != NULL) {
        replay_print(f, p, c);
        xclose_memstream(f, &words);
    }
    status = comparison_page(c, words, path);
    free(words);
    return status;
}

static int diff_ledgers(const settings *set)
{
    comparison c = {.path = {set->paths[0], set->paths[1]}};
    replay again = {.recipes = set->replay, .checkpoints = set->load, .session = set->session};
    int status = comparison_make(&c);
    const bool replays = status == 0 && set->replay != NULL && c.first < c.n;
    const replay *p = replays ? &again : NULL;

    if (replays)
        status = replay_make(&again, &c);
    if (status == 0 && set->page != NULL)
        status = write_page(&c, p, set->page);
    if (status == 0)
        status = (set->json ? report_json : report)(&c, p);
    replay_free(&again);
    comparison_free(&c);
    return status;
}

/* ---- folders ---- */

/* The runs part where the first of the ranks does; what that one says is said whole. */
static int diff_folders(const settings *set)
{
    folders f = {.path = {set->paths[0], set->paths[1]}};
    int status = folders_compare(&f);
    const bool compared = status == 0;
    cJSON *json = set->json && compared ? cJSON_CreateObject() : NULL;
    settings one = *set;

    if (compared)
        status = folders_status(&f);
    if (compared && set->json) {
        cJSON_AddStringToObject(json, "kind", "folders");
        cJSON_AddBoolToObject(json, "equal", status == EXIT_YES);
        folders_to_json(&f, json);
        status = cli_print_json(json) == EXIT_YES ? status : EXIT_NOT_TRIED;
    } else if (compared) {
        folders_print(&f);
    }
    if (compared && f.earliest < f.n && !set->json) {
        memcpy(one.paths, f.pair[f.earliest].path, sizeof one.paths);
        diff_ledgers(&one);
    } else if (compared && !set->json) {
        puts(status == EXIT_YES ? "EQUAL" : status == EXIT_NO ? "DIFFERENT" : "NOTHING PROVED");
    }
    folders_free(&f);
    return status;
}

/* ---- streams ---- */

static int diff_streams(const settings *set)
{
    session s[2] = {set->session, set->session};
    streams_found found = {0};
    int status = 0;

    for (int k = 0; status == 0 && k < 2; k++) {
        s[k].stream_only = true;
        status = session_open(&s[k], set->paths[k], (cli_optional){0}, (cli_optional){0});
    }
    if (status == 0)
        status = streams_compare(s[0].pipeline, s[1].pipeline, &found);
    if (status == 0)
        status = streams_report(&found, "stream", set->json);
    session_close(&s[0]);
    session_close(&s[1]);
    return status;
}

/* ---- printed losses ---- */

static int read_losses(const char *path, losses *out)
{
    int status = losses_read((const char *const[]){path, NULL}, NULL, out);

    if (status == 0 && out->n == 0) {
        status = cli_fail(EXIT_NOT_TRIED,
                          "%s is not a ledger, snapshot or file of weights, and has no loss", path);
        evidence_print_none(stderr, out);
    }
    return status;
}

static void print_loss(const losses *l, size_t i)
{
    char step[LOSS_STEP_TEXT] = "";

    if (i != SIZE_MAX)
        loss_step_text(&l->v[i].step, step);
    printf("%s%s%s%s", i != SIZE_MAX ? l->v[i].text : "none", step[0] != '\0' ? " (step " : "",
           step, step[0] != '\0' ? ")" : "");
}

static void print_first_loss(const losses l[2], const printed_place *first)
{
    printf("first difference: \"%s\", line %llu: ", first->series->name,
           (unsigned long long)first->loss->line);
    print_loss(&l[0], first->pair->a);
    fputs(" and ", stdout);
    print_loss(&l[1], first->pair->b);
    putchar('\n');
}

static void report_losses(const char *const paths[2], const losses l[2], const printed_verdict *v)
{
    static const char *const words[] = {[VERDICT_OTHER] = "DIFFERENT",
                                        [VERDICT_NOTHING] = "NOTHING PROVED",
                                        [VERDICT_EQUAL] = "EQUAL"};

    printf("%s: %zu losses, %s: %zu losses\n", paths[0], losses_count(&l[0]), paths[1],
           losses_count(&l[1]));
    evidence_print(stdout, &v->evidence);
    if (v->first.pair != NULL)
        print_first_loss(l, &v->first);
    fputs("allclose (first two losses, atol 1e-3, rtol 1e-5): ", stdout);
    closeness_print(stdout, &v->evidence.close);
    putchar('\n');
    verdict_print(&v->all, words, false);
}

static int losses_json(const printed_verdict *v)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "kind", "losses");
    cJSON_AddBoolToObject(json, "equal", v->all.status == EXIT_YES);
    closeness_to_json(&v->evidence.close, json);
    evidence_to_json(&v->evidence, json);
    return cli_print_json(json);
}

static int diff_losses(const settings *set)
{
    losses l[2] = {{0}, {0}};
    const printed_question q = {.n = 2, .losses = {&l[0], &l[1]}, .strict = set->strict};
    printed_verdict v = {.other = 0};
    int status = read_losses(set->paths[0], &l[0]);

    if (status == 0)
        status = read_losses(set->paths[1], &l[1]);
    if (status == 0) {
        printed_verdict_make(&v, &q);
        if (set->json)
            status = losses_json(&v);
        else
            report_losses(set->paths, l, &v);
    }
    printed_verdict_free(&v);
    losses_free(&l[0]);
    losses_free(&l[1]);
    return status == 0 ? v.all.status : status;
}

/* ---- the command ---- */

static const cli_need needs[] = {{"--html", {"ledgers"}},
                                 {"--replay", {"ledgers"}},
                                 {"--strict", {"printed losses"}},
                                 {"--data", {"--replay", "streams"}},
                                 {"--threads", {"--replay", "streams"}},
                                 {"--prefetch", {"--replay", "streams"}},
                                 {NULL, {NULL}}};

static int diff(settings *set, const cli_command *command, char *const *argv)
{
    kind kinds[2];
    int status;

    for (int i = 0; i < 2; i++) {
        if (strcmp(set->paths[i], "-") == 0)
            set->paths[i] = "/dev/stdin";
        kinds[i] = kind_of(set->paths[i]);
        if (kinds[i] != STREAM && access(set->paths[i], R_OK) != 0)
            return cli_fail(EXIT_NOT_TRIED, "cannot read %s: %s", set->paths[i], strerror(errno));
    }
    if (kinds[0] != kinds[1])
        return cli_fail(EXIT_MALFORMED, "diff: %s and %s are not of one kind", set->paths[0],
                        set->paths[1]);
    status = cli_check_needs(command, argv, kind_names[kinds[0]], needs);
    if (status != 0)
        return status;
    return kinds[0] == LEDGER     ? diff_ledgers(set)
           : kinds[0] == FOLDERS  ? diff_folders(set)
           : kinds[0] == SNAPSHOT ? snapshot_diff(set->paths[0], set->paths[1], set->json)
           : kinds[0] == WEIGHTS  ? weights_diff(set->paths[0], set->paths[1], set->json)
           : kinds[0] == STREAM   ? diff_streams(set)
                                  : diff_losses(set);
}

int cmd_diff(int argc, char **argv)
{
    settings set = {.session = SESSION_DEFAULTS};
    const cli_option options[] = {
        {"html", "FILE", "of ledgers: a page with curves and every step", CLI_TEXT, &set.page},
        {"replay", "RECIPE",
         "of ledgers: run the step that differs again and name the operation and the element; "
         "A,B where the runs have two recipes",
         CLI_TEXT, &set.replay},
        {"load", "FILE", "begin the replay at a checkpoint; or A,B", CLI_TEXT, &set.load},
        SESSION_OPTIONS(set.session),
        {"strict", NULL, "of printed losses: weak evidence does not count: status 3", CLI_FLAG,
         &set.strict},
        {"json", NULL, "print the result for a program", CLI_FLAG, &set.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"diff", "A B [OPTIONS]", about, options, 2, 2};
    int status = cli_parse(&command, argc, argv, set.paths);

    if (status == 0 && set.load != NULL && set.replay == NULL)
        status = cli_fail(EXIT_MALFORMED, "diff: --load needs --replay RECIPE");
    return status == 0 ? diff(&set, &command, argv) : status;
}
