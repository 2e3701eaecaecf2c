/* script.h - what a file is that was given for a recipe and is none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_SCRIPT_H
#define TOOLS_RUN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Says what the file of this name and content (n bytes) is and what to do with it, where that is
 * known: the exit status, else 0. */
int script_fail(const char *path, const char *content, size_t n);

/* The same of the first word of a command that stands where a recipe does, with `more` behind it (a
 * file, or a program that PATH has), and of a whole command in one word. */
int script_fail_command(const char *word, bool more);

/* Whether this is the name of a script of Python or a notebook. */
bool script_has_name(const char *path);

/* Whether a file is one, by its name or its first lines. */
bool script_is_python(const char *path);

#endif
