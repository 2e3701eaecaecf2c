/* script.c - what a file is that was given for a recipe and is none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/run/recipe.h"

#define BEGIN 4096

#define PYTHON "a Python script"

/* A language: how its files end, how they begin, and what runs them ("": they do themselves; NULL:
 * nothing does as they are). */
static const struct {
    const char *what, *ends, *begins, *runs;
} languages[] = {
    {PYTHON, ".py", "import ", "python3 "},
    {PYTHON, NULL, "from ", "python3 "},
    {PYTHON, NULL, "\"\"\"", "python3 "},
    {"a shell script", ".sh", NULL, "sh "},
    {"a shell script", ".bash", NULL, "bash "},
    {"an R script", ".R", NULL, "Rscript "},
    {"a Julia script", ".jl", NULL, "julia "},
    {"a Lua script", ".lua", NULL, "lua "},
    {"a script", NULL, "#!", ""},
    {"a program", NULL,
     "\x7f"
     "ELF",
     ""},
    {"a C program", ".c", "#include", NULL},
    {"a C program", ".h", "/*", NULL},
    {"a C++ program", ".cpp", "//", NULL},
    {"a C++ program", ".cc", NULL, NULL},
    {"a CUDA program", ".cu", NULL, NULL},
    {"a notebook", ".ipynb", NULL, NULL},
};

static const struct {
    const char *begins;
    size_t n, at;
    const char *what, *instead;
} files[] = {
    {"{\"detpipe-ledger\"", 17, 0, "a ledger", "detpipe diff compares two of them"},
    {"dpsnap\r\n", 8, 0, "a snapshot", "the text \"snapshot file=...\" reads it"},
    {"\x89PNG", 4, 0, "a picture", "the reader png_folder takes a folder of them"},
    {"PK\3\4", 4, 0, "a zip archive (.npz, .pt)", "detpipe ckpt info lists it"},
    {"\x1f\x8b", 2, 0, "gzip", "readers take it with dataset_dir="},
    {"\x93NUMPY", 6, 0, "a NumPy array", "the reader records takes its bytes behind the header"},
    {"\0{\"", 3, 7, "a .safetensors file",
     "detpipe ckpt info lists it; weights: in a recipe takes it"},
    {"{", 1, 0, "JSON", "detpipe import makes a recipe of what MindSpore serialized"},
    {"<", 1, 0, "HTML or XML", "was a download refused?"},
    {"version https://git-lfs", 23, 0, "a pointer of Git LFS", "git lfs pull gets the file"},
    {"\xff\xfe", 2, 0, "UTF-16", "save it as UTF-8"},
    {"\xfe\xff", 2, 0, "UTF-16", "save it as UTF-8"},
};

static bool ends_with(const char *path, const char *end)
{
    const size_t length = strlen(path), n = end != NULL ? strlen(end) : 0;

    return n > 0 && length > n && strcmp(path + length - n, end) == 0;
}

static bool has_at(const char *content, size_t n, size_t at, const char *begins, size_t length)
{
    return at + length <= n && memcmp(content + at, begins, length) == 0;
}

/* Behind comments and blank lines, where imports stand; a "#!" line is not a comment. */
static const char *first_line(const char *content, const char *end)
{
    while (content < end && (*content == '#' || *content == '\n' || *content == '\r') &&
           !has_at(content, (size_t)(end - content), 0, "#!", 2) &&
           !has_at(content, (size_t)(end - content), 0, "#include", 8)) {
        const char *line = memchr(content, '\n', (size_t)(end - content));
        content = line != NULL ? line + 1 : end;
    }
    return content;
}

/* What runs a script whose first line is "#!...": the file itself where that is allowed, else the
 * shell that the line names. */
static const char *runner(const char *path, const char *content, size_t n, const char *standard)
{
    const char *end = memchr(content, '\n', n);
    const size_t line = end != NULL ? (size_t)(end - content) : n;

    if (standard == NULL || standard[0] == '\0' || !has_at(content, n, 0, "#!", 2))
        return standard;
    if (access(path, X_OK) == 0)
        return "";
    return memmem(content, line, "bash", 4) != NULL ? "bash " : standard;
}

