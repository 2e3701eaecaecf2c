/* cmd_verify.c - run a recipe twice, in two processes, and compare them rung by rung
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/commands/commands.h"
#include "tools/proof/ladder_report.h"
#include "tools/proof/verify_command.h"
#include "tools/run/ranks.h"
#include "tools/run/script.h"

#define MAX_RANKS 1024

typedef struct settings {
    run_question question;
    const char *vary, *inject, *ranks, *one_run;
    uint64_t threads, prefetch;
    bool json, sensitivity;
    bool vary_threads, vary_prefetch, vary_cpu;
} settings;

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
static int parse_ranks(const char *list, ladder_report *r)
{
    const char *at = list;

    r->n = 0;
    do {
        char *end;
        const unsigned long n = strtoul(at, &end, 10);
        if (end == at || n < 1 || n > MAX_RANKS || (*end != ',' && *end != '\0') ||
            r->n == VERDICT_MOST_RUNS || *at == '-')
            return cli_fail(EXIT_MALFORMED,
                            "verify: --ranks takes a list of up to %d numbers of ranks, 1 to %d, "
                            "not '%s'",
                            VERDICT_MOST_RUNS, MAX_RANKS, list);
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
static void plan_runs(const settings *s, inject what, ladder_report *r)
{
    for (int i = 0; i < r->n; i++) {
        recipe_run *one = &r->run[i];
        one->threads = s->vary_threads ? (i == 0 ? 1 : 7) : s->threads;
        one->prefetch = s->vary_prefetch ? (i == 0 ? 0 : 5) : s->prefetch;
        one->cpu = s->vary_cpu && i > 0 ? other_cpu() : NULL;
    }
    r->run[1].inject = what;
}

static int start_runs(const run_question *q, inject what, uint64_t seed, ladder_report *r)
{
    run_question other = *q;
    int status = 0;

    if (what == INJECT_SEED)
        other.seed = (cli_optional){true, (q->seed.given ? q->seed.value : seed) + 1};
    for (int i = 0; i < r->n && status == 0; i++)
        status = runs_start(i == 1 ? &other : q, &r->run[i], i + 1);
    return status;
}

static loss_values losses_of(const ladder *l)
{
    loss_values out = {xcalloc((size_t)l->n_losses + 1, sizeof *out.v), (size_t)l->n_losses};

    for (size_t i = 0; i < out.n; i++)
        out.v[i] = (double)ladder_loss(l, i);
    return out;
}

/* One more run, whose first weight is moved by one ulp. */
static int try_one_ulp(const run_question *q, ladder_report *r)
{
    recipe_run disturbed = r->run[0];
    loss_values a = {0}, b = {0};
    int status;

    disturbed.inject = INJECT_WEIGHT;
    disturbed.ladder = (ladder){0};
    status = runs_start(q, &disturbed, r->n + 1);
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

static int report(const settings *s, uint64_t asked, ladder_report *r)
{
    const ladder *ladders[VERDICT_MOST_RUNS];
    int status = 0;

    for (int i = 0; i < r->n; i++)
        ladders[i] = &r->run[i].ladder;
    r->verdict = ladder_verdict_of(ladders, r->n, asked);
    if (s->json)
        status = ladder_report_json(r);
    else
        ladder_report_text(r);
    return status == 0 ? r->verdict.all.status : status;
}

static int compare(const settings *s, inject what)
{
    ladder_report all = {.recipe = s->question.recipe, .run = {{.ranks = 1}, {.ranks = 1}}, .n = 2};
    run_question frozen = s->question;
    const cli_optional steps = s->question.steps;
    char text[65536];
    recipe loaded = {0};
    uint64_t seed, asked;
    int status = s->ranks != NULL ? parse_ranks(s->ranks, &all) : 0;

    if (status == 0)
        status = recipe_freeze(s->question.recipe, text, sizeof text);
    if (status == 0)
        status = recipe_load(text, s->question.recipe, &loaded);
    if (status != 0)
        return status;
    frozen.recipe = text;
    all.trained = loaded.net != NULL;
    asked = steps.given ? steps.value : all.trained || loaded.steps_given ? loaded.steps : 0;
    seed = loaded.seed;
    recipe_free(&loaded);
    plan_runs(s, what, &all);
    status = start_runs(&frozen, what, seed, &all);
    if (status == 0 && all.run[0].ladder.n_losses == 0)
        status = cli_fail_short("verify", asked, 0, "");
    if (status == 0 && s->sensitivity && all.trained)
        status = try_one_ulp(&frozen, &all);
    if (status == 0)
        status = report(s, asked, &all);
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

static const cli_need needs[] = {{"--rank-timeout", {"--ranks", "ranks"}}, {NULL, {NULL}}};

int cmd_verify(int argc, char **argv)
{
    const bool is_one_run = find_word(argc, argv, "--one-run") > 0;
    const int foreign = is_one_run ? 0 : find_word(argc, argv, "--"); /* else its recipe is there */
    settings s = {.question = {.recipe = RECIPE_DEFAULT, .timeout = RANKS_TIMEOUT}, .prefetch = 2};
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT,
         &s.question.data},
        CLI_CACHE_OPTION,
        {"steps", "N", "steps (batches, without a net) in place of the recipe's", CLI_OPTIONAL,
         &s.question.steps},
        {"seed", "N", "seed in place of the recipe's", CLI_OPTIONAL, &s.question.seed},
        {"threads", "N", "worker threads (default: one a CPU)", CLI_COUNT, &s.threads},
        {"prefetch", "N", "batches made ahead (default: 2)", CLI_COUNT, &s.prefetch},
        {"ranks", "LIST", "a run for each number of ranks: 1,2,4 (mpirun)", CLI_TEXT, &s.ranks},
        RANKS_OPTION(s.question.timeout),
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
    if (argc > 1 && argv[1][0] != '-' && (status = script_fail_command(argv[1], argc > 2)) != 0)
        return status;
    status = cli_parse(&command, argc, argv, &s.question.recipe);
    if (status == 0)
        status = cli_check_needs(&command, argv, is_one_run ? "ranks" : NULL, needs);
    if (status == 0 && s.question.steps.given && s.question.steps.value == 0)
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
    if (s.one_run == NULL)
        return compare(&s, what);
    return runs_here(&s.question, &(recipe_run){.threads = s.threads, .prefetch = s.prefetch},
                     s.one_run);
}
