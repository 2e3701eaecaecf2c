/* verify_command.c - detpipe verify [OPTIONS] -- COMMAND: anybody's trainer, run twice
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/verify_command.h"

#include <stdlib.h>
#include <string.h>

#include "tools/proof/causes.h"
#include "tools/cli/cli.h"
#include "tools/compare/comparison.h"
#include "tools/proof/closer.h"
#include "tools/proof/evidence.h"
#include "tools/proof/folder.h"
#include "tools/proof/verify_report.h"
#include "tools/proof/why.h"
#include "tools/proof/written.h"

static const char about[] =
    "Runs any training command twice, each time in a process of its own, finds the losses that it "
    "prints and compares them: the first two by the reference rule (numpy.allclose, atol 1e-3, "
    "rtol 1e-5), and all of them to the last printed digit.  What the command prints goes to "
    "files that are named.\n"
    "Losses are found in the usual forms: loss: 2.3, loss=2.3, loss is 2.3, {\"loss\": 2.3}, a "
    "column of the name loss; also in hexadecimal.  Print as many digits as there are.\n"
    "With --vary the other runs are unlike the first in what must not matter; when they differ, "
    "more runs find which of it it was.\n"
    "Exit status: 0 reproduced, 1 not, 2 the question is malformed (no loss is found), 3 it could "
    "not be tried (the command failed, or took too long).";

/* ---- running ---- */

/* The cause is looked for where a run is quick, or where one asked for it. */
#define QUICK_SECONDS 5

static int run_one(verify_trial *t, program_run *r)
{
    const int status = causes_run(t, r);

    if (status != 0 && r->why[0] != '\0')
        cli_fail(status, "verify: %s", r->why);
    if (status == EXIT_MALFORMED && r->losses.n == 0)
        evidence_print_none(stderr, &r->losses);
    t->named = t->named || (status != 0 && (r->why[0] == '\0' || strstr(r->why, t->folder)));
    return status;
}

static int run_all(verify_trial *t)
{
    char cwd[PROGRAM_PATH];
    int status = 0;

    for (int i = 0; i < t->n && status == 0; i++) {
        program_run *r = &t->run[i];
        *r = (program_run){.number = i + 1, .plan.words = i > 0 ? t->vary : 0};
        status = run_one(t, r);
        if (status == 0 && i == 0)
            leftovers_watch(&t->left, r->begun, t->folder, t->program.why ? t->program.most : 0);
        if (status == 0 && i == 1)
            leftovers_judge(&t->left, r->begun, t->folder,
                            program_cwd(&t->program, r, cwd) ? cwd : NULL);
    }
    return status;
}

/* Run 2 may be equal for what run 1 left: once more without. */
static int run_without(verify_trial *t)
{
    program_run *r = &t->run[t->n];
    char cwd[PROGRAM_PATH];
    uint32_t words;
    int status;

    *r = (program_run){.number = t->n + 1};
    perturb_parse("left", &r->plan.words);
    status = causes_run(t, r);
    if (r->interrupted)
        return cli_fail(status, "verify: %s", r->why);
    if (status == 0 && program_cwd(&t->program, r, cwd)) {
        leftovers_confirm(&t->left, r->number, cwd);
        perturb_parse("cwd,left", &words); /* one of them, where it differs */
        t->vary |= words;
        t->n++;
    } else {
        snprintf(t->left.why, sizeof t->left.why, "Without it, %.700s.", r->why);
        program_free(r);
    }
    return 0;
}

static void find_cause(const verify_settings *s, verify_trial *t)
{
    if (s->causes || s->vary != NULL || t->run[0].seconds < QUICK_SECONDS)
        causes_find(t);
    else
        snprintf(t->cause, sizeof t->cause,
                 "Cause: not looked for, since a run takes long: --causes "
                 "does, by some 30 more runs.");
}

/* What was recorded of run 1 and of the run that is shown, as diff --html has it. */
static int write_page(const printed_verdict *v, const char *path)
{
    const why_comparison *w = &v->ledgers[v->shown];
    const result_pair *p = &w->files.pair[w->earliest];
    comparison c = {.n = 0};
    int status;

    if (p->a == NULL || p->b == NULL)
        return cli_fail(EXIT_NOT_TRIED, "verify: no page: only one run has the %s",
                        p->a != NULL ? p->a->name : p->b->name);
    c.path[0] = p->a->copy;
    c.path[1] = p->b->copy;
    status = comparison_make(&c);
    if (status == 0)
        status = comparison_page(&c, NULL, path);
    comparison_free(&c);
    return status;
}

static int report(const verify_settings *s, verify_trial *t, const printed_verdict *v)
{
    int status = 0;

    t->named = t->named || s->output != NULL || v->other > 0;
    if (v->other > 0) {
        closer_look(t, v);
        find_cause(s, t);
    }
    folder_report();
    if (s->json)
        status = verify_report_json(t, v);
    else
        verify_report_text(t, v);
    if (status == 0 && s->page != NULL)
        status = write_page(v, s->page);
    return status == 0 ? v->all.status : status;
}

static void make_verdict(const verify_settings *s, const verify_trial *t, printed_verdict *v)
{
    printed_question q = {.n = t->n,
                          .left = &t->left,
                          .files = s->files.n > 0,
                          .ledgers = s->why != NULL,
                          .allclose = s->allclose,
                          .strict = s->strict,
                          .sensitivity = s->sensitivity};

    for (int i = 0; i < t->n; i++) {
        q.losses[i] = &t->run[i].losses;
        q.results[i] = &t->run[i].results;
        q.recorded[i] = &t->run[i].recorded;
    }
    printed_verdict_make(v, &q);
}