static bool is_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int fail_language(const char *path, const char *what, const char *runs)
{
    const char *here = strchr(path, '/') != NULL ? "" : "./";

    if (is_pipe(path))
        return cli_fail(EXIT_MALFORMED,
                        "%s is %s, and no file: save it; `detpipe verify -- COMMAND` runs it twice "
                        "and compares the losses%s",
                        path, what,
                        strcmp(what, PYTHON) == 0 ? ", `detpipe lint FILE.py` reads it" : "");
    if (runs == NULL)
        return cli_fail(
            EXIT_MALFORMED,
            "%s is %s: recipes and pipelines are read here; `detpipe verify -- COMMAND` "
            "runs what it is built to twice and compares the losses",
            path, what);
    return cli_fail(
        EXIT_MALFORMED,
        "%s is %s: recipes and pipelines are read here; `detpipe verify -- %s%s%s` runs "
        "it twice and compares the losses",
        path, what, runs, runs[0] == '\0' ? here : "", path);
}

#define N_LANGUAGES (sizeof languages / sizeof languages[0])

/* N_LANGUAGES: none that is known. */
static size_t language_of(const char *path, const char *content, size_t n)
{
    const char *line = first_line(content, content + n);
    const size_t rest = (size_t)(content + n - line);
    size_t i = 0;

    for (; i < N_LANGUAGES; i++) {
        const char *begins = languages[i].begins;
        if (ends_with(path, languages[i].ends) ||
            (begins != NULL && has_at(line, rest, 0, begins, strlen(begins))))
            break;
    }
    return i;
}

int script_fail(const char *path, const char *content, size_t n)
{
    const size_t language = language_of(path, content, n);

    if (language < N_LANGUAGES)
        return fail_language(path, languages[language].what,
                             runner(path, content, n, languages[language].runs));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (has_at(content, n, files[i].at, files[i].begins, files[i].n))
            return cli_fail(EXIT_MALFORMED, "%s is %s, not a recipe: %s", path, files[i].what,
                            files[i].instead);
    }
    return 0;
}

static bool on_path(const char *name)
{
    const char *path = getenv("PATH");

    while (path != NULL && *path != '\0') {
        const int n = (int)strcspn(path, ":");
        char file[4096];
        snprintf(file, sizeof file, "%.*s/%s", n, path, name);
        if (access(file, X_OK) == 0)
            return true;
        path += path[n] == ':' ? n + 1 : n;
    }
    return false;
}

/* "python3 train.py" as one word. */
static int fail_quoted(const char *word)
{
    const int n = (int)strcspn(word, " ");
    char first[256];

    snprintf(first, sizeof first, "%.*s", n, word);
    if (word[n] == '\0' || n == 0 || strchr(word, '|') != NULL ||
        !(strchr(first, '/') != NULL ? access(first, X_OK) == 0 : on_path(first)))
        return 0;
    return cli_fail(EXIT_MALFORMED,
                    "'%s' is a command: it stands behind --, its words apart: `detpipe verify -- "
                    "%s` runs it twice and compares the losses",
                    word, word);
}

/* How a file begins; false: it is none that can be read. */
static bool read_begin(const char *path, char begin[BEGIN], size_t *n)
{
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;

    if (f == NULL)
        return false;
    *n = fread(begin, 1, BEGIN, f);
    fclose(f);
    return true;
}

bool script_has_name(const char *path)
{
    return ends_with(path, ".py") || ends_with(path, ".ipynb");
}

bool script_is_python(const char *path)
{
    char begin[BEGIN];
    const char *line, *end;
    size_t n, language;

    if (!read_begin(path, begin, &n))
        return script_has_name(path);
    line = first_line(begin, begin + n);
    if (has_at(line, (size_t)(begin + n - line), 0, "data:", 5))
        return false; /* a recipe, whatever it is called */
    language = language_of(path, begin, n);
    if (script_has_name(path) ||
        (language < N_LANGUAGES && strcmp(languages[language].what, PYTHON) == 0))
        return true;
    end = memchr(begin, '\n', n);
    return has_at(begin, n, 0, "#!", 2) && end != NULL &&
           memmem(begin, (size_t)(end - begin), "python", 6) != NULL;
}

int script_fail_command(const char *word, bool more)
{
    char begin[BEGIN];
    struct stat st;
    size_t n;

    if (!more)
        return stat(word, &st) != 0 && !recipe_names_reader(word) ? fail_quoted(word) : 0;
    if (read_begin(word, begin, &n))
        return script_fail(word, begin, n);
    if (word[0] == '\0' || strchr(word, '/') != NULL || !on_path(word))
        return 0;
    return cli_fail(EXIT_MALFORMED,
                    "%s is a program: recipes and pipelines are read here; `detpipe verify -- %s "
                    "...` runs a command twice and compares the losses",
                    word, word);
}
