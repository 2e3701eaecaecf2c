/* best.c - a training that is tested on its way
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The best test is the first one with the smallest mean loss.  What is known of it goes into the
 * checkpoint's note, so a run in two parts saves and stops where a whole one does.
 */
#include "tools/run/best.h"

#include <math.h>
#include <string.h>

#include "tools/cli/output.h"
#include "tools/run/checkpoint.h"
#include "tools/run/ranks.h"

static void take_up(best *b, const char *noted)
{
    unsigned long long step, bits, misses;

    if (sscanf(noted, "%llu:%llx:%llu", &step, &bits, &misses) != 3)
        return;
    b->step = step;
    b->misses = misses;
    memcpy(&b->loss, &bits, sizeof b->loss);
}

static void note_down(const best *b, char *noted)
{
    unsigned long long bits;

    memcpy(&bits, &b->loss, sizeof bits);
    snprintf(noted, SESSION_BEST, "%llu:%llx:%llu", (unsigned long long)b->step, bits,
             (unsigned long long)b->misses);
}

static void print(const best *b, uint64_t step)
{
    const double loss = score_loss(&b->last);
    const score_text share = score_share(&b->last, b->json ? 6 : 4, b->json);
    char number[40];

    cli_progress_end();
    snprintf(number, sizeof number, isfinite(loss) ? "%.17g" : "null", loss);
    if (b->json)
        printf("{\"step\":%llu,\"test_loss\":%s,\"test_accuracy\":%s,\"best\":%s}\n",
               (unsigned long long)step, number, share.text, b->better ? "true" : "false");
    else
        printf("test %6llu  loss %-12.9g %-16s accuracy %s%s\n", (unsigned long long)step, loss, "",
               share.text, b->better ? "  best so far" : "");
}

static void print_stop(const best *b, uint64_t step)
{
    if (b->json)
        printf("{\"stopped\":%llu,\"best_step\":%llu}\n", (unsigned long long)step,
               (unsigned long long)b->step);
    else
        printf("stopped behind step %llu: the best test is that of step %llu\n",
               (unsigned long long)step, (unsigned long long)b->step);
}

int best_open(best *b, const session *s)
{
    int status = session_open_test(&b->test, s);

    if (status == 0)
        status = score_check(&b->test);
    b->loss = INFINITY;
    take_up(b, s->best);
    b->stops = b->patience != 0 && b->misses >= b->patience;
    if (status == 0 && b->stops && ranks_leads(s->group))
        print_stop(b, dp_net_tell(s->net));
    return status;
}

int best_take(best *b, session *s, uint64_t step)
{
    int status;

    b->tested = b->every != 0 && step % b->every == 0;
    if (!b->tested)
        return 0;
    session_take_weights(&b->test, s);
    status = score_measure(&b->test, "train", &b->last);
    if (status != 0)
        return status;
    b->better = score_loss(&b->last) < b->loss;
    b->misses = b->better ? 0 : b->misses + 1;
    if (b->better) {
        b->loss = score_loss(&b->last);
        b->step = step;
    }
    b->stops = b->patience != 0 && b->misses >= b->patience;
    note_down(b, s->best);
    if (ranks_leads(s->group))
        print(b, step);
    if (ranks_leads(s->group) && b->stops)
        print_stop(b, step);
    return 0;
}

int best_save(const best *b, const session *s)
{
    return b->tested && b->better && b->path != NULL && ranks_leads(s->group)
               ? checkpoint_save(s, b->path)
               : 0;
}

void best_close(best *b) { session_close(&b->test); }
