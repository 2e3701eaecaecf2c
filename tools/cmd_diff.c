/* cmd_diff.c - the first difference of two runs, and its cause
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detpipe_net.h"
#include "detpipe_snapshot.h"
#include "tools/ledger.h"

static const char about[] =
    "Compares two ledgers (detpipe train --ledger, dp_ledger_open), two files of weights, two "
    "snapshots, or two files of printed losses, and names the first difference.  Of ledgers it is "
    "the first step, and in it the first thing that differs: the cause, as all that was recorded "
    "before it is equal.\n"
    "Exit status: 0 equal, 1 different, 2 not comparable, 3 unreadable.";

typedef enum kind { LEDGER, SNAPSHOT, WEIGHTS, LOSSES } kind;

static kind kind_of(const char *path)
{
    dp_snapshot *snapshot = NULL;
    dp_archive *archive = NULL;

    if (ledger_is(path))
        return LEDGER;
    if (dp_snapshot_open(&snapshot, path, NULL, NULL) == DP_OK) {
        dp_snapshot_close(snapshot);
        return SNAPSHOT;
    }
    if (dp_archive_open(&archive, path, NULL, NULL) == DP_OK) {
        dp_archive_close(archive);
        return WEIGHTS;
    }
    return LOSSES;
}

/* ---- ledgers ---- */

/* A step that both have. */
typedef struct pair {
    const ledger_step *a, *b;
} pair;

typedef struct comparison {
    const char *path[2];
    ledger ledger[2];
    losses losses[2];
    pair *common;
    size_t n;
    size_t first;      /* of common, that differs; n: none */
    const char *cause; /* name in that step; "loss" for the loss; NULL: none */
} comparison;

static const char *text_of(const cJSON *digest)
{
    const char *text = cJSON_GetStringValue(digest);
    return text != NULL ? text : "";
}

static bool loss_comes(const cJSON *next)
{
    return next == NULL || strncmp(next->string, "gradient", 8) == 0 ||
           strncmp(next->string, "weight", 6) == 0;
}

/* The first name that differs; the loss has its place before gradients and weights. */
static const char *first_other(const pair *p)
{
    const cJSON *b = p->b->tensors->child;
    bool loss_done = false;

    for (const cJSON *a = p->a->tensors->child;; a = a->next, b = b->next) {
        if (!loss_done && loss_comes(a)) {
            loss_done = true;
            if (strcmp(p->a->loss, p->b->loss) != 0)
                return "loss";
        }
        if (a == NULL || b == NULL)
            return a == b ? NULL : a != NULL ? a->string : b->string;
        if (strcmp(a->string, b->string) != 0 || strcmp(text_of(a), text_of(b)) != 0)
            return a->string;
    }
}

static bool match(comparison *c)
{
    const ledger *a = &c->ledger[0], *b = &c->ledger[1];

    c->common = calloc(a->n + 1, sizeof *c->common);
    for (size_t i = 0, j = 0; c->common != NULL && i < a->n && j < b->n;) {
        if (a->steps[i].step == b->steps[j].step)
            c->common[c->n++] = (pair){&a->steps[i++], &b->steps[j++]};
        else if (a->steps[i].step < b->steps[j].step)
            i++;
        else
            j++;
    }
    for (c->first = 0; c->first < c->n && c->cause == NULL; c->first += c->cause == NULL)
        c->cause = first_other(&c->common[c->first]);
    return c->common != NULL;
}

/* What is to blame when this is the first thing that differs. */
static const char *meaning(const char *cause)
{
    static const struct {
        const char *name, *text;
    } known[] = {
        {"rows", "The order of the data: other records are in the batch."},
        {"batch", "The data: the same records have other contents (or another order, where rows "
                  "were not recorded)."},
        {"loss", "The forward pass, or the weights before the first step: all that was recorded "
                 "before it is equal."},
        {"gradient", "The backward pass: all that was recorded before it, the loss too, is equal."},
        {"weight", "The optimizer: the gradients are equal and what it made of them is not."},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(cause, known[i].name, strlen(known[i].name)) == 0)
            return known[i].text;
    }
    return "All that was recorded before it in this step, and every step before, is equal.";
}

