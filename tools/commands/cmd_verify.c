/* cmd_verify.c - run a recipe twice, in two processes, and compare them rung by rung
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/commands/commands.h"
#include "tools/proof/child.h"
#include "tools/compare/closeness.h"
#include "tools/proof/growth.h"
#include "tools/proof/ladder.h"
#include "tools/losses/losses.h"
#include "tools/cli/memory.h"
#include "tools/run/ranks.h"
#include "tools/run/script.h"
#include "tools/proof/verify_command.h"

#define MAX_RUNS    8
#define MAX_RANKS   1024
#define MOST_RESULT ((uint64_t)1 << 32) /* bytes */

typedef struct settings {
    const char *recipe, *data, *vary, *inject, *ranks, *one_run;
    cli_optional seed, steps;
    uint64_t threads, prefetch;
    bool json, sensitivity;
    bool vary_threads, vary_prefetch, vary_cpu;
} settings;

typedef struct run {
    uint64_t threads, prefetch;
    uint32_t ranks;  /* 1 = one process, without mpirun */
    const char *cpu; /* DETPIPE_CPU, NULL = as it is */
    inject inject;
    ladder ladder;
} run;

/* The first run, and those that must be equal to it. */
typedef struct runs {
    run run[MAX_RUNS];
    int n;
    uint64_t asked;                /* steps; 0 = all that there are, up to the usual number */
    char sensitivity[GROWTH_TEXT]; /* "" = not asked for */
} runs;

static const char about[] =
    "Runs the recipe twice, each time in a process of its own, and compares the runs rung by "
    "rung: the process's arithmetic, the data set, the order, the pixels, the initial weights, "
    "the losses of steps 1 and 2, and every bit of all losses, the last gradients and the final "
    "weights.  With --ranks 1,2,4 there is a run for each number, on so many ranks (mpirun).\n"
    "RECIPE is a recipe's name, a recipe file, or a pipeline text in quotes "
    "(default: " RECIPE_DEFAULT ").\n"
    "detpipe verify [OPTIONS] -- COMMAND ARGS... runs any training command twice and compares the "
    "losses that it prints (detpipe verify --help -- x).\n"
    "Exit status: 0 reproduced, 1 not, 2 the question is malformed, 3 it could not be tried.";

/* ---- one run: what the two processes do ---- */

static int one_run(const settings *s)
{
    session opened = {.data = s->data,
                      .threads = s->threads,
                      .prefetch = s->prefetch,
                      .digests = strcmp(s->one_run, "none") == 0};
    ladder l = {0};
    inject what;
    int status = inject_parse(strcmp(s->one_run, "none") == 0 ? NULL : s->one_run, &what);

    if (status != 0)
        return status;
    status = ranks_join(&opened.group);
    if (status == 0)
        status = session_open(&opened, s->recipe, s->seed, s->steps);
    if (status == 0)
        status = ladder_run(&opened, what, &l);
    if (status == 0)
        status = ranks_leads(opened.group) ? cli_print_json(ladder_to_json(&l)) : EXIT_YES;
    ladder_free(&l);
    session_close(&opened);
    return ranks_leave(opened.group, status);
}

/* ---- starting them ---- */

/* This program by its own name: mpirun starts it from elsewhere. */
static const char *own_path(char *path, size_t size)
{
    const ssize_t n = readlink("/proc/self/exe", path, size - 1);

    if (n > 0)
        path[n] = '\0';
    else /* a root of its own without /proc: as it was started */
        snprintf(path, size, "%s", (const char *)(uintptr_t)getauxval(AT_EXECFN));
    return path;
}

typedef struct job {
    const settings *settings;
    const run *run;
} job;

