/* cmd_train.c - run a recipe
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/commands/plot.h"
#include "tools/run/best.h"
#include "tools/run/checkpoint.h"
#include "tools/cli/cli.h"
#include "tools/cli/element.h"
#include "tools/compare/ledger.h"
#include "tools/cli/output.h"
#include "tools/run/ranks.h"
#include "tools/run/session.h"
#include "tools/run/trace.h"

typedef struct settings {
    const char *save, *load, *change, *ledger_path, *trace_path;
    unsigned changes;  /* that --load may find */
    trace trace;       /* of the last step, if it has a path */
    dp_ledger *ledger; /* NULL = none */
    bool all_tensors;
    best best;
    const char *plot_path;
    plot plot;
    cli_optional seed, steps;
    uint64_t timeout, every, save_every, kept; /* kept: the step that was saved, or could not be */
    bool json;
} settings;

static const char about[] =
    "Trains for the recipe's steps and prints the loss of each, in decimal and as its exact bits. "
    "With --load the run goes on where the checkpoint was written: the position in the data is "
    "the number of steps done, so the rest of the run has the bits of a run that was never "
    "interrupted.  With --change, too, the rest may have another optimizer (of the same moments), "
    "data or batch size: weights, moments, steps and the place in the data are kept.\n"
    "Under mpirun or srun the ranks share each batch, and get the bits of one rank.\n"
    "RECIPE is a recipe's name or a recipe file (default: " RECIPE_DEFAULT ").";

static void print_step(const session *s, uint64_t step, const dp_net_result *r, bool json)
{
    const double rate = dp_net_learning_rate(s->net, step - 1);
    score_text share;
    score sum = {0};

    score_add(&sum, s, r);
    share = score_share(&sum, json ? 4 : 3, json);
    if (json)
        printf(
            "{\"step\":%llu,\"loss\":%.9g,\"loss_hex\":\"%a\",\"accuracy\":%s,\"learning_rate\":%.9g}\n",
            (unsigned long long)step, (double)r->loss, (double)r->loss, share.text, rate);
    else
        printf("step %6llu  loss %-12.9g %-16a accuracy %s  learning rate %g\n",
               (unsigned long long)step, (double)r->loss, (double)r->loss, share.text, rate);
}

static int save(const session *s, settings *set)
{
    set->kept = dp_net_tell(s->net);
    return set->save != NULL && ranks_leads(s->group) ? checkpoint_save(s, set->save) : 0;
}

/* A run that stops on its way (the data end, a record is bad, the loss is not finite) keeps the
 * weights of its last whole step, at the place behind it. */
static void save_rest(const session *s, settings *set)
{
    dp_error err;

    if (set->save == NULL || !ranks_leads(s->group))
        return;
    if (dp_seek(s->pipeline, dp_net_tell(s->net) + s->ahead, &err) != DP_OK)
        cli_fail_error(&err, NULL);
    else if (save(s, set) == 0)
        cli_fail(0, "%s has step %llu, the last whole one: --load goes on from it", set->save,
                 (unsigned long long)dp_net_tell(s->net));
}

/* What there is to say and to keep after a step: in the ledger before in a checkpoint, from which a
 * run that was killed goes on. */
static int end_step(session *s, settings *set, uint64_t step, cli_work *work,
                    const dp_net_result *r)
{
    const bool last = step == s->recipe.steps;
    double test;
    int status;

    if (set->plot_path != NULL)
        plot_add(&set->plot.steps, step, (double)r->loss);
    if ((step % set->every == 0 || last) && ranks_leads(s->group)) {
        cli_progress_end();
        print_step(s, step, r, set->json);
    }
    if (ranks_leads(s->group))
        cli_progress(work, "step", step, s->recipe.steps);
    status = best_take(&set->best, s, step);
    if (status != 0)
        return status;
    test = score_loss(&set->best.last);
    if (set->best.tested && set->plot_path != NULL)
        plot_add(&set->plot.tests, step, test);
    if (set->ledger != NULL)
        status = ledger_record(s, set->ledger, step, r, set->all_tensors,
                               set->best.tested ? &test : NULL);
    if (status == 0)
        status = best_save(&set->best, s);
    return status == 0 && set->save_every != 0 && step % set->save_every == 0 && !last
               ? save(s, set)
               : status;
}

