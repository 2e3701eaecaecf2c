/* library.h - whose order: what is known of another library's random numbers, one constant a
 * library
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The words of every parameter `order`.  A library has a pointer for each thing that stages ask of
 * one, and NULL for what it has not, or what is not known; the parameter of a stage takes the words
 * of the libraries that have what the stage needs.  The first library is detpipe itself.
 */
#ifndef LIBRARIES_LIBRARY_H
#define LIBRARIES_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random/rng.h"
#include "base/status.h"
#include "libraries/list.def"

/* Rows of which a table is made, at most. */
#define DP_MAX_TABLE 100000000u

/* A word of the parameter `rule`, which says how the library was used: "workers" or "before:3". */
typedef struct dp_rule {
    bool given;
    uint64_t number; /* behind the colon */
} dp_rule;
#define DP_MAX_RULES 12

/* What a stage wants, for one epoch. */
typedef struct dp_ask {
    uint64_t seed;              /* of the stream */
    uint64_t key;               /* of this stage's own draws: dp_rng_key of seed, stage and use */
    uint64_t epoch;             /* from 0 */
    uint64_t rows;              /* there are, to be put in order or drawn from: 0 .. rows - 1 */
    uint64_t count;             /* wanted of them */
    bool replacement;           /* a row may come again */
    bool once;                  /* the order of epoch 0 serves every epoch */
    bool cut;                   /* shards are cut to a number of rows, or begin at an offset */
    bool drop;                  /* shards are made equally long by leaving rows out */
    const char *words;          /* of `rule`, as given; NULL = none */
    dp_rule rule[DP_MAX_RULES]; /* of the words of `rules`, in their order */
    const uint32_t *before;     /* the table of the epoch before, of a scheme whose epochs are made
                                   in turn: it may lie where this epoch's does */
    uint32_t *order;            /* kept from epoch to epoch; NULL = nothing is */
    uint64_t kept;              /* rows; or those of the buffer that they go through */
    uint64_t buffer;            /* rows that the buffer has room for, however many there are */
    uint64_t block, window;     /* rows of a block, the last one what is left; blocks of a window */
    void *generator;            /* dp_library.generator bytes, kept from epoch to epoch */
} dp_ask;

/* DP_ESPEC for what the library itself refuses, seeds above all.  NULL in a row: it takes all. */
typedef dp_status dp_ask_check(const dp_ask *, dp_error *);

/* The rows of an epoch in some order. */
typedef struct dp_scheme {
    dp_ask_check *check;
    const char *rules; /* words that `rule` may have: "workers,before:"; NULL = none */
    bool in_turn; /* an epoch follows from the one before it, so all are made, from epoch 0 on */
    bool once;    /* one order serves all epochs, whatever was asked */
    bool of_none; /* no rows are drawn from and dealt out, too, and a split's part may have none */
    uint32_t keeps;                    /* numbers of ask->order for each row */
    uint32_t holds;                    /* numbers of it for each of ask->kept, beside these */
    uint32_t beside;                   /* numbers of it beside all of these, which are some */
    uint64_t (*count)(const dp_ask *); /* rows that are left of all; NULL = they all are */
    /* Row numbers into table[0 .. count - 1].  There is room for `rows`, unless the scheme has an
     * order of its own or rows may come again. */
    void (*make)(const dp_ask *, uint32_t *table);
    /* Where more than `tabled` rows are put in order, no table is made: the row of a place is
     * computed.  NULL = a table is always made. */
    uint64_t (*at)(const dp_ask *, uint64_t place);
    uint64_t tabled;
    /* Of the rows of a split: how many each of n parts has, their fractions being given.  NULL =
     * as MindSpore has it. */
    dp_status (*cut)(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                     dp_error *);
} dp_scheme;