/* Every entry of the step, equal or not. */
static void print_step(const pair *p)
{
    bool loss_done = false;

    for (const cJSON *a = p->a->tensors->child;; a = a->next) {
        if (!loss_done && loss_comes(a)) {
            const bool equal = strcmp(p->a->loss, p->b->loss) == 0;
            loss_done = true;
            printf("  %-24s %-8s %s%s%s\n", "loss", equal ? "equal" : "DIFFERS", p->a->loss,
                   equal ? "" : "  ", equal ? "" : p->b->loss);
        }
        if (a == NULL)
            break;
        printf("  %-24s %s\n", a->string,
               strcmp(text_of(a),
                      text_of(cJSON_GetObjectItemCaseSensitive(p->b->tensors, a->string))) == 0
                   ? "equal"
                   : "DIFFERS");
    }
}

/* Ulps of binary32 between two losses that came from floats. */
static double ulps(double a, double b)
{
    const float x = (float)a, y = (float)b;
    const float most = fabsf(x) > fabsf(y) ? fabsf(x) : fabsf(y);
    return a == b ? 0 : fabs((double)x - (double)y) / ldexp(1.0, ilogbf(most) - 23);
}

static void print_losses(const comparison *c)
{
    size_t first = SIZE_MAX, most = 0;
    double largest = -1;

    for (size_t i = 0; i < c->n; i++) {
        const double a = c->losses[0].v[i].value, b = c->losses[1].v[i].value;
        if (strcmp(c->common[i].a->loss, c->common[i].b->loss) == 0)
            continue;
        first = first == SIZE_MAX ? i : first;
        if (fabs(a - b) > largest)
            largest = fabs(a - b), most = i;
    }
    if (first == SIZE_MAX)
        puts("losses: all equal");
    else
        printf("losses: the first that differs is of step %llu, by %.3g ulp of binary32; the most "
               "is %.2g at step %llu\n",
               (unsigned long long)c->common[first].a->step,
               ulps(c->losses[0].v[first].value, c->losses[1].v[first].value), largest,
               (unsigned long long)c->common[most].a->step);
}

static bool fill_losses(comparison *c)
{
    for (int k = 0; k < 2; k++) {
        c->losses[k].v = calloc(c->n + 1, sizeof(loss));
        for (size_t i = 0; c->losses[k].v != NULL && i < c->n; i++) {
            loss *l = &c->losses[k].v[c->losses[k].n++];
            snprintf(l->text, sizeof l->text, "%s",
                     k == 0 ? c->common[i].a->loss : c->common[i].b->loss);
            l->value = strtod(l->text, NULL);
        }
    }
    return c->losses[0].v != NULL && c->losses[1].v != NULL;
}

static int report(const comparison *c)
{
    const bool equal = c->first == c->n && c->ledger[0].n == c->ledger[1].n;

    printf("%s: %zu steps, %s: %zu steps, %zu in common\n", c->path[0], c->ledger[0].n, c->path[1],
           c->ledger[1].n, c->n);
    if (strcmp(c->ledger[0].about, c->ledger[1].about) != 0)
        printf("about: \"%s\" and \"%s\"\n", c->ledger[0].about, c->ledger[1].about);
    if (c->first < c->n) {
        printf("first difference: step %llu, \"%s\"\n",
               (unsigned long long)c->common[c->first].a->step, c->cause);
        print_step(&c->common[c->first]);
        cli_wrap(stdout, meaning(c->cause), 0, 0);
    }
    for (int k = 0; k < 2; k++) {
        if (c->ledger[k].n > c->n)
            printf("%zu steps are in %s alone\n", c->ledger[k].n - c->n, c->path[k]);
        if (c->ledger[k].torn)
            printf("the last line of %s is torn and does not count\n", c->path[k]);
    }
    print_losses(c);
    printf("allclose (first two losses, atol 1e-3, rtol 1e-5): %s\n",
           losses_close(&c->losses[0], &c->losses[1]) ? "yes" : "no");
    puts(equal ? "EQUAL" : "DIFFERENT");
    return equal ? EXIT_YES : EXIT_NO;
}

static int report_json(const comparison *c)
{
    const bool equal = c->first == c->n && c->ledger[0].n == c->ledger[1].n;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "kind", "ledger");
    cJSON_AddBoolToObject(json, "equal", equal);
    cli_add_count(json, "steps_in_common", c->n);
    if (c->first < c->n) {
        cli_add_count(json, "first_different_step", c->common[c->first].a->step);
        cJSON_AddStringToObject(json, "cause", c->cause);
    }
    cJSON_AddBoolToObject(json, "allclose", losses_close(&c->losses[0], &c->losses[1]));
    if (cli_print_json(json) != EXIT_YES)
        return EXIT_NOT_TRIED;
    return equal ? EXIT_YES : EXIT_NO;
}