static void become(const void *ctx, child_result *result)
{
    const settings *s = ((const job *)ctx)->settings;
    const run *r = ((const job *)ctx)->run;
    char threads[24], prefetch[24], steps[24], seed[24], ranks[24], path[4096];
    const char *argv[24 + RANKS_MAX_WORDS] = {own_path(path, sizeof path)};
    int n = 1;

    snprintf(ranks, sizeof ranks, "%u", r->ranks);
    if (r->ranks > 1)
        n = ranks_command(argv, ranks, path);
    argv[n++] = "verify";
    argv[n++] = "--one-run", argv[n++] = inject_name(r->inject);
    argv[n++] = "--threads", argv[n++] = threads;
    argv[n++] = "--prefetch", argv[n++] = prefetch;
    snprintf(threads, sizeof threads, "%llu", (unsigned long long)r->threads);
    snprintf(prefetch, sizeof prefetch, "%llu", (unsigned long long)r->prefetch);
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)s->steps.value);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->seed.value);
    if (s->steps.given)
        argv[n++] = "--steps", argv[n++] = steps;
    if (s->seed.given)
        argv[n++] = "--seed", argv[n++] = seed;
    if (s->data != NULL)
        argv[n++] = "--data", argv[n++] = s->data;
    argv[n++] = "--";
    argv[n++] = s->recipe;
    argv[n] = NULL;
    if (r->cpu != NULL)
        setenv("DETPIPE_CPU", r->cpu, 1);
    ranks_forget();
    snprintf(result->why, sizeof result->why, "%.4000s%s", argv[0],
             r->ranks > 1 ? " (Debian: openmpi-bin)" : "");
    execvp(argv[0], (char *const *)(uintptr_t)argv);
}