/* Rows by class, for a split that keeps the shares of classes. */
typedef struct dp_strata {
    uint32_t n;            /* classes, in the order of their labels */
    const uint32_t *rows;  /* by class, then by number */
    const uint32_t *first; /* of each class in `rows`; n + 1 of them */
    uint32_t test;         /* rows of the first part */
    uint32_t *room;        /* for as many numbers as there are rows, and for 5 of each class */
    double *rests;         /* for one of each class */
} dp_strata;

/* Numbers one at a time. */
typedef struct dp_dice {
    dp_ask_check *check;
    const char *rules; /* as a scheme's */
    bool in_turn;
    bool zeros;      /* rows of weight 0 count as rows to draw from */
    bool sums_first; /* shares are running sums over the total, not running sums of shares */
    bool above;  /* a row is the first whose share is above u, not the first that is not below */
    bool rounds; /* without replacement: so many draws as rows are wanted, again without the rows
                    that came until there are enough; not by keys */
    dp_status (*check_weights)(const double *weights, uint32_t n, dp_error *); /* NULL = all go */
    /* Before the numbers of an epoch: puts ask->order in order too, unless it is NULL. */
    void (*begin)(const dp_ask *);
    uint32_t (*below)(void *generator, uint32_t n); /* 0 .. n - 1 */
    double (*uniform)(void *generator);             /* 0 <= u < 1 */
} dp_dice;

/* The numbers of random transforms. */
typedef struct dp_drawing {
    bool keyed; /* every row has a stream of its own, and the rest of this is not there */
    dp_ask_check *check;
    /* A worker's generator of one operation; held: of one that another operation holds. */
    void (*seed)(void *generator, uint64_t seed, uint32_t worker, bool held);
    /* The turn of the first row of an epoch: the next row has the next, and turn t is worker
     * t mod workers'. */
    uint64_t (*turn)(uint64_t epoch, uint64_t rows);
} dp_drawing;

/* A parameter of a net that is drawn. */
typedef struct dp_init_source {
    const struct dp_library *library;
    dp_rng rng;      /* of the parameter's own stream, at element `first` */
    uint64_t seed;   /* that the library gives it */
    void *generator; /* of all parameters, where they are drawn in turn */
    int64_t fan_in, fan_out;
} dp_init_source;

/* Cut at a and b. */
typedef struct dp_truncated_normal {
    double sigma, mean, a, b;
} dp_truncated_normal;

/* The initial weights of nets. */
typedef struct dp_weights {
    dp_ask_check *check;
    /* The seeds of parameters that are drawn, in the order of the net; NULL = they have none. */
    void (*begin)(void *generator, uint64_t seed);
    uint64_t (*next)(void *generator);
    /* Elements first .. first + n - 1 of a parameter, first a multiple of 4: in [-bound, bound). */
    void (*uniform)(const dp_init_source *, double bound, int64_t first, int64_t n, float *out);
    void (*normal)(const dp_init_source *, double sigma, double mean, int64_t first, int64_t n,
                   float *out);
    /* NULL = not known. */
    void (*truncated_normal)(const dp_init_source *, const dp_truncated_normal *, int64_t first,
                             int64_t n, float *out);
    /* All are drawn of the generator of dp_defaults, whole and in turn, behind what the layers drew
     * when they were made. */
    bool in_turn;
    bool (*has)(const char *layer); /* its parameters lie as they do there; NULL = all do */
    bool wide_xavier;               /* xavier_uniform: sqrt(3) deviations; not one square root */
    /* Whether there are numbers between a and b.  NULL = a and b mean nothing here: the cut is at
     * 2 sigma. */
    bool (*fits)(const dp_truncated_normal *);
    bool no_fans_of_biases; /* an initializer that asks for fans fails for a bias */
} dp_weights;

/* A parameter of a layer, which lies as the layer's file says. */
typedef struct dp_default_part {
    const char *layer; /* "conv2d" */
    bool is_bias;
    int64_t rows, columns, fan_in; /* rows: the first dimension, 1 of a bias */
} dp_default_part;

