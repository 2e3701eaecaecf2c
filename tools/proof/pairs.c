/* pairs.c - verify --why: which ledger of one run is which of another
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

#define EQUAL (UINT64_MAX / 4)
#define NONE  SIZE_MAX

static bool are_one_rank(const result_file *a, const result_file *b)
{
    const size_t n = strlen(PAIRS_RANK), k = strspn(a->name + n, "0123456789");

    return k == strspn(b->name + n, "0123456789") && memcmp(a->name, b->name, n + k) == 0;
}

/* Bytes of two files that are equal, from the first on. */
static uint64_t common_bytes(const char *a, const char *b)
{
    FILE *f[2] = {xfopen(a, "r"), xfopen(b, "r")};
    uint64_t n = 0;

    if (f[0] != NULL && f[1] != NULL) {
        for (int c; (c = getc(f[0])) != EOF && c == getc(f[1]);)
            n++;
    }
    for (int i = 0; i < 2; i++) {
        if (f[i] != NULL)
            fclose(f[i]);
    }
    return n;
}

/* How far two ledgers go together, as steps are in their order, with those of one name before
 * others.  0: they are of two ranks, or cannot be read. */
static uint64_t likeness(const result_file *a, const result_file *b)
{
    const bool equal = memcmp(a->digest, b->digest, sizeof a->digest) == 0;
    uint64_t n = 0;

    if (are_one_rank(a, b))
        n = equal ? EQUAL : common_bytes(a->copy, b->copy);
    return n > 0 ? 2 * n + (strcmp(a->name, b->name) == 0) : 0;
}

/* Takes the two that are most alike out of `alike`, which has a row for each of `a`.  false: none
 * are. */
static bool take_most_alike(uint64_t *alike, size_t n_a, size_t n_b, size_t *i, size_t *k)
{
    size_t most = 0;

    for (size_t at = 1; at < n_a * n_b; at++)
        most = alike[at] > alike[most] ? at : most;
    if (n_a * n_b == 0 || alike[most] == 0)
        return false;
    *i = most / n_b;
    *k = most % n_b;
    for (size_t at = 0; at < n_b; at++)
        alike[*i * n_b + at] = 0;
    for (size_t at = 0; at < n_a; at++)
        alike[at * n_b + *k] = 0;
    return true;
}

/* of_a[i]: which of `b` is its other one, or NONE; has_a likewise. */
static void find_pairs(const results *a, const results *b, size_t *of_a, bool *has_a)
{
    uint64_t *alike = xcalloc(a->n * b->n + 1, sizeof *alike);
    size_t i, k;

    for (i = 0; i < a->n; i++) {
        of_a[i] = NONE;
        for (k = 0; k < b->n; k++)
            alike[i * b->n + k] = likeness(&a->v[i], &b->v[k]);
    }
    while (take_most_alike(alike, a->n, b->n, &i, &k)) {
        of_a[i] = k;
        has_a[k] = true;
    }
    free(alike);
}

void pairs_compare(const results *a, const results *b, results_comparison *c)
{
    size_t *of_a = xcalloc(a->n + 1, sizeof *of_a);
    bool *has_a = xcalloc(b->n + 1, sizeof *has_a);

    find_pairs(a, b, of_a, has_a);
    *c = (results_comparison){.pair = xmalloc((a->n + b->n + 1) * sizeof *c->pair)};
    for (size_t i = 0; i < a->n; i++)
        results_compare_pair(&a->v[i], of_a[i] != NONE ? &b->v[of_a[i]] : NULL, c);
    for (size_t k = 0; k < b->n; k++) {
        if (!has_a[k])
            results_compare_pair(NULL, &b->v[k], c);
    }
    free(of_a);
    free(has_a);
}
