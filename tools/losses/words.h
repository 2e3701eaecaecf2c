/* words.h - the words that name a loss, or a step, in what trainers print
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_WORDS_H
#define TOOLS_LOSSES_WORDS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum loss_kind {
    NO_LOSS,
    LOSS,
    METRIC, /* error, cost, rmse, ...: a loss where no loss is printed */
    UNNAMED /* tensor(2.3) alone: the same, and nothing says what it is */
} loss_kind;

/* Bytes of the word that begins here: letters and digits joined by _ - . / and 's; 0 = none. */
size_t loss_word(const char *at);

/* By its parts: train_loss, Loss_D, val/loss, mlogloss, scale_loss; not loss_scale, loss_time. */
loss_kind loss_kind_of(const char *word, size_t n);
bool loss_is_scale(const char *word, size_t n); /* loss_scale, loss_time, loss.py */
bool loss_is_mean(const char *word, size_t n);  /* avg.loss, running_loss, train_loss_epoch */

bool loss_is_step(const char *word, size_t n);  /* step, iter, epoch, ... */
bool loss_is_epoch(const char *word, size_t n); /* of these, those that contain the others */
bool loss_is_timed(const char *word, size_t n); /* step: 0.5 is how long one took */

bool loss_is_rate(const char *word, size_t n); /* tok/s, samples/sec, s/step */

/* "name" and "value" of a record: {"name": "loss", "value": 2.5} */
bool loss_is_key(const char *word, size_t n);
bool loss_is_value(const char *word, size_t n);

/* Whether the word is in a list of lower case words that ends with NULL. */
bool loss_word_in(const char *const *list, const char *word, size_t n);

#endif
