/* recipe.c - everything that determines a training run, as a small text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/file.h"
#include "tools/cli/memory.h"
#include "tools/run/script.h"

#define MAX_RECIPE 1000000 /* bytes */

enum { DATA, TEST, NET, LOSS, OPTIMIZER, INIT, WEIGHTS, SEED, STEPS, N_KEYS };
static const char *const keys[N_KEYS] = {"data", "test",    "net",  "loss", "optimizer",
                                         "init", "weights", "seed", "steps"};

typedef struct parsed {
    char *values[N_KEYS];
} parsed;

/* base + " " + more, blanks at the ends of more left out; frees base. */
static char *join(char *base, const char *separator, const char *more, size_t length)
{
    const size_t n = base != NULL ? strlen(base) : 0, m = strlen(separator);
    char *out;

    while (length > 0 && (*more == ' ' || *more == '\t'))
        more++, length--;
    while (length > 0 &&
           (more[length - 1] == ' ' || more[length - 1] == '\t' || more[length - 1] == '\r'))
        length--;
    out = xmalloc(n + m + length + 1);
    memcpy(out, base != NULL ? base : "", n);
    memcpy(out + n, separator, n > 0 ? m : 0);
    memcpy(out + n + (n > 0 ? m : 0), more, length);
    out[n + (n > 0 ? m : 0) + length] = '\0';
    free(base);
    return out;
}

static int find_key(const char *line, size_t length)
{
    for (int k = 0; k < N_KEYS; k++) {
        if (strlen(keys[k]) == length && memcmp(keys[k], line, length) == 0)
            return k;
    }
    return -1;
}

static int parse_lines(const char *name, const char *text, parsed *out)
{
    int current = -1, number = 1;

    for (const char *line = text; *line != '\0'; number++) {
        const size_t length = strcspn(line, "\n"), key_length = strcspn(line, ": \t\n");
        const bool blank = strspn(line, " \t\r") >= length;
        if (line[0] == '#' || blank) {
            /* nothing */
        } else if (line[0] == ' ' || line[0] == '\t') {
            if (current < 0)
                return cli_fail(EXIT_MALFORMED, "%s: line %d continues nothing: keys begin a line",
                                name, number);
            out->values[current] = join(out->values[current], " ", line, length);
        } else {
            current = line[key_length] == ':' ? find_key(line, key_length) : -1;
            if (current < 0)
                return cli_fail(
                    EXIT_MALFORMED,
                    "%s: line %d: '%.*s' is not \"key: text\" (keys: data test net loss optimizer "
                    "init weights seed steps)",
                    name, number, (int)(length < 40 ? length : 40), line);
            if (out->values[current] != NULL)
                return cli_fail(EXIT_MALFORMED, "%s: line %d: %s is given twice", name, number,
                                keys[current]);
            out->values[current] = join(NULL, "", line + key_length + 1, length - key_length - 1);
        }
        line += length + (line[length] == '\n');
    }
    return 0;
}

static int read_count(const char *name, const parsed *p, int key, uint64_t standard, uint64_t *out)
{
    char *end;

    *out = standard;
    if (p->values[key] == NULL)
        return 0;
    errno = 0;
    *out = strtoull(p->values[key], &end, 10);
    if (p->values[key][0] < '0' || p->values[key][0] > '9' || *end != '\0' || errno != 0)
        return cli_fail(EXIT_MALFORMED, "%s: %s is a whole number, not '%s'", name, keys[key],
                        p->values[key]);
    return 0;
}

static int assemble(const char *name, parsed *p, recipe *out)
{
    static const int order[] = {NET, LOSS, OPTIMIZER};
    int status;

    if (p->values[DATA] == NULL)
        return cli_fail(EXIT_MALFORMED, "%s: there is no data: line", name);
    if (p->values[NET] == NULL && (p->values[LOSS] != NULL || p->values[OPTIMIZER] != NULL ||
                                   p->values[INIT] != NULL || p->values[WEIGHTS] != NULL))
        return cli_fail(EXIT_MALFORMED, "%s: there is no net: line", name);
    if (p->values[NET] != NULL && (p->values[LOSS] == NULL || p->values[OPTIMIZER] == NULL))
        return cli_fail(EXIT_MALFORMED, "%s: there is no %s: line", name,
                        keys[p->values[LOSS] == NULL ? LOSS : OPTIMIZER]);
    status = read_count(name, p, SEED, 1, &out->seed);
    if (status == 0)
        status = read_count(name, p, STEPS, RECIPE_STEPS, &out->steps);
    if (status != 0)
        return status;
    out->name = name;
    out->data = p->values[DATA];
    out->test = p->values[TEST];
    out->weights = p->values[WEIGHTS];
    p->values[DATA] = p->values[TEST] = p->values[WEIGHTS] = NULL;
    if (p->values[NET] != NULL && p->values[INIT] != NULL) {
        out->net = join(NULL, "", "init", 4);
        out->net = join(out->net, " ", p->values[INIT], strlen(p->values[INIT]));
    }
    for (int i = 0; i < 3 && p->values[NET] != NULL; i++)
        out->net = join(out->net, " | ", p->values[order[i]], strlen(p->values[order[i]]));
    return 0;
}

/* "key: text" of every key but data. */
static char *other_lines(const parsed *p)
{
    char *lines = NULL;

    for (int k = 0; k < N_KEYS; k++) {
        if (k == DATA || p->values[k] == NULL)
            continue;
        lines = join(lines, "\n", keys[k], strlen(keys[k]));
        lines = join(lines, ": ", p->values[k], strlen(p->values[k]));
    }
    return lines;
}

