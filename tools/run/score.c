/* score.c - a net measured with test data
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/score.h"

#include <string.h>

#include "base/tensor.h"
#include "tools/cli/element.h"
#include "tools/run/ranks.h"

void score_add(score *sum, const session *s, const dp_net_result *r)
{
    const dp_tensor *labels = session_labels(s);
    const uint64_t n = element_count(labels);

    sum->samples += (uint64_t)labels->shape[0];
    sum->labels += n;
    sum->correct += (uint64_t)r->correct;
    sum->loss += (double)r->loss * (double)n;
    sum->targets = dp_dtype_is_float(labels->dtype);
}

static int add_batch(session *s, score *sum)
{
    dp_net_result r;
    dp_error err;

    if (dp_net_eval(s->net, session_input(s), session_labels(s), &r, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    score_add(sum, s, &r);
    return 0;
}

int score_check(const session *s)
{
    return dp_length(s->pipeline) != UINT64_MAX
               ? 0
               : cli_fail(EXIT_MALFORMED, "%s: the test data never end: leave repeat out",
                          s->recipe.name);
}

int score_measure(session *s, const char *command, score *sum)
{
    cli_work work = {0};
    const uint64_t batches = dp_length(s->pipeline);
    dp_status next;
    dp_error err;

    *sum = (score){0};
    if (dp_seek(s->pipeline, 0, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    for (uint64_t i = 0; (next = dp_next(s->pipeline, &s->batch, &err)) == DP_OK; i++) {
        const int status = add_batch(s, sum);
        if (status != 0)
            return status;
        if (ranks_leads(s->group))
            cli_progress(&work, "batch", i + 1, batches);
    }
    cli_progress_end();
    if (next != DP_END)
        return cli_fail_error(&err, NULL);
    return sum->samples > 0 ? 0 : cli_fail_short(command, 0, 0, "");
}

double score_loss(const score *sum) { return sum->loss / (double)sum->labels; }

score_text score_share(const score *sum, int digits, bool json)
{
    score_text out = {0};

    if (sum->targets)
        strcpy(out.text, json ? "null" : "-");
    else
        snprintf(out.text, sizeof out.text, "%.*f", digits,
                 (double)sum->correct / (double)sum->labels);
    return out;
}
