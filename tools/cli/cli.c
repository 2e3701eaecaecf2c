/* cli.c - what the commands share: options, errors, digests as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/status.h"
#include "tools/cli/memory.h"

#define WIDTH           79
#define OPTION_INDENT   25
#define CLI_MOST_FOLDER 4096 /* bytes of its name */

int cli_fail(int status, const char *format, ...)
{
    va_list args;

    cli_progress_end();
    fflush(stdout);
    fputs("detpipe: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int cli_no_such(const char *kind, const dp_nearest *near, const char *lister)
{
    const bool known = near->name != NULL;

    return cli_fail(EXIT_MALFORMED, "there is no %s '%s'%s%s%s (%s lists them)", kind, near->word,
                    known ? ": did you mean " : "", known ? near->name : "", known ? "?" : "",
                    lister);
}

int cli_fail_short(const char *command, uint64_t asked, uint64_t got, const char *units)
{
    if (got == 0)
        return cli_fail(EXIT_NOT_TRIED, "%s: the stream is empty: nothing is shown", command);
    return cli_fail(EXIT_NOT_TRIED, "%s: asked %llu %s, the data end after %llu", command,
                    (unsigned long long)asked, units, (unsigned long long)got);
}

/* The part of the text around the column, and a caret under it. */
static void point_at(const char *given, uint32_t column)
{
    char *text = xstrdup(given);
    const size_t length = strlen(text), at = column - 1;
    const size_t from = at > WIDTH / 2 ? at - WIDTH / 2 : 0,
                 shown = length - from < WIDTH - 4 ? length - from : WIDTH - 4;

    dp_hide_secrets(text);
    if (at <= length) {
        fputs("  ", stderr);
        for (size_t i = from; i < from + shown; i++)
            fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : ' ', stderr);
        fprintf(stderr, "\n  %*s^\n", (int)(at - from), "");
    }
    free(text);
}

int cli_fail_error(const dp_error *err, const char *text)
{
    const bool malformed = err->status == DP_ESPEC || err->status == DP_EINVAL;

    if (err->column != 0 && text != NULL) {
        cli_fail(0, "column %u: %s", err->column, err->message);
        point_at(text, err->column);
    } else {
        cli_fail(0, "%s", err->message);
    }
    return malformed ? EXIT_MALFORMED : EXIT_NOT_TRIED;
}

void cli_wrap(FILE *out, const char *text, int column, int indent)
{
    bool first = true;

    while (*text != '\0') {
        const int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > WIDTH) {
            fputc('\n', out);
            column = 0;
            first = true;
        }
        if (column < indent)
            column += fprintf(out, "%*s", indent - column, "");
        else if (!first)
            column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, text);
        first = false;
        text += length;
        if (*text == '\n') {
            fputc('\n', out);
            column = 0;
            first = true;
        }
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

/* Of the library's calls, one after the other: they tell what they do, not since when. */
static int show_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
    static _Thread_local cli_work work;

    (void)ctx;
    cli_progress(&work, what, done, of);
    if (done == of)
        cli_progress_end();
    return 0;
}

dp_options cli_options(void)
{
    return (dp_options){
        .size = sizeof(dp_options), .memory = memory_of_machine(), .progress = show_progress};
}

static int print_help(const cli_command *c)
{
    printf("usage: detpipe %s %s\n\n", c->name, c->operands);
    cli_wrap(stdout, c->about, 0, 0);
    puts("\noptions:");
    for (const cli_option *o = c->options; o->name != NULL; o++) {
        char head[64];
        snprintf(head, sizeof head, "--%s%s%s", o->name,
                 o->arg != NULL && o->type != CLI_TEXT_OR_NONE ? " " : "",
                 o->arg != NULL ? o->arg : "");
        cli_wrap(stdout, o->help, printf("  %-22s ", head), OPTION_INDENT);
    }
    puts("  --help                 this text");
    return CLI_HELPED;
}

/* "64K": a number of bytes with what it is counted in. */
static bool scale_size(const char **end, uint64_t *bytes)
{
    static const char units[] = "KMG";
    const char *unit = **end != '\0' ? strchr(units, **end) : NULL;
    const int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;

    if (*bytes >> (63 - shift) != 0)
        return false;
    *bytes <<= shift;
    *end += unit != NULL;
    return true;
}

/* A folder, or what can be made in one. */
static bool is_place(const char *path, size_t length)
{
    char name[CLI_MOST_FOLDER];
    struct stat s;
    char *slash;

    snprintf(name, sizeof name, "%.*s", (int)length, path);
    if (stat(name, &s) == 0)
        return S_ISDIR(s.st_mode);
    slash = strrchr(name, '/');
    if (errno != ENOENT || slash == name)
        return errno == ENOENT;
    if (slash != NULL)
        *slash = '\0';
    return stat(slash != NULL ? name : ".", &s) == 0 && S_ISDIR(s.st_mode);
}

/* "DIR" or "DIR,SIZE" as DETPIPE_CACHE has it, for all that is opened and all that is started:
 * bytes of SIZE in whole MiB. */
