/* closer.c - a second look at where recorded runs part
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/closer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/proof/causes.h"

__attribute__((format(printf, 2, 3))) static void say(verify_trial *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(t->closer, sizeof t->closer, format, args);
    va_end(args);
}

/* What the two runs recorded now. */
static void compare(verify_trial *t, const program_run run[2], const why_how *how)
{
    char steps[64], *text;
    why_comparison c;

    snprintf(steps, sizeof steps, how->last == UINT64_MAX ? "%llu on" : "%llu to %llu",
             (unsigned long long)how->first, (unsigned long long)how->last);
    why_compare(&run[0].recorded, &run[1].recorded, &c);
    if (c.files.unlike) {
        const result_pair *p = &c.files.pair[c.earliest];
        text = results_text(p, run[1].number);
        say(t, "Closer (%s, all of steps %s, run %d and %d): %s",
            p->a != NULL ? p->a->name : p->b->name, steps, run[0].number, run[1].number, text);
        free(text);
    } else {
        say(t,
            "Closer: run %d and %d, which recorded all of steps %s, are equal there: the difference "
            "is not the same each time (a race?).",
            run[0].number, run[1].number, steps);
    }
    why_comparison_free(&c);
}

void closer_look(verify_trial *t, const printed_verdict *v)
{
    const why_comparison *c = &v->ledgers[v->shown];
    program_run run[2] = {{.number = t->n + 1},
                          {.number = t->n + 2, .plan.words = t->run[v->shown].plan.words}};
    const why_how before = t->program.how;
    int status = 0;

    if (!why_is_narrow(&before) || c->step == 0)
        return;
    t->program.how = why_closer(&before, c);
    for (int i = 0; i < 2 && status == 0; i++)
        status = causes_run(t, &run[i]);
    if (status == 0)
        compare(t, run, &t->program.how);
    else
        say(t, "Closer: not known: %.900s", run[0].why[0] != '\0' ? run[0].why : run[1].why);
    t->program.how = before;
    for (int i = 0; i < 2; i++)
        program_free(&run[i]);
}
