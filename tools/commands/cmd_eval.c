/* cmd_eval.c - measure a trained net with a recipe's test data
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/commands.h"
#include "tools/run/ranks.h"
#include "tools/run/score.h"

typedef struct settings {
    const char *load;
    uint64_t timeout;
    bool json;
} settings;

static const char about[] =
    "Runs the recipe's net on all batches of its test: line and prints the share of labels (a "
    "sample's, or with per=place each place's) that are the largest output, and the mean loss.  Nothing is trained: dropout drops nothing, "
    "batch_norm uses its moving statistics.\n"
    "RECIPE is a recipe's name or a recipe file (default: " RECIPE_DEFAULT ").";

static void print(const session *s, const score *sum, bool json)
{
    const unsigned long long samples = sum->samples, labels = sum->labels, correct = sum->correct;
    const double loss = score_loss(sum);
    const score_text share = score_share(sum, json ? 6 : 4, json);
    char right[24] = "null";

    if (!sum->targets)
        snprintf(right, sizeof right, "%llu", correct);
    if (json) {
        printf("{\"samples\":%llu,\"labels\":%llu,\"correct\":%s,\"accuracy\":%s,"
               "\"loss\":%.9g,\"left_out\":%llu}\n",
               samples, labels, right, share.text, loss, (unsigned long long)session_left_out(s));
        return;
    }
    printf("%llu samples", samples);
    if (labels != samples)
        printf(", %llu %s", labels, sum->targets ? "targets" : "labels");
    if (!sum->targets)
        printf(", %s correct, accuracy %s", right, share.text);
    printf(", loss %.6g\n", loss);
    session_print_left_out(s);
}

static int run(session *s, const settings *set, const char *what)
{
    score sum;
    dp_error err;
    int status = session_open(s, what, (cli_optional){0}, (cli_optional){0});

    if (status == 0 && s->net == NULL)
        status = cli_fail(EXIT_MALFORMED, "eval: %s has no net", what);
    if (status == 0)
        status = score_check(s);
    if (status == 0 && set->load != NULL && dp_net_load(s->net, set->load, &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    if (status == 0)
        status = score_measure(s, "eval", &sum);
    if (status != 0)
        return status;
    if (ranks_leads(s->group))
        print(s, &sum, set->json);
    return EXIT_YES;
}

static const cli_need needs[] = {
    {"--identities", {"ranks"}}, {"--rank-timeout", {"ranks"}}, {NULL, {NULL}}};

int cmd_eval(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    settings set = {.timeout = RANKS_TIMEOUT};
    const char *what = RECIPE_DEFAULT;
    const cli_option options[] = {
        SESSION_OPTIONS(s),
        SESSION_IDENTITIES(s),
        RANKS_OPTION(set.timeout),
        {"load", "FILE", "weights (default: the recipe's initial ones)", CLI_TEXT, &set.load},
        {"json", NULL, "print a JSON object", CLI_FLAG, &set.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"eval", "[RECIPE] [OPTIONS]", about, options, 0, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0)
        status = cli_check_needs(&command, argv, ranks_started() > 1 ? "ranks" : NULL, needs);
    if (status != 0)
        return status;
    s.test = true;
    status = ranks_join(&s.group, set.timeout);
    s.shares = s.group != NULL;
    if (status == 0)
        status = run(&s, &set, what);
    session_close(&s);
    return ranks_leave(s.group, status);
}