/* All of the file, NUL added; NULL when it cannot be had. */
static char *read_all(int fd)
{
    const off_t size = lseek(fd, 0, SEEK_END);
    char *text = size >= 0 ? xmalloc((size_t)size + 1) : NULL;

    if (text == NULL)
        return NULL;
    if (pread(fd, text, (size_t)size, 0) != (ssize_t)size) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* A run says itself why it fails. */
static int judge_end(const child_result *end, int number)
{
    if (end->end == CHILD_INTERRUPTED)
        return cli_fail(EXIT_NOT_TRIED, "verify: interrupted in run %d (%s); it was ended", number,
                        strsignal(end->signal));
    if (end->end == CHILD_UNSTARTED)
        return cli_fail(EXIT_NOT_TRIED, "verify: cannot start run %d: %s", number, end->why);
    if (end->end != CHILD_ENDED)
        return cli_fail(EXIT_NOT_TRIED, "verify: run %d was lost", number);
    if (WIFSIGNALED(end->status))
        return cli_fail(EXIT_NOT_TRIED, "run %d was ended by signal %d (%s)", number,
                        WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
    return WEXITSTATUS(end->status);
}

static int start_run(const settings *s, run *r, int number)
{
    const job j = {s, r};
    child c = {.become = become,
               .ctx = &j,
               .out = memfd_create("detpipe-run", MFD_CLOEXEC),
               .err = -1,
               .most = MOST_RESULT};
    child_result end;
    char *text = NULL;
    cJSON *json;
    int status;

    if (c.out < 0)
        return cli_fail(EXIT_NOT_TRIED, "cannot start run %d: %s", number, strerror(errno));
    child_run(&c, &end);
    status = judge_end(&end, number);
    if (status == 0)
        text = read_all(c.out);
    close(c.out);
    json = text != NULL ? cJSON_Parse(text) : NULL;
    if (status == 0 && !ladder_from_json(json, &r->ladder))
        status = cli_fail(EXIT_NOT_TRIED, "run %d printed no readable result", number);
    cJSON_Delete(json);
    free(text);
    return status;
}

/* ---- the verdicts ---- */

/* The first run with each other. */
static closeness closeness_of_all(const runs *r)
{
    closeness c = {.seen = "done"};

    for (int i = 1; i < r->n; i++) {
        const ladder *a = &r->run[0].ladder, *b = &r->run[i].ladder;
        c.far = c.far || a->n_losses != b->n_losses;
        for (uint64_t k = 0; k < a->n_losses && k < b->n_losses; k++)
            closeness_add(&c, k, (double)ladder_loss(a, k), (double)ladder_loss(b, k));
    }
    return c;
}

static bool has_rung(const run *r, int rung) { return r->ladder.digests[rung].text[0] != '\0'; }

/* The first run that is not as the first one on a rung, or 0. */
static int first_other(const runs *r, int rung)
{
    for (int i = 0; i < r->n; i++) {
        const ladder *l = &r->run[i].ladder;
        const bool sound = rung != RUNG_NUMERICS || l->numerics[0] == '\0';
        if (!sound || strcmp(l->digests[rung].text, r->run[0].ladder.digests[rung].text) != 0)
            return i > 0 ? i : 1;
    }
    return 0;
}

/* The lowest rung that broke, N_RUNGS = none. */
static int lowest_broken(const runs *all)
{
    int r = 0;
    while (r < N_RUNGS && first_other(all, r) == 0)
        r++;
    return r;
}

/* Both runs ended with the data, before what was asked. */
static bool is_short(const runs *r) { return r->run[0].ladder.n_losses < r->asked; }

static bool is_reproduced(const runs *r) { return lowest_broken(r) == N_RUNGS && !is_short(r); }

/* The exit status.  A difference is one however long the runs were. */
static int judge(const runs *r, const char *units)
{
    if (lowest_broken(r) != N_RUNGS)
        return EXIT_NO;
    return is_short(r) ? cli_fail_short("verify", r->asked, r->run[0].ladder.n_losses, units)
                       : EXIT_YES;
}

static bool others_equal(const runs *all, int rung)
{
    bool equal = true;
    for (int r = 0; r < N_RUNGS; r++)
        equal = equal && (r == rung || first_other(all, r) == 0);
    return equal;
}

static void explain(const runs *r, int rung)
{
    char text[512];

    snprintf(text, sizeof text, "The lowest rung that differs is \"%s\": %s.", rung_names[rung],
             rung_meanings[rung]);
    cli_wrap(stdout, text, 0, 0);
    for (int i = 0; i < r->n; i++) {
        const ladder *l = &r->run[i].ladder;
        char head[24];
        snprintf(head, sizeof head, "  run %d: ", i + 1);
        if (rung == RUNG_NUMERICS && l->numerics[0] != '\0')
            cli_wrap(stdout, l->numerics, printf("%s", head), 9);
        if (rung == RUNG_LOSS_1 || rung == RUNG_LOSS_2)
            printf("%s%.9g (%a)\n", head, (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)),
                   (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)));
    }
    if (rung == RUNG_NUMERICS && others_equal(r, rung))
        cli_wrap(stdout,
                 "The other rungs are equal: the library sets its own floating-point environment "
                 "and restores the caller's.",
                 0, 0);
}

/* ---- printing ---- */

static void print_run(const run *r, int number, const char *what)
{
    printf("run %d: ", number);
    if (r->threads == 0)
        printf("threads=auto");
    else
        printf("threads=%llu", (unsigned long long)r->threads);
    printf(" prefetch=%llu cpu=%s", (unsigned long long)r->prefetch,
           r->cpu != NULL ? r->cpu : "auto");
    if (r->ranks > 1)
        printf(" ranks=%u", r->ranks);
    if (r->inject != INJECT_NONE)
        printf(" inject=%s", inject_name(r->inject));
    printf("  %llu %s in %.2f s\n", (unsigned long long)r->ladder.n_losses, what,
           r->ladder.seconds);
}

