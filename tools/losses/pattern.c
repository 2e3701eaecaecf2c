/* pattern.c - the losses that --loss names: every match of a line, every group
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/losses/reader.h"
#include "tools/cli/memory.h"

#define MOST_GROUPS  10
#define MOST_PATTERN 1000
#define MOST_NESTED  16
#define MOST_STATES  20000
#define MOST_LINE    ((size_t)1 << 20)

/* ---- the guard ---- */

/* How often what stands at `at` is repeated, which the C library writes out; *n: its bytes. */
static double repetitions(const char *at, size_t *n)
{
    double from = 0, to = 0;
    int size = 0;

    *n = 0;
    if (*at == '*' || *at == '+' || *at == '?') {
        *n = 1;
        return 1;
    }
    if (sscanf(at, "{%9lf,%9lf}%n", &from, &to, &size) < 1)
        return 1;
    *n = strcspn(at, "}") + (strchr(at, '}') != NULL);
    return from > to ? from : to;
}

/* Bytes of one atom that is not a group: a character, [...], \x. */
static size_t atom(const char *at)
{
    size_t n = 1;

    if (*at == '\\')
        return at[1] != '\0' ? 2 : 1;
    if (*at != '[')
        return 1;
    n += at[n] == '^';
    n += at[n] == ']';
    while (at[n] != '\0' && at[n] != ']')
        n++;
    return n + (at[n] == ']');
}

/* States that the pattern up to its end, or the bracket that closes it, grows to. */
static double states(const char **at, int depth)
{
    double sum = 0;

    while (**at != '\0' && **at != ')' && depth <= MOST_NESTED) {
        double one = 1;
        size_t n;
        if (**at == '(') {
            ++*at;
            one += states(at, depth + 1);
            *at += **at == ')';
        } else
            *at += atom(*at);
        for (double times = repetitions(*at, &n); n > 0; times = repetitions(*at, &n)) {
            one *= times > 1 ? times : 1;
            *at += n;
        }
        sum += one;
    }
    return depth > MOST_NESTED ? 2.0 * MOST_STATES : sum;
}

/* A back reference takes time that no limit here bounds. */
static bool has_reference(const char *at)
{
    for (; *at != '\0'; at += atom(at)) {
        if (*at == '\\' && at[1] >= '1' && at[1] <= '9')
            return true;
    }
    return false;
}

static const char *why_not(const char *regex)
{
    const char *at = regex;
    double sum = 0;

    if (strlen(regex) > MOST_PATTERN)
        return "is longer than 1000 characters";
    if (has_reference(regex))
        return "has a back reference (\\1)";
    while (*at != '\0') {
        sum += states(&at, 0);
        at += *at == ')';
    }
    return sum > MOST_STATES ? "repeats too much: fewer or smaller {n,m}, less nested" : NULL;
}

int loss_pattern_compile(const char *regex, regex_t *out)
{
    const char *const refused = why_not(regex);
    char why[200];
    int error;

    if (refused != NULL)
        return cli_fail(EXIT_MALFORMED, "verify: --loss '%.60s' %s", regex, refused);
    error = regcomp(out, regex, REG_EXTENDED);
    if (error == REG_ESPACE)
        memory_out();
    if (error != 0) {
        regerror(error, out, why, sizeof why);
        return cli_fail(EXIT_MALFORMED, "verify: --loss '%s': %s", regex, why);
    }
    if (out->re_nsub > 0 && out->re_nsub < MOST_GROUPS)
        return 0;
    error = out->re_nsub > 0;
    regfree(out);
    return error ? cli_fail(EXIT_MALFORMED, "verify: --loss '%s' has more than %d groups", regex,
                            MOST_GROUPS - 1)
                 : cli_fail(EXIT_MALFORMED,
                            "verify: --loss '%s' needs a group around the number: 'loss=([^ ]+)'",
                            regex);
}

/* ---- matches ---- */

static int add_group(loss_reader *r, size_t group, const char *at, size_t n)
{
    char name[24], text[LOSS_NAME * 4];
    printed_number number;

    snprintf(name, sizeof name, group == 1 ? "--loss" : "--loss (%zu)", group);
    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), at);
    number = printed_number_read(text);
    if (number.n == 0 || text[number.n] != '\0' || !number.whole)
        return cli_fail(EXIT_MALFORMED,
                        "verify: --loss: its group finds '%s' in line %llu, which is not a number",
                        text, (unsigned long long)r->line.number);
    loss_add(r, name, strlen(name), LOSS, false, text, &number);
    return 0;
}

/* glibc says "no match", too, where it had no memory to look on. */
static bool finds(const regex_t *regex, const char *at, int flags, regmatch_t match[MOST_GROUPS])
{
    int found;

    errno = 0;
    found = regexec(regex, at, MOST_GROUPS, match, flags);
    if (found != 0)
        memory_check();
    return found == 0;
}

int loss_read_pattern(loss_reader *r, const regex_t *regex)
{
    const char *at = r->line.text;
    regmatch_t match[MOST_GROUPS];
    int status = 0;

    if (strlen(at) > MOST_LINE)
        return cli_fail(EXIT_MALFORMED, "verify: --loss: line %llu is longer than 1 MiB",
                        (unsigned long long)r->line.number);
    while (status == 0 && finds(regex, at, at == r->line.text ? 0 : REG_NOTBOL, match)) {
        for (size_t g = 1; g <= regex->re_nsub && status == 0; g++) {
            if (match[g].rm_so >= 0 && match[g].rm_eo > match[g].rm_so)
                status =
                    add_group(r, g, at + match[g].rm_so, (size_t)(match[g].rm_eo - match[g].rm_so));
        }
        if (at[match[0].rm_eo] == '\0')
            break;
        at += match[0].rm_eo + (match[0].rm_eo == match[0].rm_so);
    }
    return status;
}
