/* recipe.h - everything that determines a training run, as a small text
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lines of "key: text"; a line that begins with a blank goes on with the text of the line before;
 * "#" begins a comment line.  Keys: data (a pipeline), test (another, with an end, that a trained
 * net is measured with), net, loss, optimizer (stages of a net), init (parameters of its init
 * stage), weights (a file of initial weights, relative to --data), seed, steps.  data alone is a
 * recipe without training.
 */
#ifndef TOOLS_RUN_RECIPE_H
#define TOOLS_RUN_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/cli/embedded.h"

typedef struct recipe {
    const char *name; /* as it was asked for */
    char *data;
    char *test;    /* NULL = it has none */
    char *net;     /* init, net, loss and optimizer joined; NULL = no training */
    char *weights; /* file of the initial weights; NULL = what init says */
    uint64_t seed, steps;
    bool whole;                   /* it was a recipe, not the text of a pipeline */
    bool seed_given, steps_given; /* by it, not by default */
    char *lines;                  /* its lines but for data, as they are; NULL = none */
} recipe;

#define RECIPE_DEFAULT "synthetic_cnn"
#define RECIPE_STEPS   2

/* An embedded recipe's name, a file or a pipeline text, called `name` in messages.  0, or the exit
 * status after saying why. */
int recipe_load(const char *what, const char *name, recipe *out);
/* Whether its first word is the name of a reader. */
bool recipe_names_reader(const char *what);
/* Whether it is taken for a name or a text, where it is not a file. */
bool recipe_is_name_or_text(const char *what);
/* The text of a recipe, called `name` in messages. */
int recipe_parse(const char *text, const char *name, recipe *out);
recipe recipe_copy(const recipe *);
void recipe_free(recipe *);

/* The same recipe with another data text, and with the seed and steps that it leaves open; a text
 * alone stays one. */
void recipe_print(FILE *, const recipe *, const char *data);

/* A file or pipe that holds a recipe is read once, now: what both runs of verify read afterwards.
 * Its path in /proc (or `what` itself, when it is not a file) in *out; 0, or the exit status. */
int recipe_freeze(const char *what, char *out, size_t size);

#endif
