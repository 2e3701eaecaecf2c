/* rerun.c - the step that differs, run again with all of its tensors at hand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/rerun.h"

#include <stdlib.h>
#include <string.h>

#include "tools/run/checkpoint.h"

#define MOST_LINES 8

/* ---- running ---- */

/* Text number k of "one,two"; of "one", one. */
static const char *part_of(const char *list, int k, char *out, size_t size)
{
    const char *comma = list != NULL ? strchr(list, ',') : NULL;

    if (list == NULL)
        return NULL;
    if (comma != NULL && k == 0)
        snprintf(out, size, "%.*s", (int)(comma - list), list);
    else
        snprintf(out, size, "%s", comma != NULL ? comma + 1 : list);
    return out;
}

static bool has_digest(const ledger_step *recorded, const char *name, const uint8_t digest[16])
{
    const char *text = ledger_digest(recorded, name);
    return text[0] == '\0' || strcmp(text, cli_hex_of(digest).text) == 0;
}

/* Whether the step that was done is the one that was recorded. */
static bool is_recorded(const session *s, const ledger_step *recorded, const dp_net_result *r)
{
    const double then = strtod(recorded->loss, NULL), now = (double)r->loss;
    uint8_t batch[16], gradients[16], weights[16];

    dp_batch_digest(s->batch, batch);
    dp_net_digest(s->net, weights, gradients);
    return (then == now || (then != then && now != now)) && has_digest(recorded, "batch", batch) &&
           has_digest(recorded, "gradients", gradients) && has_digest(recorded, "weights", weights);
}

static int run_steps(replay *p, const comparison *c, int k, session *s)
{
    const int end = p->twice ? k + 1 : 2; /* one run stands for both sides */
    dp_net_result result;
    int status = 0;

    for (uint64_t step = dp_net_tell(s->net) + 1; status == 0 && step <= p->step; step++) {
        status = session_step(s, &result);
        for (int side = k; status == 0 && side < end; side++) {
            const ledger_step *recorded = ledger_find(&c->ledger[side], step);
            if (recorded != NULL && p->other[side] == UINT64_MAX &&
                !is_recorded(s, recorded, &result))
                p->other[side] = step;
        }
        if (status == 0 && p->twice && step == p->step)
            trace_take(&p->trace[k], s, &result);
    }
    return status;
}

static int open_side(const replay *p, const comparison *c, int k, session *s)
{
    char first[4096], second[4096], about[LEDGER_ABOUT];
    const char *what = part_of(p->recipes, k, first, sizeof first);
    const char *from = part_of(p->checkpoints, k, second, sizeof second);
    int status;

    if (!c->ledger[k].seed.given)
        return cli_fail(EXIT_MALFORMED, "replay: %s was not written by detpipe train", c->path[k]);
    status = session_open(s, what, c->ledger[k].seed, (cli_optional){true, p->step});
    if (status != 0)
        return status;
    if (s->net != NULL && from != NULL)
        status = checkpoint_load(s, from, 0);
    if (status != 0)
        return status;
    if (s->net != NULL)
        ledger_about(s, about, sizeof about);
    if (s->net == NULL || strcmp(about, c->ledger[k].about) != 0)
        return cli_fail(EXIT_MALFORMED,
                        "replay: %s is not the recipe of %s (B's may follow A's, after a comma)",
                        what, c->path[k]);
    if (dp_net_tell(s->net) >= p->step)
        status = cli_fail(EXIT_MALFORMED, "replay: %s is not from before step %llu", from,
                          (unsigned long long)p->step);
    return status;
}

static int run_side(replay *p, const comparison *c, int k)
{
    session s = p->session;
    int status = open_side(p, c, k, &s);

    if (status == 0)
        status = run_steps(p, c, k, &s);
    session_close(&s);
    return status;
}

int replay_make(replay *p, const comparison *c)
{
    int status;

    p->step = c->common[c->first].a->step;
    p->other[0] = p->other[1] = UINT64_MAX;
    p->twice =
        strcmp(c->ledger[0].about, c->ledger[1].about) != 0 || strchr(p->recipes, ',') != NULL;
    status = run_side(p, c, 0);
    return status == 0 && p->twice ? run_side(p, c, 1) : status;
}