static void print_ladder(const runs *all)
{
    const bool color = cli_color();
    const ladder *first = &all->run[0].ladder;

    for (int r = 0; r < N_RUNGS; r++) {
        const int other = first_other(all, r);
        if (!has_rung(&all->run[0], r) && !has_rung(&all->run[other], r))
            continue;
        printf("  %-9s %s  %s%s%s", rung_names[r], first->digests[r].text,
               color ? (other == 0 ? "\033[32m" : "\033[31m") : "",
               other == 0 ? "equal" : "DIFFERS", color ? "\033[0m" : "");
        if (other == 0 && (r == RUNG_LOSS_1 || r == RUNG_LOSS_2))
            printf("  %.9g", (double)ladder_loss(first, (uint64_t)(r - RUNG_LOSS_1)));
        if (other != 0)
            printf("  run %d: %.16s..", other + 1, all->run[other].ladder.digests[r].text);
        putchar('\n');
    }
}

static void print_verdict(const runs *r)
{
    const bool reproduced = is_reproduced(r), color = cli_color();

    printf("%s%s%s\n", color ? (reproduced ? "\033[1;32m" : "\033[1;31m") : "",
           reproduced                    ? "REPRODUCED"
           : lowest_broken(r) == N_RUNGS ? "NOT SHOWN"
                                         : "NOT REPRODUCED",
           color ? "\033[0m" : "");
}

static int report_text(const settings *s, const runs *r, bool trained)
{
    const char *units = trained ? "steps" : "batches";
    const closeness close = closeness_of_all(r);
    const int broken = lowest_broken(r);

    printf("detpipe " DETPIPE_VERSION " verify %.40s%s\n",
           strcmp(s->recipe, RECIPE_DEFAULT) == 0 ? RECIPE_DEFAULT : s->recipe,
           strlen(s->recipe) > 40 ? "..." : "");
    for (int i = 0; i < r->n; i++)
        print_run(&r->run[i], i + 1, units);
    print_ladder(r);
    if (trained) {
        fputs("allclose (losses 1 and 2, atol 1e-3, rtol 1e-5): ", stdout);
        closeness_print(stdout, &close);
        putchar('\n');
    }
    printf("bits (every rung): %s\n", broken == N_RUNGS ? "equal" : "not equal");
    if (broken != N_RUNGS)
        explain(r, broken);
    if (r->sensitivity[0] != '\0')
        cli_wrap(stdout, r->sensitivity, 0, 0);
    print_verdict(r);
    return judge(r, units);
}

static loss_values losses_of(const ladder *l)
{
    loss_values out = {xcalloc((size_t)l->n_losses + 1, sizeof *out.v), (size_t)l->n_losses};

    for (size_t i = 0; i < out.n; i++)
        out.v[i] = (double)ladder_loss(l, i);
    return out;
}

/* One more run, whose first weight is moved by one ulp. */
static int try_one_ulp(const settings *s, runs *r)
{
    run disturbed = r->run[0];
    loss_values a = {0}, b = {0};
    int status;

    disturbed.inject = INJECT_WEIGHT;
    disturbed.ladder = (ladder){0};
    status = start_run(s, &disturbed, r->n + 1);
    if (status == 0) {
        a = losses_of(&r->run[0].ladder);
        b = losses_of(&disturbed.ladder);
        growth_text(", one weight moved by one ulp", &a, &b, r->sensitivity);
    }
    free(a.v);
    free(b.v);
    ladder_free(&disturbed.ladder);
    return status;
}

static int report_json(const settings *s, const runs *r, bool trained)
{
    const closeness close = closeness_of_all(r);
    const int broken = lowest_broken(r);
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "recipe", s->recipe);
    cJSON_AddBoolToObject(json, "reproduced", is_reproduced(r));
    cli_add_count(json, "steps", r->run[0].ladder.n_losses);
    if (r->asked > 0)
        cli_add_count(json, "steps_asked", r->asked);
    cJSON_AddStringToObject(json, "lowest_broken_rung",
                            broken == N_RUNGS ? "" : rung_names[broken]);
    if (trained)
        closeness_to_json(&close, json);
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < r->n; i++)
        cJSON_AddItemToArray(list, ladder_to_json(&r->run[i].ladder));
    if (cli_print_json(json) != EXIT_YES)
        return EXIT_NOT_TRIED;
    return judge(r, trained ? "steps" : "batches");
}

