/* perturb.h - what must not matter to a program, changed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PERTURB_H
#define TOOLS_PERTURB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct perturbation {
    const char *name, *about;
    /* In the process that will be the program; folder: a new one for whatever it needs.  false:
     * errno says why not. */
    bool (*apply)(const char *folder);
} perturbation;

#define PERTURB_WORDS "threads,locale,cwd,env,aslr,hashseed,cpu"
extern const perturbation perturbations[];
extern const size_t n_perturbations;

/* A set of them, as bits.  -1, or the exit status after saying that a word is unknown. */
int perturb_parse(const char *list, uint32_t *set);
/* "threads,env", or "" */
typedef struct perturb_text {
    char text[80];
} perturb_text;
perturb_text perturb_names(uint32_t set);

bool perturb_apply(uint32_t set, const char *folder);

#endif