void replay_free(replay *p)
{
    trace_free(&p->trace[0]);
    trace_free(&p->trace[1]);
}

/* ---- what came of it ---- */

static bool is_equal(const dp_named_tensor *a, const dp_named_tensor *b)
{
    return strcmp(a->name, b->name) == 0 && a->size == b->size &&
           memcmp(a->data, b->data, (size_t)a->size) == 0;
}

static size_t least(const replay *p)
{
    return p->trace[0].n < p->trace[1].n ? p->trace[0].n : p->trace[1].n;
}

size_t replay_first(const replay *p)
{
    size_t i = 0;

    while (i < least(p) && is_equal(&p->trace[0].v[i], &p->trace[1].v[i]))
        i++;
    return i;
}

static bool is_comparable(const dp_named_tensor *a, const dp_named_tensor *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0 && a->count == b->count;
}

static void print_tensors(FILE *f, const replay *p)
{
    const size_t first = replay_first(p);
    char operation[256];
    size_t told = 0, more = 0;

    if (first == least(p)) {
        fprintf(f, "  all %zu tensors are equal\n", first);
        return;
    }
    fprintf(f, "  %zu tensors before it are equal\n", first);
    for (size_t i = first; i < least(p); i++) {
        const dp_named_tensor *a = &p->trace[0].v[i], *b = &p->trace[1].v[i];
        difference d;
        if (is_equal(a, b))
            continue;
        if (told++ >= MOST_LINES) {
            more++;
            continue;
        }
        fputs("  ", f);
        if (is_comparable(a, b)) {
            d = difference_of(a, b);
            difference_print(f, &d, a, b);
        } else {
            fprintf(f, "%s: the shapes differ\n", a->name);
        }
    }
    if (more > 0)
        fprintf(f, "  and %zu more\n", more);
    trace_operation(&p->trace[0], p->trace[0].v[first].name, operation, sizeof operation);
    fprintf(f, "  The first operation whose result differs: %s.\n", operation);
}

/* One run for two ledgers that say they are of it. */
static void print_verdict(FILE *f, const replay *p, const comparison *c)
{
    const bool a = p->other[0] == UINT64_MAX, b = p->other[1] == UINT64_MAX;

    if (a != b)
        fprintf(f,
                "  The re-run matches %s: the other run was disturbed (machine, memory, build).\n"
                "  `detpipe train --trace FILE --steps %llu` there and here, then `detpipe diff`, "
                "names the element.\n",
                c->path[a ? 0 : 1], (unsigned long long)p->step);
    else
        fputs(
            "  The re-run matches neither ledger: this machine or build is not that of the runs.\n",
            f);
}

void replay_print(FILE *f, const replay *p, const comparison *c)
{
    fprintf(f, "replay of step %llu\n", (unsigned long long)p->step);
    for (int k = 0; k < 2; k++) {
        if (p->other[k] == UINT64_MAX)
            fprintf(f, "  %s: as it was recorded\n", c->path[k]);
        else
            fprintf(f, "  %s: not as it was recorded, from step %llu on\n", c->path[k],
                    (unsigned long long)p->other[k]);
    }
    if (p->twice)
        print_tensors(f, p);
    else
        print_verdict(f, p, c);
}

void replay_to_json(const replay *p, cJSON *json)
{
    cJSON *out = cJSON_AddObjectToObject(json, "replay");
    const size_t first = p->twice ? replay_first(p) : 0;

    cJSON_AddBoolToObject(out, "a_as_recorded", p->other[0] == UINT64_MAX);
    cJSON_AddBoolToObject(out, "b_as_recorded", p->other[1] == UINT64_MAX);
    if (p->twice && first < least(p)) {
        const dp_named_tensor *a = &p->trace[0].v[first], *b = &p->trace[1].v[first];
        cJSON_AddStringToObject(out, "tensor", a->name);
        if (is_comparable(a, b)) {
            const difference d = difference_of(a, b);
            cli_add_count(out, "elements", a->count);
            cli_add_count(out, "different", d.n);
            cli_add_count(out, "first", d.first);
            cJSON_AddNumberToObject(out, "most", d.most);
            cJSON_AddNumberToObject(out, "ulps", d.ulps);
        }
    }
}
