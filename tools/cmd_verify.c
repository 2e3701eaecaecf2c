/* cmd_verify.c - run a recipe twice, in two processes, and compare them rung by rung
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/ladder.h"

#define N_RUNS 2

/* numpy.allclose as the reference script calls it: atol 1e-3, rtol 1e-5 (docs/numerics.md). */
#define ATOL 1e-3
#define RTOL 1e-5

typedef struct settings {
    const char *recipe, *data, *vary, *inject, *one_run;
    cli_optional seed, steps;
    uint64_t threads, prefetch;
    bool json;
    bool vary_threads, vary_prefetch, vary_cpu;
} settings;

typedef struct run {
    uint64_t threads, prefetch;
    const char *cpu; /* DETPIPE_CPU, NULL = as it is */
    inject inject;
    ladder ladder;
} run;

static const char about[] =
    "Runs the recipe twice, each time in a process of its own, and compares the runs rung by "
    "rung: the process's arithmetic, the data set, the order, the pixels, the initial weights, "
    "the losses of steps 1 and 2, and every bit of all losses, the last gradients and the final "
    "weights.\n"
    "RECIPE is a recipe's name, a recipe file, or a pipeline text in quotes "
    "(default: " RECIPE_DEFAULT ").\n"
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

    if (status < 0)
        status = session_open(&opened, s->recipe, s->seed, s->steps);
    if (status < 0)
        status = ladder_run(&opened, what, &l);
    if (status < 0)
        status = cli_print_json(ladder_to_json(&l));
    ladder_free(&l);
    session_close(&opened);
    return status;
}

/* ---- starting them ---- */

static void exec_run(const settings *s, const run *r, int out)
{
    char threads[24], prefetch[24], steps[24], seed[24];
    const char *argv[24] = {"detpipe",   "verify", "--one-run",  inject_name(r->inject),
                            "--threads", threads,  "--prefetch", prefetch};
    int n = 8;

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
    if (dup2(out, STDOUT_FILENO) >= 0)
        execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    fprintf(stderr, "detpipe: cannot start a run: %s\n", strerror(errno));
    _exit(EXIT_NOT_TRIED);
}

/* All that the descriptor gives, NUL added; NULL when out of memory. */
static char *read_all(int fd)
{
    size_t used = 0, size = 65536;
    char *text = malloc(size);

    while (text != NULL) {
        const ssize_t n = read(fd, text + used, size - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += (size_t)n;
        if (size - used < 2) {
            char *larger = realloc(text, size *= 2);
            if (larger == NULL)
                free(text);
            text = larger;
        }
    }
    if (text != NULL)
        text[used] = '\0';
    return text;
}

static int wait_for(pid_t child, int number)
{
    int status;

    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return cli_fail(EXIT_NOT_TRIED, "run %d was lost: %s", number, strerror(errno));
    }
    if (WIFSIGNALED(status))
        return cli_fail(EXIT_NOT_TRIED, "run %d was ended by signal %d (%s)", number,
                        WTERMSIG(status), strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status) == 0 ? -1 : WEXITSTATUS(status);
}

static int start_run(const settings *s, run *r, int number)
{
    int ends[2], status;
    char *text;
    cJSON *json;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0)
        return cli_fail(EXIT_NOT_TRIED, "cannot make a pipe: %s", strerror(errno));
    child = fork();
    if (child < 0)
        return cli_fail(EXIT_NOT_TRIED, "cannot start run %d: %s", number, strerror(errno));
    if (child == 0) {
        close(ends[0]);
        exec_run(s, r, ends[1]);
    }
    close(ends[1]);
    text = read_all(ends[0]);
    close(ends[0]);
    status = wait_for(child, number);
    json = status < 0 && text != NULL ? cJSON_Parse(text) : NULL;
    if (status < 0 && !ladder_from_json(json, &r->ladder))
        status = cli_fail(EXIT_NOT_TRIED, "run %d gave no result that can be read", number);
    cJSON_Delete(json);
    free(text);
    return status;
}

/* ---- the verdicts ---- */

static bool is_close(double a, double b)
{
    return a == b || (isfinite(b) && fabs(a - b) <= ATOL + RTOL * fabs(b));
}

