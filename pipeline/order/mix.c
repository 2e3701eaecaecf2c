/* mix.c - the rows of two streams in fixed shares
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Of shares a and b of t = a + b parts, the first n rows hold floor(n * b / t) of the other stream,
 * so row n is the other's where that number grows: the streams are as evenly mixed as whole rows
 * can be, and which one a row is from follows from its place alone.  An epoch ends before the first
 * row that its stream does not have.
 */
#include "pipeline/order/branch.h"
#include "pipeline/order/order.h"

#define MOST_PARTS 1000000 /* so that fractions are taken for what was written */

typedef struct mix {
    const char *with;
    dp_numbers shares;
    uint64_t others, parts; /* b and t */
} mix;

static const dp_param params[] = {
    DP_LONG_TEXT(mix, with, NULL, "the text of the other stream, with the same columns"),
    DP_NUMBERS(mix, shares, NULL, 1e-6, MOST_PARTS,
               "of this stream and of the other: fractions that sum to 1, or whole numbers"),
    DP_PARAMS_END,
};

/* x as a number of d-ths; 0 = it is none. */
static uint64_t parts_of(double x, uint64_t d)
{
    const double exact = x * (double)d;
    const uint64_t whole = (uint64_t)(exact + 0.5);
    const double rest = exact - (double)whole;

    return rest < 1e-9 && rest > -1e-9 ? whole : 0;
}

static dp_status plan_shares(mix *p, dp_error *err)
{
    const double *v = p->shares.v, sum = v[0] + v[1];

    if (p->shares.n != 2)
        return dp_fail(err, DP_ESPEC, "shares are two numbers, not %d: this stream's, the other's",
                       (int)p->shares.n);
    for (uint64_t d = 1; d <= MOST_PARTS; d++) {
        const uint64_t mine = parts_of(v[0], d), others = parts_of(v[1], d);
        if (mine == 0 || others == 0)
            continue;
        if (d > 1 && (sum > 1 + 1e-9 || sum < 1 - 1e-9))
            return dp_fail(err, DP_ESPEC, "the shares sum to %g: fractions sum to 1", sum);
        p->others = others;
        p->parts = mine + others;
        return DP_OK;
    }
    return dp_fail(err, DP_ESPEC, "the shares are not fractions of %d parts or less", MOST_PARTS);
}

/* floor(n * share / parts); INT64_MAX where it is more. */
static uint64_t scale(uint64_t n, uint64_t share, uint64_t parts)
{
    uint64_t whole;

    if (__builtin_mul_overflow(n / parts, share, &whole) ||
        __builtin_add_overflow(whole, n % parts * share / parts, &whole))
        return INT64_MAX;
    return whole;
}

/* The most rows of which no more than n are this stream's, and no more than m the other's. */
static uint64_t rows_of(const mix *p, uint64_t n, uint64_t m)
{
    const uint64_t mine = n == DP_ENDLESS ? DP_ENDLESS : scale(n, p->parts, p->parts - p->others);
    uint64_t theirs = m == DP_ENDLESS ? DP_ENDLESS : scale(m + 1, p->parts, p->others);

    /* row number `theirs` would be one too many, where the division leaves nothing; else it is the
     * last that is not */
    if (theirs != DP_ENDLESS && (m + 1) % p->others * p->parts % p->others == 0)
        theirs--;
    return mine < theirs ? mine : theirs;
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    mix *p = node->params;
    const dp_status status = plan_shares(p, err);

    (void)arena;
    if (status != DP_OK)
        return status;
    node->length = rows_of(p, node->below, node->with->length);
    if (node->length != DP_ENDLESS && node->length >= INT64_MAX)
        return dp_fail(err, DP_ELIMIT, "the stream would be longer than 2^63 rows");
    return DP_OK;
}

static bool is_other(const dp_node *node, uint64_t *row)
{
    const mix *p = node->params;
    const uint64_t before = scale(*row, p->others, p->parts);
    const bool other = scale(*row + 1, p->others, p->parts) > before;

    *row = other ? before : *row - before;
    return other;
}

const dp_order dp_order_mix = {
    .info = {"order", "mix", "mix the rows of another stream with these, by shares", 1, sizeof(mix),
             params},
    .join = DP_EITHER,
    .is_other = is_other,
    .plan = plan,
};
