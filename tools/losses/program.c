/* program.c - programs whose lines say less than they mean: Keras, CatBoost, darknet
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/program.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/losses/text.h"

/* "- 12s - loss: 2.3": the older Keras does not say how long a step takes. */
static bool is_keras(const char *text)
{
    const char *const time = strstr(text, "s - loss: ");

    return strstr(text, "s/step") != NULL || strstr(text, " - ETA: ") != NULL ||
           (time > text && isdigit((unsigned char)time[-1]));
}

/* "[1,  2000] loss: 2.3" */
static bool is_tutorial(const char *text)
{
    int n = 0;

    return sscanf(text, " [%*9d,%*9d] loss:%n", &n) == 0 && n > 0;
}

/* Once a line, which may be long.  PyTorch's tutorial prints the mean of 2000 steps, transformers
 * that of the run at its end. */
void loss_know_program(loss_reader *r)
{
    const char *const text = r->line.text;

    r->keras = is_keras(text);
    r->means = is_tutorial(text) || strstr(text, "train_runtime") != NULL;
    r->catboost = strstr(text, "learn:") != NULL;
}

/* Keras prints the mean of the epoch so far; a val_loss stands there when it is whole. */
bool loss_in_mean(const loss_reader *r, const char *name)
{
    return r->means || (r->keras && !begins(name, "val_")) || loss_is_mean(name, strlen(name));
}

bool loss_of_catboost(const loss_reader *r, const char *at, size_t n)
{
    return r->catboost && n == 4 && (begins(at, "test:") || begins(at, "best:"));
}

/* "23.1, 23.2 avg loss, 0.01 rate": darknet names a number behind it. */
bool loss_read_darknet(loss_reader *r)
{
    const char *const text = r->line.text, *const avg = strstr(text, " avg");
    const char *begin = avg, *first;
    printed_number number;

    if (avg == NULL || strstr(avg, " rate,") == NULL)
        return false;
    while (begin > text && begin[-1] != ' ')
        begin--;
    for (first = begin - (begin > text); first > text && first[-1] != ' ';)
        first--;
    number = printed_number_read(first);
    if (first < begin && number.n > 0)
        loss_add(r, "loss", 4, LOSS, false, first, &number);
    number = printed_number_read(begin);
    if (number.n > 0)
        loss_add(r, "avg loss", 8, LOSS, true, begin, &number);
    return number.n > 0;
}