/* The reference rule: the first two losses of both runs, counts checked, NaN never close. */
static bool all_close(const run runs[N_RUNS])
{
    const ladder *a = &runs[0].ladder, *b = &runs[1].ladder;

    if (a->n_losses != b->n_losses || a->n_losses == 0)
        return false;
    for (uint64_t i = 0; i < 2 && i < a->n_losses; i++) {
        if (!is_close((double)ladder_loss(b, i), (double)ladder_loss(a, i)))
            return false;
    }
    return true;
}

static bool has_rung(const run *r, int rung) { return r->ladder.digests[rung].text[0] != '\0'; }

static bool same_rung(const run runs[N_RUNS], int rung)
{
    const bool sound = rung != RUNG_NUMERICS ||
                       (runs[0].ladder.numerics[0] == '\0' && runs[1].ladder.numerics[0] == '\0');
    return sound &&
           strcmp(runs[0].ladder.digests[rung].text, runs[1].ladder.digests[rung].text) == 0;
}

/* The lowest rung that broke, N_RUNGS = none. */
static int lowest_broken(const run runs[N_RUNS])
{
    int r = 0;
    while (r < N_RUNGS && same_rung(runs, r))
        r++;
    return r;
}

static bool others_equal(const run runs[N_RUNS], int rung)
{
    bool equal = true;
    for (int r = 0; r < N_RUNGS; r++)
        equal = equal && (r == rung || same_rung(runs, r));
    return equal;
}

static void explain(const run runs[N_RUNS], int rung)
{
    char text[512];

    snprintf(text, sizeof text, "The lowest rung that differs is \"%s\": %s.", rung_names[rung],
             rung_meanings[rung]);
    cli_wrap(stdout, text, 0, 0);
    for (int i = 0; i < N_RUNS; i++) {
        const ladder *l = &runs[i].ladder;
        char head[16];
        snprintf(head, sizeof head, "  run %d: ", i + 1);
        if (rung == RUNG_NUMERICS && l->numerics[0] != '\0')
            cli_wrap(stdout, l->numerics, printf("%s", head), 9);
        if (rung == RUNG_LOSS_1 || rung == RUNG_LOSS_2)
            printf("%s%.9g (%a)\n", head, (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)),
                   (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)));
    }
    if (rung == RUNG_NUMERICS && others_equal(runs, rung))
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
    if (r->inject != INJECT_NONE)
        printf(" inject=%s", inject_name(r->inject));
    printf("  %llu %s in %.2f s\n", (unsigned long long)r->ladder.n_losses, what,
           r->ladder.seconds);
}

static void print_ladder(const run runs[N_RUNS])
{
    const bool color = cli_color();

    for (int r = 0; r < N_RUNGS; r++) {
        const bool same = same_rung(runs, r);
        if (!has_rung(&runs[0], r) && !has_rung(&runs[1], r))
            continue;
        printf("  %-9s %s  %s%s%s", rung_names[r], runs[0].ladder.digests[r].text,
               color ? (same ? "\033[32m" : "\033[31m") : "", same ? "equal" : "DIFFERS",
               color ? "\033[0m" : "");
        if (same && (r == RUNG_LOSS_1 || r == RUNG_LOSS_2))
            printf("  %.9g", (double)ladder_loss(&runs[0].ladder, (uint64_t)(r - RUNG_LOSS_1)));
        if (!same)
            printf("  run 2: %.16s..", runs[1].ladder.digests[r].text);
        putchar('\n');
    }
}

static int report_text(const settings *s, const run runs[N_RUNS], bool trained)
{
    const int broken = lowest_broken(runs);
    const bool color = cli_color();

    printf("detpipe " DETPIPE_VERSION " verify %.40s%s\n",
           strcmp(s->recipe, RECIPE_DEFAULT) == 0 ? RECIPE_DEFAULT : s->recipe,
           strlen(s->recipe) > 40 ? "..." : "");
    for (int i = 0; i < N_RUNS; i++)
        print_run(&runs[i], i + 1, trained ? "steps" : "batches");
    print_ladder(runs);
    if (trained)
        printf("allclose (losses 1 and 2, atol 1e-3, rtol 1e-5): %s\n",
               all_close(runs) ? "yes" : "no");
    printf("bits (every rung): %s\n", broken == N_RUNGS ? "equal" : "not equal");
    if (broken != N_RUNGS)
        explain(runs, broken);
    printf("%s%s%s\n", color ? (broken == N_RUNGS ? "\033[1;32m" : "\033[1;31m") : "",
           broken == N_RUNGS ? "REPRODUCED" : "NOT REPRODUCED", color ? "\033[0m" : "");
    return broken == N_RUNGS ? EXIT_YES : EXIT_NO;
}

