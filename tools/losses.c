/* losses.c - the losses that a program printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"

#define ATOL        1e-3
#define RTOL        1e-5
#define GROUPS      10
#define MOST_OUTPUT ((size_t)1 << 30)
#define NUMBER                                                                                     \
    "([-+]?(0x[0-9a-f]+(\\.[0-9a-f]*)?(p[-+]?[0-9]+)?|[0-9]+(\\.[0-9]*)?(e[-+]?[0-9]+)?|"          \
    "\\.[0-9]+(e[-+]?[0-9]+)?|nan|inf(inity)?))"

/* The usual forms, the most telling first; group: of the number. */
static const struct form {
    const char *name, *regex;
    size_t group;
} forms[] = {
    {"\"loss\": 2.3", "\"([a-z]+[_ ])?loss\"[[:space:]]*:[[:space:]]*" NUMBER, 2},
    {"loss: 2.3",
     "(^|[^a-z0-9])([a-z]+[_-])?loss([[:space:]]*[:=][[:space:]]*|[[:space:]]+is[[:space:]]+|"
     "[[:space:]]+)" NUMBER,
     4},
};

static bool add(losses *out, const char *from, size_t length, bool *is_number)
{
    loss *v = out->n % 256 == 0 ? realloc(out->v, (out->n + 256) * sizeof *v) : out->v;
    char *end;

    if (v == NULL)
        return false;
    out->v = v;
    v += out->n++;
    snprintf(v->text, sizeof v->text, "%.*s", (int)length, from);
    v->value = strtod(v->text, &end);
    *is_number = length < sizeof v->text && end != v->text && *end == '\0';
    return true;
}

/* -1, or the exit status. */
static int scan(const char *text, const regex_t *regex, size_t group, losses *out)
{
    char line[4096];
    uint64_t number = 0;

    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        regmatch_t match[GROUPS];
        bool is_number = true;

        number++;
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1),
                 text);
        if (regexec(regex, line, GROUPS, match, 0) == 0 && match[group].rm_so >= 0 &&
            !add(out, line + match[group].rm_so, (size_t)(match[group].rm_eo - match[group].rm_so),
                 &is_number))
            return cli_fail(EXIT_NOT_TRIED, "out of memory");
        if (!is_number)
            return cli_fail(EXIT_MALFORMED,
                            "verify: --loss: its group finds '%s' in line %llu, which is no number",
                            out->v[out->n - 1].text, (unsigned long long)number);
        text += length;
        text += *text == '\n';
    }
    return -1;
}

/* ---- columns of numbers under a line of names ---- */

/* Field number `column` of a line of fields between commas. */
static const char *field(const char *line, size_t column, size_t *length)
{
    for (; column > 0; column--) {
        line += strcspn(line, ",\n");
        if (*line != ',')
            return NULL;
        line++;
    }
    line += strspn(line, " \t\"");
    *length = strcspn(line, ",\n\" \t\r");
    return line;
}

static bool find_column(const char *line, size_t *column)
{
    static const char *const names[] = {"loss", "train_loss", "training_loss"};
    const char *at;
    size_t length;

    for (*column = 0; (at = field(line, *column, &length)) != NULL; ++*column) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strlen(names[i]) == length && strncasecmp(names[i], at, length) == 0)
                return true;
        }
    }
    return false;
}

static int scan_columns(const char *text, losses *out)
{
    bool found = false, is_number = true;
    size_t column = 0, length;

    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *at;
        if (!found) {
            found = strchr(text, ',') != NULL && find_column(text, &column);
            continue;
        }
        at = field(text, column, &length);
        if (at == NULL)
            continue;
        if (!add(out, at, length, &is_number))
            return cli_fail(EXIT_NOT_TRIED, "out of memory");
        out->n -= !is_number;
    }
    return -1;
}

/* ---- one form, or the first that fits ---- */

static int scan_form(const char *text, const char *pattern, size_t group, int flags, losses *out)
{
    char why[200];
    regex_t regex;
    const int error = regcomp(&regex, pattern, REG_EXTENDED | flags);
    int status;

    if (error != 0) {
        regerror(error, &regex, why, sizeof why);
        return cli_fail(EXIT_MALFORMED, "verify: --loss '%s': %s", pattern, why);
    }
    if (regex.re_nsub < group)
        status = cli_fail(EXIT_MALFORMED,
                          "verify: --loss '%s' needs a group around the number: 'loss=([^ ]+)'",
                          pattern);
    else
        status = scan(text, &regex, group, out);
    regfree(&regex);
    return status;
}

int losses_find(const char *text, const char *regex, losses *out)
{
    int status = -1;

    *out = (losses){.form = "--loss"};
    if (regex != NULL)
        return scan_form(text, regex, 1, 0, out);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && out->n == 0 && status < 0; i++) {
        out->form = forms[i].name;
        status = scan_form(text, forms[i].regex, forms[i].group, REG_ICASE, out);
    }
    if (out->n > 0 || status >= 0)
        return status;
    out->form = "a column of the name loss";
    return scan_columns(text, out);
}

/* All of it, whether its size is known (a file) or not (a pipe); NULL: it cannot be read, is too
 * much, or there is no memory for it. */
static char *read_all(FILE *f)
{
    size_t size = 1 << 16, n = 0, got;
    char *text = malloc(size);

    while (text != NULL && (got = fread(text + n, 1, size - 1 - n, f)) > 0) {
        char *larger = text;
        n += got;
        if (n == size - 1)
            larger = n <= MOST_OUTPUT ? realloc(text, size *= 2) : NULL;
        if (larger == NULL)
            free(text);
        text = larger;
    }
    if (text != NULL && (ferror(f) || n > MOST_OUTPUT)) {
        free(text);
        return NULL;
    }
    if (text != NULL)
        text[n] = '\0';
    return text;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = f != NULL ? read_all(f) : NULL;

    if (f != NULL)
        fclose(f);
    return text;
}

int losses_read(const char *path, const char *regex, losses *out)
{
    char *text = read_file(path);
    int status;

    if (text == NULL)
        return cli_fail(EXIT_NOT_TRIED, "%s cannot be read (1 GiB at most)", path);
    status = losses_find(text, regex, out);
    free(text);
    return status;
}

void losses_free(losses *l)
{
    free(l->v);
    *l = (losses){0};
}

bool loss_is_close(double a, double b)
{
    return a == b || (isfinite(b) && fabs(a - b) <= ATOL + RTOL * fabs(b));
}

bool losses_close(const losses *a, const losses *b)
{
    if (a->n != b->n || a->n == 0)
        return false;
    for (size_t i = 0; i < 2 && i < a->n; i++) {
        if (!loss_is_close(b->v[i].value, a->v[i].value))
            return false;
    }
    return true;
}

size_t losses_first_other(const losses *a, const losses *b)
{
    const size_t most = a->n > b->n ? a->n : b->n;

    for (size_t i = 0; i < most; i++) {
        if (i >= a->n || i >= b->n || strcmp(a->v[i].text, b->v[i].text) != 0)
            return i;
    }
    return SIZE_MAX;
}