static int diff_ledgers(const char *const paths[2], bool json)
{
    comparison c = {.path = {paths[0], paths[1]}};
    int status = ledger_read(paths[0], &c.ledger[0]);

    if (status < 0)
        status = ledger_read(paths[1], &c.ledger[1]);
    if (status < 0 && (!match(&c) || !fill_losses(&c)))
        status = cli_fail(EXIT_NOT_TRIED, "out of memory");
    if (status < 0 && c.n == 0)
        status =
            cli_fail(EXIT_MALFORMED, "diff: %s and %s have no step in common", paths[0], paths[1]);
    if (status < 0)
        status = json ? report_json(&c) : report(&c);
    for (int k = 0; k < 2; k++) {
        ledger_free(&c.ledger[k]);
        losses_free(&c.losses[k]);
    }
    free(c.common);
    return status;
}

/* ---- printed losses ---- */

static int read_losses(const char *path, losses *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = fopen(path, "r");
    const ssize_t n = f != NULL ? getdelim(&text, &size, '\0', f) : -1;
    int status;

    if (n < 0)
        status = cli_fail(EXIT_NOT_TRIED, "%s cannot be read: %s", path,
                          f == NULL ? strerror(errno) : "it is empty");
    else
        status = losses_find(text, NULL, out);
    if (status < 0 && out->n == 0)
        status = cli_fail(EXIT_NOT_TRIED,
                          "%s is no ledger, snapshot or file of weights, and has no loss", path);
    free(text);
    if (f != NULL)
        fclose(f);
    return status;
}

static int diff_losses(const char *const paths[2])
{
    losses l[2] = {{0}, {0}};
    int status = read_losses(paths[0], &l[0]);

    if (status < 0)
        status = read_losses(paths[1], &l[1]);
    if (status < 0) {
        const size_t first = losses_first_other(&l[0], &l[1]);
        printf("%s: %zu losses, %s: %zu losses\n", paths[0], l[0].n, paths[1], l[1].n);
        if (first != SIZE_MAX)
            printf("first difference: loss %zu: %s and %s\n", first + 1,
                   first < l[0].n ? l[0].v[first].text : "none",
                   first < l[1].n ? l[1].v[first].text : "none");
        printf("allclose (first two losses, atol 1e-3, rtol 1e-5): %s\n",
               losses_close(&l[0], &l[1]) ? "yes" : "no");
        puts(first == SIZE_MAX ? "EQUAL" : "DIFFERENT");
        status = first == SIZE_MAX ? EXIT_YES : EXIT_NO;
    }
    losses_free(&l[0]);
    losses_free(&l[1]);
    return status;
}

/* ---- the command ---- */

/* The commands of the other kinds have the comparison already. */
static int pass_on(int (*command)(int, char **), const char *name, const char *const paths[2],
                   bool json)
{
    const char *argv[] = {name, "diff", paths[0], paths[1], json ? "--json" : NULL, NULL};
    return command(json ? 5 : 4, (char **)(uintptr_t)argv);
}

int cmd_diff(int argc, char **argv)
{
    const char *paths[2] = {NULL, NULL};
    bool json = false;
    const cli_option options[] = {
        {"json", NULL, "print the result for a program", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"diff", "A B [OPTIONS]", about, options, 2, 2};
    const int status = cli_parse(&command, argc, argv, paths);
    kind kinds[2];

    if (status >= 0)
        return status;
    for (int i = 0; i < 2; i++) {
        FILE *f = fopen(paths[i], "r");
        if (f == NULL)
            return cli_fail(EXIT_NOT_TRIED, "%s cannot be read: %s", paths[i], strerror(errno));
        fclose(f);
        kinds[i] = kind_of(paths[i]);
    }
    if (kinds[0] != kinds[1])
        return cli_fail(EXIT_MALFORMED, "diff: %s and %s are not of one kind", paths[0], paths[1]);
    return kinds[0] == LEDGER     ? diff_ledgers(paths, json)
           : kinds[0] == SNAPSHOT ? pass_on(cmd_snapshot, "snapshot", paths, json)
           : kinds[0] == WEIGHTS  ? pass_on(cmd_ckpt, "ckpt", paths, json)
                                  : diff_losses(paths);
}