static int train(session *s, settings *set)
{
    cli_work work = {0};
    dp_net_result result;
    int status = 0;

    set->kept = dp_net_tell(s->net);
    for (uint64_t step = set->kept; step < s->recipe.steps && status == 0 && !set->best.stops;
         step++) {
        status = session_step(s, &result);
        if (status == 0 && set->trace_path != NULL && step + 1 == s->recipe.steps)
            trace_take(&set->trace, s, &result);
        if (status == 0)
            status = end_step(s, set, step + 1, &work, &result);
    }
    cli_progress_end();
    if (status != 0 && set->kept != dp_net_tell(s->net))
        save_rest(s, set);
    return status;
}

static int check_plot(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strcmp(dot, ".png") == 0
               ? output_check(path)
               : cli_fail(EXIT_MALFORMED, "train: --plot writes .png, not %s", path);
}

/* Now, not after the last step. */
static int check_trace(const char *path)
{
    const char *dot = strrchr(path, '.');
    const int status = output_check(path);

    if (status != 0 ||
        (dot != NULL && (strcmp(dot, ".safetensors") == 0 || strcmp(dot, ".npz") == 0)))
        return status;
    return cli_fail(EXIT_MALFORMED, "train: --trace writes .safetensors or .npz, not %s", path);
}

static int run(session *s, settings *set, const char *what)
{
    uint8_t digest[16];
    int status = set->save != NULL ? output_check(set->save) : 0; /* now, not hours later */

    if (status == 0 && set->best.path != NULL)
        status = output_check(set->best.path);
    if (status == 0 && set->plot_path != NULL)
        status = check_plot(set->plot_path);
    if (status == 0 && set->trace_path != NULL)
        status = check_trace(set->trace_path);
    if (status == 0)
        status = session_open(s, what, set->seed, set->steps);
    if (status == 0 && s->net == NULL)
        status =
            cli_fail(EXIT_MALFORMED, "train: %s has no net (detpipe digest reads a stream)", what);
    if (status == 0 && set->load != NULL)
        status = checkpoint_load(s, set->load, set->changes);
    if (status == 0 && set->trace_path != NULL && dp_net_tell(s->net) >= s->recipe.steps)
        status =
            cli_fail(EXIT_MALFORMED, "train: no step is left for --trace: %llu of %llu are done",
                     (unsigned long long)dp_net_tell(s->net), (unsigned long long)s->recipe.steps);
    if (status == 0 && (set->save != NULL || set->best.path != NULL))
        status = session_identify(s);
    if (status == 0 && set->ledger_path != NULL && ranks_leads(s->group))
        status = ledger_open(s, set->ledger_path, &set->ledger);
    if (status == 0 && set->best.every != 0)
        status = best_open(&set->best, s);
    if (status == 0)
        status = train(s, set);
    if (status == 0 && set->best.every > s->recipe.steps && ranks_leads(s->group))
        cli_fail(0, "no step was tested: --test-every %llu, and %llu steps in all",
                 (unsigned long long)set->best.every, (unsigned long long)s->recipe.steps);
    if (status == 0)
        status = save(s, set);
    if (status == 0 && set->plot_path != NULL && ranks_leads(s->group))
        status = plot_save(&set->plot, set->plot_path);
    if (status == 0 && set->trace.n > 0 && ranks_leads(s->group))
        status = trace_save(&set->trace, set->trace_path);
    if (status != 0)
        return status;
    if (!ranks_leads(s->group))
        return EXIT_YES;
    dp_net_digest(s->net, digest, NULL);
    if (set->json) {
        printf("{\"steps\":%llu,\"parameters\":\"%s\",\"left_out\":%llu}\n",
               (unsigned long long)dp_net_tell(s->net), cli_hex_of(digest).text,
               (unsigned long long)session_left_out(s));
        return EXIT_YES;
    }
    printf("%llu steps done, parameters %s\n", (unsigned long long)dp_net_tell(s->net),
           cli_hex_of(digest).text);
    session_print_left_out(s);
    return EXIT_YES;
}