static int set_cache(const cli_command *c, const char *value)
{
    const char *comma = strrchr(value, ','), *end = comma;
    const size_t length = comma != NULL ? (size_t)(comma - value) : strlen(value);
    char text[2 * CLI_MOST_FOLDER + 64], here[CLI_MOST_FOLDER] = "";
    uint64_t most = 0;
    size_t n;

    if (comma != NULL) {
        most = strtoull(comma + 1, (char **)&end, 10);
        if (comma[1] < '0' || comma[1] > '9' || !scale_size(&end, &most) || *end != '\0' ||
            most >> 20 == 0)
            return cli_fail(EXIT_MALFORMED,
                            "%s: --cache takes DIR or DIR,SIZE, SIZE from 1M on, not '%s'", c->name,
                            value);
    }
    if (length == 0 || length >= CLI_MOST_FOLDER || !is_place(value, length) ||
        (value[0] != '/' && getcwd(here, sizeof here - 1) == NULL))
        return cli_fail(EXIT_MALFORMED, "%s: --cache %.*s: not a folder, nor a name in one",
                        c->name, (int)length, value);
    n = (size_t)snprintf(text, sizeof text, "folder=\"%s%s", here, here[0] != '\0' ? "/" : "");
    for (size_t i = 0; i < length && n < sizeof text - 40; i++) {
        if (value[i] == '"' || value[i] == '\\')
            text[n++] = '\\';
        text[n++] = value[i];
    }
    snprintf(text + n, sizeof text - n, "\"");
    if (comma != NULL)
        snprintf(text + n, sizeof text - n, "\" most=%llu", (unsigned long long)(most >> 20));
    setenv("DETPIPE_CACHE", text, 1);
    return 0;
}

static int set_value(const cli_command *c, const cli_option *o, const char *value)
{
    cli_optional *optional = o->value;
    uint64_t count;
    char *stop;
    const char *end;

    if (o->type == CLI_TEXT || o->type == CLI_TEXT_OR_NONE) {
        *(const char **)o->value = value;
        return 0;
    }
    if (o->type == CLI_LIST) {
        cli_list *list = o->value;
        if (list->n == CLI_MOST_VALUES)
            return cli_fail(EXIT_MALFORMED, "%s: --%s is given more than %d times", c->name,
                            o->name, CLI_MOST_VALUES);
        list->v[list->n++] = value;
        return 0;
    }
    if (o->type == CLI_CACHE)
        return set_cache(c, value);
    errno = 0;
    count = strtoull(value, &stop, 10);
    end = stop;
    if (value[0] < '0' || value[0] > '9' || errno != 0 ||
        (o->type == CLI_SIZE && !scale_size(&end, &count)) || *end != '\0')
        return cli_fail(EXIT_MALFORMED, "%s: --%s takes a whole number, not '%s'%s", c->name,
                        o->name, value,
                        value[0] == '-' && strcmp(o->name, "seed") == 0
                            ? " (PyTorch's -1 is 2^64 - 1, 18446744073709551615)"
                            : "");
    if (o->type == CLI_POSITIVE && count == 0)
        return cli_fail(EXIT_MALFORMED, "%s: --%s takes 1 and more", c->name, o->name);
    if (o->type == CLI_OPTIONAL)
        *optional = (cli_optional){true, count};
    else
        *(uint64_t *)o->value = count;
    return 0;
}

static const cli_option *find_option(const cli_command *c, const char *name, size_t length)
{
    for (const cli_option *o = c->options; o->name != NULL; o++) {
        if (strlen(o->name) == length && memcmp(o->name, name, length) == 0)
            return o;
    }
    return NULL;
}

static int no_option(const cli_command *c, const char *given)
{
    char name[64];
    dp_nearest near = {name, NULL, 0};

    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    for (const cli_option *o = c->options; o->name != NULL; o++)
        dp_nearest_look(&near, o->name);
    return cli_fail(EXIT_MALFORMED,
                    "%s: there is no option --%s%s%s%s (detpipe %s --help lists them)", c->name,
                    name, near.name != NULL ? ": did you mean --" : "",
                    near.name != NULL ? near.name : "", near.name != NULL ? "?" : "", c->name);
}

/* One "--name", "--name value" or "--name=value" at argv[*i]. */
static int parse_option(const cli_command *c, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    const cli_option *o =
        find_option(c, name, equals != NULL ? (size_t)(equals - name) : strlen(name));

    if (o == NULL)
        return no_option(c, name);
    if (o->type == CLI_FLAG) {
        if (equals != NULL)
            return cli_fail(EXIT_MALFORMED, "%s: --%s takes no value", c->name, o->name);
        *(bool *)o->value = true;
        return 0;
    }
    if (equals != NULL || o->type == CLI_TEXT_OR_NONE)
        return set_value(c, o, equals != NULL ? equals + 1 : "");
    if (*i + 1 == argc)
        return cli_fail(EXIT_MALFORMED, "%s: --%s needs a value (%s)", c->name, o->name, o->arg);
    return set_value(c, o, argv[++*i]);
}

