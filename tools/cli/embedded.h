/* embedded.h - files that the tool has inside (cmake/lists.cmake)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_EMBEDDED_H
#define TOOLS_CLI_EMBEDDED_H

/* A file by its name without the ending; an array ends with a NULL name. */
typedef struct embedded_text {
    const char *name, *text;
} embedded_text;

extern const embedded_text embedded_recipes[]; /* tools/recipes/ */
extern const embedded_text embedded_lint[];    /* bindings/python/detpipe/lint/ */

#endif
