/* fuzz_verdict.c - any bytes as what two or three runs printed, and the verdict on them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte has the options; 0xFF ends what a run printed.  Two runs that printed other losses
 * must never be REPRODUCED without --allclose.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/proof/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 3

typedef struct runs {
    losses run[MOST];
    int n;
} runs;

static void read_runs(const uint8_t *data, size_t size, runs *r)
{
    const uint8_t *end = data + size;

    for (r->n = 0; r->n < MOST && (r->n < 2 || data < end); r->n++) {
        const uint8_t *stop = memchr(data, 0xFF, (size_t)(end - data));
        const size_t n = (size_t)((stop != NULL ? stop : end) - data);
        char *text = malloc(n + 1);
        if (text == NULL)
            abort();
        memcpy(text, data, n);
        losses_find(text, n, 0, NULL, &r->run[r->n]);
        losses_finish(&r->run[r->n]);
        free(text);
        data += n + (stop != NULL);
    }
}

static printed_question question_of(const runs *r, uint8_t options)
{
    printed_question q = {.n = r->n,
                          .allclose = (options & 1) != 0,
                          .strict = (options & 2) != 0,
                          .sensitivity = (options & 4) != 0};

    for (int i = 0; i < r->n; i++)
        q.losses[i] = &r->run[i];
    return q;
}

/* The status is that of the answer; equality is what the comparisons say. */
static void look(const printed_verdict *v, const printed_question *q)
{
    const bool weak = v->all.weakness[0] != '\0';
    bool equal = true, compared = false;

    for (int i = 1; i < q->n; i++) {
        losses_comparison c;
        losses_compare(q->losses[0], q->losses[i], &c);
        equal = equal && c.verdict == LOSSES_EQUAL;
        compared = compared || c.compared > 0;
        losses_comparison_free(&c);
    }
    if (v->all.answer == VERDICT_EQUAL && !q->allclose && (!equal || !compared))
        abort();
    if (v->all.answer == VERDICT_OTHER && equal)
        abort();
    if (v->all.status != (v->all.answer == VERDICT_OTHER                            ? EXIT_NO
                          : v->all.answer == VERDICT_NOTHING || (q->strict && weak) ? EXIT_NOT_TRIED
                                                                                    : EXIT_YES))
        abort();
    if (v->shown < 1 || v->shown >= q->n || v->other >= q->n)
        abort();
}

/* The second and third run in the other order are given the same answer. */
static void turn(const runs *r, printed_question q, verdict_answer answer)
{
    printed_verdict v;

    if (r->n < 3)
        return;
    q.losses[1] = &r->run[2];
    q.losses[2] = &r->run[1];
    printed_verdict_make(&v, &q);
    if (v.all.answer != answer)
        abort();
    printed_verdict_free(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    printed_question q;
    printed_verdict v;
    runs r = {0};

    if (size == 0)
        return 0;
    read_runs(data + 1, size - 1, &r);
    q = question_of(&r, data[0]);
    printed_verdict_make(&v, &q);
    look(&v, &q);
    turn(&r, q, v.all.answer);
    printed_verdict_free(&v);
    for (int i = 0; i < r.n; i++)
        losses_free(&r.run[i]);
    return 0;
}