static int report_json(const settings *s, const run runs[N_RUNS], bool trained)
{
    const int broken = lowest_broken(runs);
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "recipe", s->recipe);
    cJSON_AddBoolToObject(json, "reproduced", broken == N_RUNGS);
    cJSON_AddStringToObject(json, "lowest_broken_rung",
                            broken == N_RUNGS ? "" : rung_names[broken]);
    if (trained)
        cJSON_AddBoolToObject(json, "allclose", all_close(runs));
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < N_RUNS; i++)
        cJSON_AddItemToArray(list, ladder_to_json(&runs[i].ladder));
    if (cli_print_json(json) != EXIT_YES)
        return EXIT_NOT_TRIED;
    return broken == N_RUNGS ? EXIT_YES : EXIT_NO;
}

/* ---- options ---- */

static int parse_vary(settings *s)
{
    const char *at = s->vary != NULL ? s->vary : "";

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
    return -1;
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

/* The second run as unlike the first as it can be. */
static void plan_runs(const settings *s, inject what, run runs[N_RUNS])
{
    for (int i = 0; i < N_RUNS; i++)
        runs[i] = (run){.threads = s->threads, .prefetch = s->prefetch};
    if (s->vary_threads)
        runs[0].threads = 1, runs[1].threads = 7;
    if (s->vary_prefetch)
        runs[0].prefetch = 0, runs[1].prefetch = 5;
    if (s->vary_cpu)
        runs[1].cpu = other_cpu();
    runs[1].inject = what;
}

static int compare(const settings *s, inject what)
{
    run runs[N_RUNS];
    settings first = *s, second;
    char frozen[65536];
    recipe loaded = {0};
    bool trained;
    int status = recipe_freeze(s->recipe, frozen, sizeof frozen);

    if (status < 0)
        status = recipe_load(frozen, s->recipe, &loaded);
    if (status >= 0)
        return status;
    first.recipe = frozen;
    second = first;
    trained = loaded.net != NULL;
    if (what == INJECT_SEED)
        second.seed = (cli_optional){true, (s->seed.given ? s->seed.value : loaded.seed) + 1};
    recipe_free(&loaded);
    plan_runs(s, what, runs);
    status = start_run(&first, &runs[0], 1);
    if (status < 0)
        status = start_run(&second, &runs[1], 2);
    if (status < 0 && runs[0].ladder.n_losses == 0)
        status = cli_fail(EXIT_MALFORMED,
                          "verify: the recipe delivers no batch, so there is nothing to compare");
    if (status < 0)
        status = s->json ? report_json(s, runs, trained) : report_text(s, runs, trained);
    ladder_free(&runs[0].ladder);
    ladder_free(&runs[1].ladder);
    return status;
}

int cmd_verify(int argc, char **argv)
{
    settings s = {.recipe = RECIPE_DEFAULT, .prefetch = 2};
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &s.data},
        {"steps", "N", "steps (batches, without a net) in place of the recipe's", CLI_OPTIONAL,
         &s.steps},
        {"seed", "N", "seed in place of the recipe's", CLI_OPTIONAL, &s.seed},
        {"threads", "N", "worker threads (default: one a CPU)", CLI_COUNT, &s.threads},
        {"prefetch", "N", "batches made ahead (default: 2)", CLI_COUNT, &s.prefetch},
        {"vary", "LIST", "make run 2 unlike run 1 in: threads,prefetch,cpu", CLI_TEXT, &s.vary},
        {"inject", "FAULT", "disturb run 2, to see a failure: " INJECT_WORDS, CLI_TEXT, &s.inject},
        {"json", NULL, "print the result for a program", CLI_FLAG, &s.json},
        {"one-run", "FAULT", "do one run here and print its rungs as JSON (FAULT or none)",
         CLI_TEXT, &s.one_run},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"verify", "[RECIPE] [OPTIONS]", about, options, 0, 1};
    inject what;
    int status = cli_parse(&command, argc, argv, &s.recipe);

    if (status < 0)
        status = parse_vary(&s);
    if (status < 0)
        status = inject_parse(s.inject, &what);
    if (status >= 0)
        return status;
    return s.one_run != NULL ? one_run(&s) : compare(&s, what);
}