/* Editors of Windows begin a UTF-8 file with a byte order mark. */
static const char *behind_mark(const char *text)
{
    return text + (strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
}

int recipe_parse(const char *text, const char *name, recipe *out)
{
    parsed p = {{NULL}};
    int status;

    *out = (recipe){0};
    status = parse_lines(name, behind_mark(text), &p);
    if (status == 0) {
        out->whole = true;
        out->seed_given = p.values[SEED] != NULL;
        out->steps_given = p.values[STEPS] != NULL;
        out->lines = other_lines(&p);
        status = assemble(name, &p, out);
    }
    for (int k = 0; k < N_KEYS; k++)
        free(p.values[k]);
    return status;
}

/* Has it a line of data, then it means to be one. */
static bool is_recipe(const char *text)
{
    text = behind_mark(text);
    return strncmp(text, "data:", 5) == 0 || strstr(text, "\ndata:") != NULL;
}

/* The whole file in *text (to be freed).  0, or the exit status after saying why not. */
static int read_file(const char *path, const char *name, char **text)
{
    size_t n;
    int status = 0;

    *text = file_read(path, MAX_RECIPE, &n);
    if (*text == NULL)
        return cli_fail(EXIT_NOT_TRIED, "cannot read %s: %s", path, strerror(errno));
    if (!is_recipe(*text))
        status = script_fail(name, *text, n);
    if (status == 0 && n > MAX_RECIPE)
        status = cli_fail(EXIT_MALFORMED, "%s: a recipe has at most %d bytes", path, MAX_RECIPE);
    else if (status == 0 && memchr(*text, '\0', n) != NULL)
        status = cli_fail(EXIT_MALFORMED, "%s: byte %zu is NUL: this is not a recipe", path,
                          (size_t)((char *)memchr(*text, '\0', n) - *text) + 1);
    return status;
}

static int parse_file(const char *path, const char *name, recipe *out)
{
    char *text;
    int status = read_file(path, name, &text);

    if (status == 0)
        status = recipe_parse(text, name, out);
    free(text);
    return status;
}

static bool is_embedded(const char *what)
{
    const embedded_text *e = embedded_recipes;
    while (e->name != NULL && strcmp(e->name, what) != 0)
        e++;
    return e->name != NULL;
}

int recipe_freeze(const char *what, char *out, size_t size)
{
    struct stat st;
    char *text;
    int fd, status = 0;

    snprintf(out, size, "%s", what);
    if (strlen(what) >= size)
        return cli_fail(EXIT_MALFORMED, "the recipe's name is longer than %zu bytes", size - 1);
    if (is_embedded(what) || stat(what, &st) != 0 || S_ISDIR(st.st_mode))
        return 0;
    status = read_file(what, what, &text);
    fd = status == 0 ? memfd_create("recipe", 0) : -1;
    if (status == 0 && (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)))
        status = cli_fail(EXIT_NOT_TRIED, "cannot keep the recipe: %s", strerror(errno));
    if (status == 0)
        snprintf(out, size, "/proc/%ld/fd/%d", (long)getpid(), fd); /* for children, too */
    free(text);
    return status;
}

bool recipe_names_reader(const char *what)
{
    const size_t length = strcspn(what, " \t\n|");
    const dp_stage_info *const *stages;
    size_t n;

    stages = dp_stages(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(stages[i]->kind, "reader") == 0 && strlen(stages[i]->name) == length &&
            memcmp(stages[i]->name, what, length) == 0)
            return true;
    }
    return false;
}

static bool is_spec(const char *what)
{
    return recipe_names_reader(what) || strpbrk(what, " |=") != NULL;
}

bool recipe_is_name_or_text(const char *what) { return is_embedded(what) || is_spec(what); }

int recipe_load(const char *what, const char *name, recipe *out)
{
    struct stat st;

    *out = (recipe){0};
    for (const embedded_text *e = embedded_recipes; e->name != NULL; e++) {
        if (strcmp(e->name, what) == 0)
            return recipe_parse(e->text, e->name, out);
    }
    if (stat(what, &st) == 0 && S_ISDIR(st.st_mode))
        return cli_fail(
            EXIT_MALFORMED,
            "%s is a folder: a recipe, a file or a pipeline text is expected (--data DIR names the "
            "data)",
            what);
    if (stat(what, &st) == 0)
        return parse_file(what, name, out);
    if (!is_spec(what)) {
        cli_fail(0, "'%s' is not a recipe, a file or a pipeline text; recipes:", what);
        for (const embedded_text *e = embedded_recipes; e->name != NULL; e++)
            fprintf(stderr, "  %s\n", e->name);
        return EXIT_MALFORMED;
    }
    *out = (recipe){.name = "spec",
                    .data = join(NULL, "", what, strlen(what)),
                    .seed = 1,
                    .steps = RECIPE_STEPS};
    return 0;
}

recipe recipe_copy(const recipe *r)
{
    recipe copy = *r;
    char **texts[] = {&copy.data, &copy.test, &copy.net, &copy.weights, &copy.lines};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] != NULL ? xstrdup(*texts[i]) : NULL;
    return copy;
}

void recipe_free(recipe *r)
{
    free(r->data);
    free(r->net);
    free(r->test);
    free(r->weights);
    free(r->lines);
    *r = (recipe){0};
}

void recipe_print(FILE *f, const recipe *r, const char *data)
{
    fprintf(f, r->whole ? "data: %s\n" : "%s\n", data);
    if (r->lines != NULL)
        fprintf(f, "%s\n", r->lines);
    if (r->whole && !r->seed_given)
        fprintf(f, "seed: %llu\n", (unsigned long long)r->seed);
    if (r->net != NULL && !r->steps_given)
        fprintf(f, "steps: %llu\n", (unsigned long long)r->steps);
}
