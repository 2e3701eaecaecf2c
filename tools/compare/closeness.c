/* closeness.c - the reference rule: numpy.allclose of the first two losses of two runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/closeness.h"

#include <math.h>

#define ITERATIONS 2

void closeness_add(closeness *c, size_t i, double a, double b)
{
    if (i >= ITERATIONS)
        return;
    c->most = i + 1 > c->most ? i + 1 : c->most;
    c->finite = c->finite || isfinite(a) || isfinite(b);
    if (isnan(a) || isnan(b))
        c->nan = true;
    else
        c->far = c->far || !loss_is_close(b, a);
}

closeness closeness_of(const char *seen, const loss_values *a, const loss_values *b)
{
    closeness c = {.seen = seen, .far = a->n != b->n};

    for (size_t i = 0; i < a->n && i < b->n; i++)
        closeness_add(&c, i, a->v[i], b->v[i]);
    return c;
}

close_answer closeness_answer(const closeness *c)
{
    if (c->far)
        return CLOSE_NO;
    if (!c->finite)
        return CLOSE_UNTESTED; /* nothing but NaN, or but infinity, in both */
    if (c->nan)
        return CLOSE_NO;
    return c->most < ITERATIONS ? CLOSE_UNTESTED : CLOSE_YES;
}

void closeness_reason(const closeness *c, char out[CLOSE_TEXT])
{
    out[0] = '\0';
    if (closeness_answer(c) != CLOSE_UNTESTED)
        return;
    if (c->finite)
        snprintf(out, CLOSE_TEXT, "iteration 2 was not %s", c->seen);
    else
        snprintf(out, CLOSE_TEXT, "no finite loss was %s in iterations 1 and 2", c->seen);
}

void closeness_print(FILE *f, const closeness *c)
{
    char reason[CLOSE_TEXT];

    closeness_reason(c, reason);
    if (reason[0] != '\0')
        fprintf(f, "not tested: %s%s", reason, c->finite ? " (the first that were: yes)" : "");
    else if (closeness_answer(c) == CLOSE_YES)
        fputs("yes", f);
    else
        fputs(c->nan && !c->far ? "no: NaN is never close" : "no", f);
}

void closeness_to_json(const closeness *c, cJSON *to)
{
    char reason[CLOSE_TEXT];

    closeness_reason(c, reason);
    if (reason[0] == '\0') {
        cJSON_AddBoolToObject(to, "allclose", closeness_answer(c) == CLOSE_YES);
        return;
    }
    cJSON_AddNullToObject(to, "allclose");
    cJSON_AddStringToObject(to, "allclose_not_tested", reason);
}
