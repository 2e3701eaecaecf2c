/* why.c - verify --why: each run records a ledger by itself, and the ledgers are compared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/why.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"
#include "tools/compare/comparison.h"
#include "tools/proof/pairs.h"

#define PATH WHY_PATH
#define LINE WHY_LINE

/* A framework has one row, `its module: its file in bindings/python/detpipe`.  A spec may be asked
 * for often before the module is run once.  NumPy is not imported before the command does it: it
 * may set the number of threads first. */
static const char site[] =
    "import importlib.util, os, sys\n"
    "_here = os.path.dirname(os.path.abspath(__file__))\n"
    "_folder = os.environ['DETPIPE_WHY']\n"
    "sys.path[:] = [p for p in sys.path if os.path.abspath(p or '.') != _here]\n"
    "_recorders = {'torch': '_torch_ledger', 'keras': '_keras_ledger', 'jax': '_jax_ledger',\n"
    "              'mindspore': '_mindspore_ledger'}\n"
    "def _spec(name):\n" /* as if this were not here */
    "    recorder = _recorders.pop(name)\n"
    "    try:\n"
    "        return importlib.util.find_spec(name)\n"
    "    finally:\n"
    "        _recorders[name] = recorder\n"
    "class _Frameworks:\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        spec = _spec(name) if name in _recorders else None\n"
    "        if spec is None or spec.loader is None:\n"
    "            return spec\n"
    "        run = spec.loader.exec_module\n"
    "        def exec_module(module):\n"
    "            run(module)\n"
    "            recorder = _recorders.pop(name)\n"
    "            try:\n"
    "                importlib.import_module('detpipe.' + recorder).record(_folder)\n"
    "            except Exception as e:\n"
    "                cure = ' (pip install detpipe there)' if type(e) is ModuleNotFoundError else ''\n"
    "                with open(os.path.join(_folder, 'note'), 'a') as f:\n"
    "                    f.write(f'{sys.executable}: {name}: {e}{cure}\\n')\n"
    "        spec.loader.exec_module = exec_module\n"
    "        return spec\n"
    "sys.meta_path.insert(0, _Frameworks())\n"
    "_own = sys.modules.pop('sitecustomize', None)\n"
    "try:\n"
    "    import sitecustomize\n"
    "except ImportError:\n"
    "    sys.modules['sitecustomize'] = _own\n"; /* which importlib looks for */

static void run_folder(const char *folder, int number, char path[PATH])
{
    snprintf(path, PATH, "%.4000s/run%d.why", folder, number);
}

void why_places(const char *folder, int number, char run[PATH], char path[PATH])
{
    run_folder(folder, number, run);
    snprintf(path, PATH, "%.4000s/why", folder);
}

