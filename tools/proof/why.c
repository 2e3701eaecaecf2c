/* why.c - verify --why: each run records a ledger by itself, and the ledgers are compared
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/why.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

#define PATH 4096
#define LINE 256

/* NumPy is not imported before the command does it: it may set the number of threads first. */
static const char site[] =
    "import importlib.util, os, sys\n"
    "_here = os.path.dirname(os.path.abspath(__file__))\n"
    "_folder = os.environ['DETPIPE_WHY']\n"
    "sys.path[:] = [p for p in sys.path if os.path.abspath(p or '.') != _here]\n"
    "class _Torch:\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        if name != 'torch':\n"
    "            return None\n"
    "        sys.meta_path.remove(self)\n"
    "        spec = importlib.util.find_spec(name)\n"
    "        if spec is None or spec.loader is None:\n"
    "            return spec\n"
    "        run = spec.loader.exec_module\n"
    "        def exec_module(module):\n"
    "            run(module)\n"
    "            try:\n"
    "                from detpipe import _torch_ledger\n"
    "                _torch_ledger.record(_folder)\n"
    "            except Exception as e:\n"
    "                with open(os.path.join(_folder, 'note'), 'w') as f:\n"
    "                    f.write(f'{sys.executable}: {e} (pip install detpipe there)')\n"
    "        spec.loader.exec_module = exec_module\n"
    "        return spec\n"
    "sys.meta_path.insert(0, _Torch())\n"
    "_own = sys.modules.pop('sitecustomize', None)\n"
    "try:\n"
    "    import sitecustomize\n"
    "except ImportError:\n"
    "    sys.modules['sitecustomize'] = _own\n"; /* which importlib looks for */

static void run_folder(const char *folder, int number, char path[PATH])
{
    snprintf(path, PATH, "%.4000s/run%d.why", folder, number);
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

bool why_apply(const char *folder, int number)
{
    const char *own = getenv("PYTHONPATH");
    char path[PATH], paths[3 * PATH];

    run_folder(folder, number, path);
    snprintf(paths, sizeof paths, "%.4000s/why%s%.8000s", folder,
             own != NULL && own[0] != '\0' ? ":" : "", own != NULL ? own : "");
    return (mkdir(path, 0700) == 0 || errno == EEXIST) && setenv("DETPIPE_WHY", path, 1) == 0 &&
           setenv("PYTHONPATH", paths, 1) == 0;
}

/* ---- behind a run ---- */

#define NAMED "ledger of rank "

bool why_is_ledger(const result_pair *p)
{
    return strncmp((p->a != NULL ? p->a : p->b)->name, NAMED, strlen(NAMED)) == 0;
}

static bool next_line(FILE *f, char line[LINE])
{
    if (f == NULL || fgets(line, LINE, f) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* "2 threads (run 1: 1 threads)", for each line of what the processes said of themselves. */
static void compare_heads(const char *folder, int number, const char *name, char *note, size_t size)
{
    char path[2][PATH], line[2][LINE];
    FILE *f[2];

    for (int i = 0; i < 2; i++) {
        snprintf(path[i], PATH, "%.3800s/run%d.why/%.200s", folder, i == 0 ? 1 : number, name);
        f[i] = xfopen(path[i], "r");
    }
    while (next_line(f[0], line[0]) && next_line(f[1], line[1])) {
        const size_t n = strlen(note);
        if (strcmp(line[0], line[1]) != 0)
            snprintf(note + n, size - n, "%s%s (run 1: %s)", n > 0 ? "; " : "", line[1], line[0]);
    }
    for (int i = 0; i < 2; i++) {
        if (f[i] != NULL)
            fclose(f[i]);
    }
}

/* The first line of the note that the run left. */
static int fail_of_none(const char *folder, const char *why_not, char why[RESULTS_TEXT])
{
    char path[PATH], line[LINE] = "";
    FILE *f;

    snprintf(path, sizeof path, "%.4000s/note", folder);
    f = xfopen(path, "r");
    snprintf(why, RESULTS_TEXT, "--why: no step was recorded: %s",
             next_line(f, line) ? line : why_not);
    if (f != NULL)
        fclose(f);
    return EXIT_NOT_TRIED;
}

int why_take(const char *folder, int number, results *out, char *note, size_t note_size,
             char why[RESULTS_TEXT])
{
    static const char suffix[] = ".ledger";
    char path[PATH], file[PATH + NAME_MAX + 2], name[NAME_MAX + 32];
    const struct dirent *e;
    int status = 0, n = 0;
    DIR *d;

    run_folder(folder, number, path);
    d = opendir(path);
    while (status == 0 && d != NULL && (e = readdir(d)) != NULL) {
        const size_t length = strlen(e->d_name);
        if (length < sizeof suffix || strcmp(e->d_name + length - (sizeof suffix - 1), suffix) != 0)
            continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        snprintf(name, sizeof name, NAMED "%.*s", (int)(length - (sizeof suffix - 1)), e->d_name);
        status = results_add(out, name, file, why);
        n++;
        snprintf(file, sizeof file, "%.*s.head", (int)(length - (sizeof suffix - 1)), e->d_name);
        if (number > 1)
            compare_heads(folder, number, file, note, note_size);
    }
    if (d != NULL)
        closedir(d);
    if (status == 0 && n == 0)
        status =
            fail_of_none(path, "the command imported no PyTorch, or no optimizer made a step", why);
    return status;
}
