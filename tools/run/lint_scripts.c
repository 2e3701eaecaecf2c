/* lint_scripts.c - lint of Python scripts: the package's detpipe.lint, which the tool has inside
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/lint_scripts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/embedded.h"
#include "tools/cli/memory.h"
#include "tools/run/recipe.h"
#include "tools/run/script.h"

/* The package comes by standard input, a name and a text in turn, a zero byte behind each: it works
 * where detpipe is not installed, and whatever lies in the folder. */
static const char loader[] =
    "import sys\n"
    "if sys.version_info < (3, 9):\n"
    "    sys.stderr.write('detpipe: lint: scripts are read by Python 3.9; python3 is older\\n')\n"
    "    sys.exit(3)\n"
    "import importlib.abc, importlib.util\n"
    "parts = sys.stdin.buffer.read().decode().split('\\0')\n"
    "texts = dict(zip(parts[::2], parts[1::2]))\n"
    "class Lint(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):\n"
    "    def find_spec(self, name, path=None, target=None):\n"
    "        return importlib.util.spec_from_loader(name, self) if name in texts else None\n"
    "    def is_package(self, name):\n"
    "        return name == 'lint'\n"
    "    def get_source(self, name):\n"
    "        return texts[name]\n"
    "sys.meta_path.insert(0, Lint())\n"
    "from lint.command import main\n"
    "sys.exit(main(sys.argv[1:]))\n";

bool lint_scripts_takes(const char *what)
{
    struct stat st;

    if (stat(what, &st) != 0) /* it is not there, and Python says so in its own line */
        return !recipe_is_name_or_text(what) && script_has_name(what);
    return S_ISDIR(st.st_mode) || script_is_python(what);
}

/* As standard input. */
static bool give_package(void)
{
    const int fd = memfd_create("lint", 0);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (f == NULL)
        return false;
    for (const embedded_text *e = embedded_lint; e->name != NULL; e++) {
        const bool head = strcmp(e->name, "__init__") == 0;
        fprintf(f, "lint%s%s", head ? "" : ".", head ? "" : e->name);
        fputc('\0', f);
        fputs(e->text, f);
        fputc('\0', f);
    }
    return fflush(f) == 0 && lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) >= 0;
}

int lint_scripts(const char *const *arguments)
{
    /* nothing of the user's own is imported: no environment, no site, no file beside the script */
    static const char *const python[] = {"python3", "-I", "-S", "-B", "-c", loader};
    const size_t n = sizeof python / sizeof python[0];
    const char **command;
    size_t more = 0;

    while (arguments[more] != NULL)
        more++;
    command = xcalloc(n + more + 1, sizeof *command);
    memcpy(command, python, sizeof python);
    memcpy(command + n, arguments, more * sizeof *arguments);
    if (!give_package()) {
        free(command);
        return cli_fail(EXIT_NOT_TRIED, "lint: cannot hand python3 its program: %s",
                        strerror(errno));
    }
    execvp("python3", (char **)command);
    free(command);
    return cli_fail(EXIT_NOT_TRIED, "lint: scripts are read by python3, which cannot be run: %s",
                    strerror(errno));
}