/* ---- options ---- */

static int parse_vary(settings *s)
{
    const char *at = s->vary != NULL ? s->vary : "";

    if (s->vary != NULL && s->vary[0] == '\0') /* a script's empty variable */
        return cli_fail(EXIT_MALFORMED, "verify: --vary '' varies nothing: leave it out");
    while (*at != '\0') {
        const size_t n = strcspn(at, ",");
        if (n == 7 && memcmp(at, "threads", n) == 0)
            s->vary_threads = true;
        else if (n == 8 && memcmp(at, "prefetch", n) == 0)
            s->vary_prefetch = true;
        else if (n == 3 && memcmp(at, "cpu", n) == 0)
            s->vary_cpu = true;
        else
            return cli_fail(EXIT_MALFORMED,
                            "verify: --vary takes a list of threads, prefetch and cpu, not '%s'",
                            s->vary);
        at += n;
        at += *at == ',';
    }
    return 0;
}

/* One whose fused multiply-adds are not the machine's: made of binary64, in vectors where there are
 * some. */
static const char *other_cpu(void)
{
#if defined(__x86_64__)
    const char *own = getenv("DETPIPE_CPU");
    return own != NULL && strcmp(own, "sse2") == 0 ? "scalar" : "sse2";
#else
    return "scalar";
#endif
}

/* "1,2,4": a run for each; one number alone stands for two runs. */
static int parse_ranks(const char *list, runs *r)
{
    const char *at = list;

    r->n = 0;
    do {
        char *end;
        const unsigned long n = strtoul(at, &end, 10);
        if (end == at || n < 1 || n > MAX_RANKS || (*end != ',' && *end != '\0') ||
            r->n == MAX_RUNS || *at == '-')
            return cli_fail(EXIT_MALFORMED,
                            "verify: --ranks takes a list of up to %d numbers of ranks, 1 to %d, "
                            "not '%s'",
                            MAX_RUNS, MAX_RANKS, list);
        r->run[r->n++].ranks = (uint32_t)n;
        at = *end == ',' ? end + 1 : end;
        if (*end == '\0')
            break;
    } while (true);
    if (r->n == 1)
        r->run[r->n++].ranks = r->run[0].ranks;
    return 0;
}

/* The others as unlike the first as they can be. */
static void plan_runs(const settings *s, inject what, runs *r)
{
    for (int i = 0; i < r->n; i++) {
        run *one = &r->run[i];
        one->threads = s->vary_threads ? (i == 0 ? 1 : 7) : s->threads;
        one->prefetch = s->vary_prefetch ? (i == 0 ? 0 : 5) : s->prefetch;
        one->cpu = s->vary_cpu && i > 0 ? other_cpu() : NULL;
    }
    r->run[1].inject = what;
}

static int start_runs(const settings *s, inject what, uint64_t seed, runs *r)
{
    settings other = *s;
    int status = 0;

    if (what == INJECT_SEED)
        other.seed = (cli_optional){true, (s->seed.given ? s->seed.value : seed) + 1};
    for (int i = 0; i < r->n && status == 0; i++)
        status = start_run(i == 1 ? &other : s, &r->run[i], i + 1);
    if (status == 0 && r->run[0].ladder.n_losses == 0)
        status = cli_fail_short("verify", r->asked, 0, "");
    return status;
}