static int judge(const verify_settings *s, verify_trial *t)
{
    printed_verdict v;
    int status = 0;

    make_verdict(s, t, &v);
    if (v.all.answer == VERDICT_EQUAL && t->left.read.n > 0 &&
        leftovers_may_go(&t->left, s->most)) {
        printed_verdict_free(&v);
        status = run_without(t);
        make_verdict(s, t, &v);
    }
    if (status == 0)
        status = report(s, t, &v);
    printed_verdict_free(&v);
    return status;
}

/* ---- the question ---- */

static int compare(const verify_settings *s, verify_trial *t)
{
    int status = s->vary != NULL ? perturb_parse(s->vary, &t->vary) : 0;

    if (status == 0 && s->loss != NULL)
        status = losses_check_pattern(s->loss); /* before anything runs */
    t->n = (int)s->runs;
    t->program.regex = s->loss;
    t->program.files = s->files;
    t->program.kept = t->n;
    t->program.timeout = s->timeout;
    t->program.most = s->most;
    t->program.folder = t->folder;
    t->program.left = &t->left.made;
    t->program.why = s->why != NULL;
    if (status == 0 && s->why != NULL)
        status = why_parse(s->why, &t->program.how);
    if (status == 0)
        status = folder_open(s->output, t->folder);
    if (status == 0 && s->why != NULL)
        status = why_prepare(t->folder);
    if (status != 0)
        return status;
    status = run_all(t);
    if (status == 0)
        status = judge(s, t);
    folder_close(t->named);
    for (int i = 0; i < t->n; i++)
        program_free(&t->run[i]);
    leftovers_free(&t->left);
    return status;
}

static int check_files(const verify_settings *s)
{
    const size_t n = results_count_patterns(&s->files);

    if (s->files.n > 0 && n == 0)
        return cli_fail(EXIT_MALFORMED, "verify: --file '' names no file: leave it out");
    if (n > RESULTS_MOST_PATTERNS)
        return cli_fail(EXIT_MALFORMED, "verify: --file takes up to %d patterns",
                        RESULTS_MOST_PATTERNS);
    if (n > 0 && s->allclose)
        return cli_fail(EXIT_MALFORMED, "verify: --allclose is of losses, and files are compared "
                                        "byte by byte: leave out --allclose or --file");
    return 0;
}

int verify_command(int argc, char **argv, int command)
{
    verify_settings s = {.runs = 2, .most = (uint64_t)1 << 30};
    const cli_option options[] = {
        {"runs", "N", "runs to compare, 2 to 8 (default: 2)", CLI_COUNT, &s.runs},
        {"loss", "REGEX", "where a loss is: POSIX extended, each group is a series", CLI_TEXT,
         &s.loss},
        {"file", "PATTERN",
         "also compare the files that match and that the runs write: weights, 'out/*.csv', a folder "
         "(with commas between several)",
         CLI_LIST, &s.files},
        {"why", "[=HOW]",
         "record what is trained in PyTorch, Keras, JAX or MindSpore, and name the first thing that "
         "differs (the Python package detpipe is needed); HOW: loss, weights or full (the default), "
         "every=N, steps=A..B, with commas between",
         CLI_TEXT_OR_NONE, &s.why},
        {"html", "FILE", "write a page of what --why recorded", CLI_TEXT, &s.page},
        {"vary", "LIST", "make the others unlike run 1 in: " PERTURB_WORDS, CLI_TEXT, &s.vary},
        {"timeout", "SECONDS", "end a run that takes longer", CLI_COUNT, &s.timeout},
        {"max-output", "SIZE", "end a run that prints more on one stream (default: 1G)", CLI_SIZE,
         &s.most},
        {"output", "DIR", "for what the command prints (default: a new one in TMPDIR)", CLI_TEXT,
         &s.output},
        {"allclose", NULL, "the verdict is the reference rule's, not that of the digits", CLI_FLAG,
         &s.allclose},
        {"sensitivity", NULL, "also say when a difference as small as a digit passes 1e-3",
         CLI_FLAG, &s.sensitivity},
        {"strict", NULL, "weak evidence does not count: status 3", CLI_FLAG, &s.strict},
        {"causes", NULL, "look for the cause of a difference by more runs, however long they take",
         CLI_FLAG, &s.causes},
        {"json", NULL, "print the result for a program", CLI_FLAG, &s.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command c = {"verify", "[OPTIONS] -- COMMAND ARGS...", about, options, 0, 0};
    verify_trial t = {.program = {.argv = argv + command}};
    int status = cli_parse(&c, command - 1, argv, NULL);

    if (status == 0 && command == argc)
        status = cli_fail(EXIT_MALFORMED, "verify: there is no command after --");
    if (status == 0 && (s.runs < 2 || s.runs > VERDICT_MOST_RUNS))
        status = cli_fail(EXIT_MALFORMED, "verify: --runs takes 2 to %d", VERDICT_MOST_RUNS);
    if (status == 0)
        status = check_files(&s);
    if (status == 0 && s.page != NULL && s.why == NULL)
        status =
            cli_fail(EXIT_MALFORMED, "verify: --html is a page of what --why records: add --why");
    return status == 0 ? compare(&s, &t) : status;
}