int why_prepare(const char *folder)
{
    char path[PATH];
    FILE *f;

    snprintf(path, sizeof path, "%.4000s/why", folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return cli_fail(EXIT_NOT_TRIED, "verify: %s: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%.4000s/why/sitecustomize.py", folder);
    f = xfopen(path, "w");
    if (f == NULL || fputs(site, f) == EOF || fclose(f) != 0)
        return cli_fail(EXIT_NOT_TRIED, "verify: cannot write %s: %s", path, strerror(errno));
    return 0;
}

static const char *const levels[] = {
    [WHY_LOSS] = "loss", [WHY_WEIGHTS] = "weights", [WHY_FULL] = "full"};

/* "12" before `end`; 0: it is not a step. */
static uint64_t read_count(const char *text, const char *end)
{
    char *stop;
    const bool good = text[0] >= '0' && text[0] <= '9';
    const uint64_t n = good ? strtoull(text, &stop, 10) : 0;

    return good && stop == end ? n : 0;
}

static bool parse_word(const char *word, size_t n, why_how *how)
{
    const char *end = word + n, *dots = strstr(word, "..");

    for (int i = 0; i < 3; i++) {
        if (strlen(levels[i]) == n && memcmp(word, levels[i], n) == 0) {
            how->level = (why_level)i;
            return true;
        }
    }
    if (strncmp(word, "every=", 6) == 0)
        return (how->every = read_count(word + 6, end)) > 0;
    if (strncmp(word, "steps=", 6) != 0)
        return false;
    how->first = read_count(word + 6, dots != NULL && dots < end ? dots : end);
    how->last = dots != NULL && dots < end ? read_count(dots + 2, end) : how->first;
    return how->first > 0 && how->first <= how->last;
}

int why_parse(const char *text, why_how *out)
{
    *out = (why_how){WHY_FULL, 1, 1, UINT64_MAX};
    while (*text != '\0') {
        const size_t n = strcspn(text, ",");
        if (!parse_word(text, n, out))
            return cli_fail(EXIT_MALFORMED,
                            "verify: --why=%.*s: expected loss, weights or full, every=N, "
                            "steps=A..B (with commas between several)",
                            (int)n, text);
        text += n + (text[n] == ',');
    }
    return 0;
}

bool why_is_narrow(const why_how *h)
{
    return h->level != WHY_FULL || h->every > 1 || h->first > 1 || h->last != UINT64_MAX;
}

/* Losses may be equal when weights are not, so behind equal losses all steps may hold it. */
why_how why_closer(const why_how *h, const why_comparison *c)
{
    return (why_how){WHY_FULL, 1, h->level == WHY_LOSS ? 1 : c->equal + 1, c->step};
}

static bool tell_how(const why_how *h)
{
    char text[128];

    snprintf(text, sizeof text, "%s,every=%llu,steps=%llu..%llu", levels[h->level],
             (unsigned long long)h->every, (unsigned long long)h->first,
             (unsigned long long)h->last);
    return setenv("DETPIPE_WHY_HOW", text, 1) == 0;
}

bool why_apply(const char *folder, int number, const why_how *how)
{
    const char *own = getenv("PYTHONPATH");
    char path[PATH], site_folder[PATH], paths[3 * PATH];

    why_places(folder, number, path, site_folder);
    snprintf(paths, sizeof paths, "%s%s%.8000s", site_folder,
             own != NULL && own[0] != '\0' ? ":" : "", own != NULL ? own : "");
    return (mkdir(path, 0700) == 0 || errno == EEXIST) && setenv("DETPIPE_WHY", path, 1) == 0 &&
           tell_how(how) && setenv("PYTHONPATH", paths, 1) == 0;
}

/* ---- behind a run ---- */

static bool next_line(FILE *f, char line[LINE])
{
    if (f == NULL || fgets(line, LINE, f) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* ---- what no ledger has ---- */

/* What the run says that it did not record, and why. */
static void read_note(const char *folder, char *note, size_t size)
{
    char path[PATH], line[LINE];
    FILE *f;

    snprintf(path, sizeof path, "%.4000s/note", folder);
    f = xfopen(path, "r");
    while (next_line(f, line)) {
        const size_t n = strlen(note);
        snprintf(note + n, size - n, "%snot recorded: %s", n > 0 ? "; " : "", line);
    }
    if (f != NULL)
        fclose(f);
}

static why_line *line_of(why_unseen *u, const char *text)
{
    for (size_t i = 0; i < u->n; i++) {
        if (strcmp(u->v[i].text, text) == 0)
            return &u->v[i];
    }
    u->v = xrealloc(u->v, (u->n + 1) * sizeof *u->v);
    u->v[u->n] = (why_line){.n = 0};
    snprintf(u->v[u->n].text, WHY_LINE, "%s", text);
    return &u->v[u->n++];
}

void why_unseen_add(why_unseen *to, const why_unseen *from)
{
    for (size_t i = 0; i < from->n; i++) {
        why_line *l = line_of(to, from->v[i].text);
        l->n = from->v[i].n > l->n ? from->v[i].n : l->n;
    }
}

void why_unseen_free(why_unseen *u)
{
    free(u->v);
    *u = (why_unseen){0};
}

/* "3 passes without gradients", a line each: what a process says at its end; false: it did not. */
static bool read_unseen(const char *path, why_unseen *u)
{
    char line[WHY_LINE], *text;
    FILE *f = xfopen(path, "r");

    while (next_line(f, line)) {
        const uint64_t n = strtoull(line, &text, 10);
        if (n > 0 && *text == ' ')
            line_of(u, text + 1)->n += n;
    }
    if (f != NULL)
        fclose(f);
    return f != NULL;
}

/* ---- what a run recorded ---- */

/* Steps and entries of a ledger; false: it cannot be read. */
static bool count(const char *path, uint64_t *steps, uint64_t *entries)
{
    const dp_options options = cli_options();
    const dp_ledger_record *r;
    dp_ledger_reader *reader = NULL;
    dp_status status = dp_ledger_read_open(&reader, path, &options, NULL);

    while (status == DP_OK && (status = dp_ledger_read_next(reader, &r, NULL)) == DP_OK) {
        ++*steps;
        *entries += r->n_entries + isfinite(r->loss);
    }
    dp_ledger_read_close(reader);
    return status == DP_END;
}

static int fail_of_none(const char *folder, const why_run *r, char why[RESULTS_TEXT])
{
    char note[RESULTS_TEXT] = "";
    size_t n;

    read_note(folder, note, sizeof note);
    n = (size_t)snprintf(
        why, RESULTS_TEXT, "--why: no step was recorded: %.600s",
        note[0] != '\0' ? note + strlen("not recorded: ")
        : r->open > 0   ? "what trained was killed, or left at once, before the end of a step"
                        : "the command imported no framework that is known, or no optimizer made "
                          "a step before its process ended (what else trains, in NumPy or "
                          "scikit-learn, a detpipe.Ledger records by put and step; without --why "
                          "the losses that are printed are compared, and with --file the files)");
    for (size_t i = 0; i < r->unseen.n && n < RESULTS_TEXT; i++)
        n += (size_t)snprintf(why + n, RESULTS_TEXT - n, "; %s (%llu)", r->unseen.v[i].text,
                              (unsigned long long)r->unseen.v[i].n);
    return EXIT_NOT_TRIED;
}

/* The ledger of a process, by the name of its files; one without a step is said, and is none. */
static int take(const char *folder, const char *name, why_run *out, char why[RESULTS_TEXT])
{
    char path[PATH], title[NAME_MAX + 32];
    uint64_t steps = 0, entries = 0;
    bool closed;

    snprintf(path, sizeof path, "%.3800s/%.200s.unseen", folder, name);
    closed = read_unseen(path, &out->unseen);
    out->open += !closed;
    snprintf(path, sizeof path, "%.3800s/%.200s.ledger", folder, name);
    if (!count(path, &steps, &entries)) {
        snprintf(why, RESULTS_TEXT, "--why: the ledger %.700s is damaged", path);
        return EXIT_NOT_TRIED;
    }
    if (!closed && steps > 0) {
        snprintf(title, sizeof title,
                 "what rank %.60s did behind its %llu steps: killed, or left at once", name,
                 (unsigned long long)steps);
        line_of(&out->unseen, title)->n = 1;
    }
    snprintf(title, sizeof title, PAIRS_RANK "%.200s", name);
    if (steps > 0)
        return results_add(&out->ledgers, title, path, why);
    snprintf(title, sizeof title, "ledger without a step (of rank %.60s)", name);
    line_of(&out->unseen, title)->n = 1;
    return 0;
}

/* The name before this suffix. */
static bool ends_in(const char *file, const char *suffix, char name[NAME_MAX + 1])
{
    const size_t n = strlen(file), k = strlen(suffix);
    const bool ends = n > k && strcmp(file + n - k, suffix) == 0;

    if (ends)
        snprintf(name, NAME_MAX + 1, "%.*s", (int)(n - k), file);
    return ends;
}

static void add_hidden(const why_hidden *h, why_unseen *u)
{
    char text[WHY_LINE];

    if (h->n == 0)
        return;
    snprintf(text, sizeof text,
             WHY_HIDDEN
             " (%.60s): their environment lacks DETPIPE_WHY or its folder in PYTHONPATH, "
             "or their Python looks at none (-I, -E, -S)",
             h->first);
    line_of(u, text)->n = h->n;
}

int why_take(const char *folder, int number, const why_hidden *hidden, why_run *out, char *note,
             size_t note_size, char why[RESULTS_TEXT])
{
    char path[PATH], name[NAME_MAX + 1];
    const struct dirent *e;
    int status = 0;
    DIR *d;

    *out = (why_run){0};
    add_hidden(hidden, &out->unseen);
    run_folder(folder, number, path);
    d = opendir(path);
    while (status == 0 && d != NULL && (e = readdir(d)) != NULL) {
        if (ends_in(e->d_name, ".ledger", name))
            status = take(path, name, out, why);
    }
    if (d != NULL)
        closedir(d);
    if (status == 0 && out->ledgers.n == 0)
        status = fail_of_none(path, out, why);
    if (status == 0)
        read_note(path, note, note_size);
    return status;
}

void why_free(why_run *r)
{
    results_free(&r->ledgers);
    why_unseen_free(&r->unseen);
}

/* ---- two runs ---- */

static comparison_place compare_pair(const result_pair *p, why_comparison *c)
{
    comparison_place at = {UINT64_MAX, 0, SIZE_MAX};
    comparison both = {0};

    if (p->verdict == RESULT_EQUAL) {
        c->ledgers += count(p->a->copy, &c->steps, &c->entries);
    } else if (p->verdict == RESULT_OTHER) {
        both.path[0] = p->a->copy;
        both.path[1] = p->b->copy;
        if (comparison_make(&both) == 0) {
            c->ledgers++;
            c->steps += both.n;
            c->entries += both.entries;
            at = comparison_place_of(&both);
        }
        comparison_free(&both);
    }
    return at;
}

static FILE *open_head(const char *of_ledger)
{
    char path[PATH];

    snprintf(path, sizeof path, "%.*s.head", (int)(strlen(of_ledger) - strlen(".ledger")),
             of_ledger);
    return xfopen(path, "r");
}

/* "2 threads (run 1: 1 threads)", for each line of what the processes said of themselves; the same
 * of several processes once. */
static void compare_heads(const result_pair *p, char note[WHY_HEADS])
{
    char line[2][LINE], text[2 * LINE + 16];
    FILE *f[2];

    if (p->a == NULL || p->b == NULL)
        return;
    f[0] = open_head(p->a->copy);
    f[1] = open_head(p->b->copy);
    while (next_line(f[0], line[0]) && next_line(f[1], line[1])) {
        const size_t n = strlen(note);
        snprintf(text, sizeof text, "%s (run 1: %s)", line[1], line[0]);
        if (strcmp(line[0], line[1]) != 0 && strstr(note, text) == NULL)
            snprintf(note + n, WHY_HEADS - n, "%s%s", n > 0 ? "; " : "", text);
    }
    for (int i = 0; i < 2; i++) {
        if (f[i] != NULL)
            fclose(f[i]);
    }
}

void why_compare(const why_run *a, const why_run *b, why_comparison *c)
{
    comparison_place first = {UINT64_MAX, 0, SIZE_MAX};

    *c = (why_comparison){0};
    pairs_compare(&a->ledgers, &b->ledgers, &c->files);
    for (size_t i = 0; i < c->files.n; i++) {
        const comparison_place at = compare_pair(&c->files.pair[i], c);
        compare_heads(&c->files.pair[i], c->heads);
        if (c->files.pair[c->earliest].verdict == RESULT_EQUAL)
            c->earliest = i; /* what one run alone has may be all that is unlike */
        if (!comparison_is_before(&at, &first))
            continue;
        first = at;
        c->earliest = i;
        c->step = at.step;
        c->equal = at.before;
    }
}

void why_comparison_free(why_comparison *c)
{
    results_comparison_free(&c->files);
    *c = (why_comparison){0};
}