/* What a library's own layers begin with: all parameters of a net in the order in which it has
 * them, of one generator.  Those with ones and zeros draw nothing and are not asked for. */
typedef struct dp_defaults {
    dp_ask_check *check;
    void (*begin)(void *generator, uint64_t seed);
    bool (*has)(const char *layer);
    bool always; /* a layer draws what another initializer fills, too */
    void (*draw)(void *generator, const dp_default_part *, float *out);
} dp_defaults;

typedef struct dp_library {
    const char *word; /* of `order` */
    const char *name; /* in messages */
    size_t generator; /* bytes of the largest state of those below */
    bool claims;      /* counts rows by what its samplers claim to have (dp_node.claims), right or
                         wrong */
    const dp_scheme *shuffle;    /* all rows */
    const dp_scheme *buffer;     /* through a buffer of some */
    const dp_scheme *blocks;     /* blocks of them, and the rows of a window of blocks */
    const dp_scheme *sample;     /* some of them, once or with replacement */
    const dp_scheme *distribute; /* all, before they are dealt out to shards */
    const dp_scheme *subset;     /* those of a list */
    const dp_scheme *split;      /* all, once, before they are cut in parts */
    uint32_t split_buffer;       /* rows of the buffer that such a split shuffles through where no
                                    sampler reaches the rows; 0 = it is the same everywhere */
    /* The rows of the first part of a split by class, then those of the other one; NULL = none. */
    void (*stratify)(const dp_ask *, const dp_strata *, uint32_t *table);
    const dp_scheme *folds;  /* all, or those of a class, before they are cut in folds; the
                                epoch counts classes and repeats */
    const dp_dice *weighted; /* drawn by weight: uniform */
    const dp_dice *classes;  /* drawn from classes: the classes' order, and below */
    const dp_drawing *draws;
    const dp_weights *weights;
    const dp_defaults *defaults;
} dp_library;

extern const dp_library *const dp_libraries[]; /* as list.def has them; ends with NULL */

#define DP_LIBRARY(name, ...) extern const dp_library dp_library_##name;
DP_LIBRARIES(DP_LIBRARY)
#undef DP_LIBRARY

/* ",native,mindspore": who has each. */
extern const char dp_words_shuffle[], dp_words_sample[], dp_words_distribute[], dp_words_subset[],
    dp_words_split[], dp_words_weighted[], dp_words_classes[], dp_words_draws[], dp_words_weights[],
    dp_words_folds[], dp_words_defaults[];

/* The row of a parameter `order`, an int32_t, and the library of its value. */
#define DP_ORDER_OF(owner, thing, help)                                                            \
    DP_CHOICE(owner, order, "native", dp_words_##thing + 1, help)
const dp_library *dp_library_of(const char *words, int32_t order);

/* "native,mindspore": the words of the libraries that pass, for messages. */
#define DP_WHO_SIZE 160
typedef struct dp_who {
    char words[DP_WHO_SIZE];
} dp_who;
dp_who dp_library_who(bool (*has)(const dp_library *));

/* The row of a parameter `rule`, a text. */
#define DP_RULE_OF(owner)                                                                          \
    DP_LATER_TEXT(owner, rule, "", "how that library was used: docs/orders.md has its words")

/* Reads ask->words as `rules` has them, then a row's check of what a stage asks. */
dp_status dp_check_ask(dp_ask_check *check, const char *rules, dp_ask *, dp_error *);

/* A check: DP_ESPEC for a seed of more than 32 bits. */
dp_status dp_check_seed_32(const dp_ask *, const char *word, dp_error *);
/* A check: DP_ESPEC for more rows than there are, without replacement. */
dp_status dp_check_sample(const dp_ask *, const char *name, dp_error *);
/* A check: DP_ESPEC for no rows. */
dp_status dp_check_some_rows(const dp_ask *, const char *name, dp_error *);

#endif
