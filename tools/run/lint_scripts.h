/* lint_scripts.h - lint of Python scripts: the package's detpipe.lint, which the tool has inside
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_LINT_SCRIPTS_H
#define TOOLS_RUN_LINT_SCRIPTS_H

#include <stdbool.h>

/* Whether lint reads it as scripts: a folder, a script of Python, a notebook. */
bool lint_scripts_takes(const char *what);

/* python3 takes this process's place, with these arguments behind what it runs (NULL ends them).
 * Returns only when that cannot be: the exit status, after saying why. */
int lint_scripts(const char *const *arguments);

#endif