static int compare(const settings *s, inject what)
{
    runs all = {.run = {{.ranks = 1}, {.ranks = 1}}, .n = 2};
    settings frozen = *s;
    char text[65536];
    recipe loaded = {0};
    uint64_t seed;
    bool trained;
    int status = s->ranks != NULL ? parse_ranks(s->ranks, &all) : 0;

    if (status == 0)
        status = recipe_freeze(s->recipe, text, sizeof text);
    if (status == 0)
        status = recipe_load(text, s->recipe, &loaded);
    if (status != 0)
        return status;
    frozen.recipe = text;
    trained = loaded.net != NULL;
    all.asked = s->steps.given ? s->steps.value : trained || loaded.steps_given ? loaded.steps : 0;
    seed = loaded.seed;
    recipe_free(&loaded);
    plan_runs(s, what, &all);
    status = start_runs(&frozen, what, seed, &all);
    if (status == 0 && s->sensitivity && trained)
        status = try_one_ulp(&frozen, &all);
    if (status == 0)
        status = s->json ? report_json(s, &all, trained) : report_text(s, &all, trained);
    for (int i = 0; i < all.n; i++)
        ladder_free(&all.run[i].ladder);
    return status;
}

/* The place of a word of our own, 0 = it is not there: those behind "--" are not ours. */
static int find_word(int argc, char **argv, const char *word)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], word) == 0)
            return i;
        if (strcmp(argv[i], "--") == 0)
            break;
    }
    return 0;
}

int cmd_verify(int argc, char **argv)
{
    const bool is_one_run = find_word(argc, argv, "--one-run") > 0;
    const int foreign = is_one_run ? 0 : find_word(argc, argv, "--"); /* else its recipe is there */
    settings s = {.recipe = RECIPE_DEFAULT, .prefetch = 2};
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &s.data},
        {"steps", "N", "steps (batches, without a net) in place of the recipe's", CLI_OPTIONAL,
         &s.steps},
        {"seed", "N", "seed in place of the recipe's", CLI_OPTIONAL, &s.seed},
        {"threads", "N", "worker threads (default: one a CPU)", CLI_COUNT, &s.threads},
        {"prefetch", "N", "batches made ahead (default: 2)", CLI_COUNT, &s.prefetch},
        {"ranks", "LIST", "a run for each number of ranks: 1,2,4 (mpirun)", CLI_TEXT, &s.ranks},
        {"vary", "LIST", "make run 2 unlike run 1 in: threads,prefetch,cpu", CLI_TEXT, &s.vary},
        {"inject", "FAULT", "disturb run 2, to see a failure: " INJECT_WORDS, CLI_TEXT, &s.inject},
        {"sensitivity", NULL, "also say when one ulp of one weight passes a tolerance of 1e-3",
         CLI_FLAG, &s.sensitivity},
        {"json", NULL, "print the result for a program", CLI_FLAG, &s.json},
        {"one-run", "FAULT", "do one run here and print its rungs as JSON (FAULT or none)",
         CLI_TEXT, &s.one_run},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"verify", "[RECIPE] [OPTIONS]", about, options, 0, 1};
    inject what;
    int status;

    if (ranks_started() > 1 && !is_one_run)
        return cli_fail(EXIT_MALFORMED,
                        "verify was started on %lu ranks, and each would try the whole: start it "
                        "alone, with --ranks %lu, or verify -- mpirun ... COMMAND",
                        ranks_started(), ranks_started());
    if (foreign > 0)
        return verify_command(argc, argv, foreign + 1);
    if (argc > 2 && argv[1][0] != '-' && (status = script_fail_command(argv[1])) != 0)
        return status;
    status = cli_parse(&command, argc, argv, &s.recipe);
    if (status == 0 && s.steps.given && s.steps.value == 0)
        status = cli_fail(EXIT_MALFORMED, "verify: --steps takes 1 and more");
    if (status == 0 && s.json && s.sensitivity)
        status = cli_fail(EXIT_MALFORMED,
                          "verify: --sensitivity of a recipe cannot be combined with --json");
    if (status == 0)
        status = parse_vary(&s);
    if (status == 0)
        status = inject_parse(s.inject, &what);
    if (status != 0)
        return status;
    return s.one_run != NULL ? one_run(&s) : compare(&s, what);
}