int cli_parse(const cli_command *c, int argc, char **argv, const char **operands)
{
    int n = 0, status = 0;
    bool only_operands = false;

    for (int i = 1; i < argc && status == 0; i++) {
        if (!only_operands && strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (!only_operands && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0))
            return print_help(c);
        else if (!only_operands && strncmp(argv[i], "--", 2) == 0)
            status = parse_option(c, argc, argv, &i);
        else if (n == c->max_operands)
            status = cli_fail(
                EXIT_MALFORMED,
                "%s: '%s' is one word too many (a spec stands in one pair of quotes); usage: "
                "detpipe %s %s",
                c->name, argv[i], c->name, c->operands);
        else
            operands[n++] = argv[i];
    }
    if (status == 0 && n < c->min_operands)
        status = cli_fail(EXIT_MALFORMED, "%s: an argument is missing; usage: detpipe %s %s",
                          c->name, c->name, c->operands);
    return status;
}

/* Whether "--name", or "--name=value", is among the words: the value may be a word of its own. */
static bool is_given(char *const *argv, const char *word)
{
    const char *equals = strchr(word, '=');
    const size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);

    for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
        const char *value;
        if (strncmp(*argv, word, n) != 0 || ((*argv)[n] != '\0' && (*argv)[n] != '='))
            continue;
        value = (*argv)[n] == '=' ? *argv + n + 1 : argv[1];
        if (equals == NULL || (value != NULL && strcmp(value, equals + 1) == 0))
            return true;
    }
    return false;
}

static bool is_met(char *const *argv, const char *kind, const cli_need *need)
{
    for (const char *const *word = need->words; *word != NULL; word++) {
        if ((kind != NULL && strcmp(*word, kind) == 0) || is_given(argv, *word))
            return true;
    }
    return false;
}

static int fail_need(const cli_command *c, const cli_need *need)
{
    char words[200] = "";

    for (const char *const *word = need->words; *word != NULL; word++)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s",
                 word > need->words ? " or " : "", *word);
    return cli_fail(EXIT_MALFORMED, "%s: %s does nothing here: it needs %s", c->name, need->option,
                    words);
}

int cli_check_needs(const cli_command *c, char *const *argv, const char *kind,
                    const cli_need *needs)
{
    for (; needs->option != NULL; needs++) {
        if (is_given(argv, needs->option) && !is_met(argv, kind, needs))
            return fail_need(c, needs);
    }
    return 0;
}

cli_hex cli_hex_of(const uint8_t digest[16])
{
    cli_hex h;
    dp_digest_text(digest, h.text);
    return h;
}

cli_type_text cli_type_of(const char *type, int32_t rank, const int64_t *shape)
{
    cli_type_text out;
    size_t n = (size_t)snprintf(out.text, sizeof out.text, "%s[", type);

    for (int32_t d = 0; d < rank; d++)
        n += (size_t)snprintf(out.text + n, sizeof out.text - n, d > 0 ? ", %lld" : "%lld",
                              (long long)shape[d]);
    snprintf(out.text + n, sizeof out.text - n, "]");
    return out;
}

void cli_fold(uint8_t accumulated[16], const void *bytes, size_t size)
{
    uint8_t both[32];

    memcpy(both, accumulated, 16);
    dp_digest(bytes, size, both + 16);
    dp_digest(both, sizeof both, accumulated);
}

bool cli_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

double cli_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool cli_work_long(cli_work *w, double now, const char *what, uint64_t done)
{
    if (w->what == NULL || strcmp(w->what, what) != 0 || done <= w->done)
        *w = (cli_work){what, done, now, done};
    w->done = done;
    return now - w->since > 1;
}

static void print_left(double seconds)
{
    if (seconds < 100)
        fprintf(stderr, ", %.0f s left", seconds);
    else if (seconds < 6000)
        fprintf(stderr, ", %.0f min left", seconds / 60);
    else
        fprintf(stderr, ", %.1f h left", seconds / 3600);
}

void cli_progress(cli_work *w, const char *what, uint64_t done, uint64_t of)
{
    const double now = isatty(STDERR_FILENO) ? cli_seconds() : 0;
    double rate;

    if (now == 0 || !cli_work_long(w, now, what, done))
        return;
    rate = (double)(done - w->first) / (now - w->since);
    fprintf(stderr, "\r%s %llu of %llu, %.*f a second", what, (unsigned long long)done,
            (unsigned long long)of, rate < 10 ? 2 : 0, rate);
    if (of > done)
        print_left((double)(of - done) / rate);
    fputs("\033[K", stderr);
}

void cli_progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

void cli_print_left_out(uint64_t n, const char *of_what)
{
    if (n > 0)
        printf("left out: %llu damaged records%s\n", (unsigned long long)n, of_what);
}

void cli_add_count(cJSON *json, const char *name, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    cJSON_AddRawToObject(json, name, digits);
}

int cli_print_json(cJSON *json)
{
    char *text = cJSON_Print(json);

    cJSON_Delete(json);
    if (text == NULL)
        return cli_fail(EXIT_NOT_TRIED, "out of memory");
    puts(text);
    cJSON_free(text);
    return EXIT_YES;
}