static const cli_need needs[] = {{"--ledger-tensors", {"--ledger"}},
                                 {"--save-every", {"--save"}},
                                 {"--change", {"--load"}},
                                 {"--save-best", {"--test-every"}},
                                 {"--patience", {"--test-every"}},
                                 {"--identities", {"--save", "--save-best", "--load", "ranks"}},
                                 {"--rank-timeout", {"ranks"}},
                                 {NULL, {NULL}}};

int cmd_train(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    settings set = {.every = 1, .timeout = RANKS_TIMEOUT};
    const char *what = RECIPE_DEFAULT;
    const cli_option options[] = {
        SESSION_OPTIONS(s),
        SESSION_IDENTITIES(s),
        RANKS_OPTION(set.timeout),
        {"steps", "N", "steps in all, in place of the recipe's", CLI_OPTIONAL, &set.steps},
        {"seed", "N", "seed in place of the recipe's", CLI_OPTIONAL, &set.seed},
        {"every", "N", "print every Nth step (default: 1)", CLI_POSITIVE, &set.every},
        {"save", "FILE", "write a checkpoint at the end (.safetensors)", CLI_TEXT, &set.save},
        {"save-every", "N", "write it every N steps as well", CLI_POSITIVE, &set.save_every},
        {"load", "FILE", "go on from a checkpoint", CLI_TEXT, &set.load},
        {"change", "LIST", "of optimizer,steps,data,batch: go on with the recipe's", CLI_TEXT,
         &set.change},
        {"ledger", "FILE", "append digests of each step (docs/ledger.md)", CLI_TEXT,
         &set.ledger_path},
        {"ledger-tensors", NULL, "in it, each output, gradient and weight by name", CLI_FLAG,
         &set.all_tensors},
        {"trace", "FILE", "write all tensors of the last step (.safetensors)", CLI_TEXT,
         &set.trace_path},
        {"test-every", "N", "measure it with the test: data every N steps", CLI_POSITIVE,
         &set.best.every},
        {"save-best", "FILE", "write a checkpoint where that loss is the smallest", CLI_TEXT,
         &set.best.path},
        {"patience", "N", "stop behind N such tests in a row that are not better", CLI_POSITIVE,
         &set.best.patience},
        {"plot", "FILE", "draw the losses of steps and tests (.png)", CLI_TEXT, &set.plot_path},
        {"json", NULL, "print a JSON object a line", CLI_FLAG, &set.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"train", "[RECIPE] [OPTIONS]", about, options, 0, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0)
        status = cli_check_needs(&command, argv, ranks_started() > 1 ? "ranks" : NULL, needs);
    if (status == 0 && set.save != NULL && set.best.path != NULL &&
        strcmp(set.save, set.best.path) == 0)
        status = cli_fail(EXIT_MALFORMED,
                          "train: --save and --save-best need two files: the last step would be "
                          "written over the best one");
    if (status == 0)
        status = checkpoint_changes(set.change, &set.changes);
    if (status != 0)
        return status;
    status = ranks_join(&s.group, set.timeout);
    s.digests = set.ledger_path != NULL;
    s.shares = s.group != NULL && !s.digests && set.trace_path == NULL;
    set.best.json = set.json;
    if (status == 0)
        status = run(&s, &set, what);
    status = ledger_close(set.ledger, set.ledger_path, status);
    trace_free(&set.trace);
    plot_free(&set.plot);
    best_close(&set.best);
    session_close(&s);
    return ranks_leave(s.group, status);
}
