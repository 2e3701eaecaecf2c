/* difference.c - two tensors of one type, element by element
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/difference.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/cli/cast.h"

/* The bits of element i. */
static uint64_t bits_of(const dp_named_tensor *t, uint64_t i)
{
    const uint64_t size = t->size / t->count;
    uint64_t bits = 0;

    for (uint64_t b = 0; b < size; b++)
        bits |= (uint64_t)t->data[i * size + b] << (8 * b);
    return bits;
}

static double value_of(const dp_named_tensor *t, uint64_t i)
{
    const uint64_t bits = bits_of(t, i);

    if (cast_is_floating(t->type))
        return cast_value(t->type, bits);
    if (strncmp(t->type, "int", 3) == 0) { /* the sign from its top bit */
        const unsigned shift = (unsigned)(64 - 8 * (t->size / t->count));
        return (double)((int64_t)(bits << shift) >> shift);
    }
    return (double)bits;
}

/* Neighbours have neighbouring numbers; the two zeros are one. */
static double rank_of(const dp_named_tensor *t, uint64_t i)
{
    const uint64_t bits = bits_of(t, i), sign = (uint64_t)1 << (8 * (t->size / t->count) - 1);
    return (bits & sign) != 0 ? -(double)(bits ^ sign) : (double)bits;
}

difference difference_of(const dp_named_tensor *a, const dp_named_tensor *b)
{
    difference d = {0, 0, 0, 0};

    for (uint64_t i = 0; i < a->count; i++) {
        double distance, ulps;
        if (bits_of(a, i) == bits_of(b, i))
            continue;
        d.first = d.n++ == 0 ? i : d.first;
        distance = fabs(value_of(a, i) - value_of(b, i));
        d.most = distance > d.most || distance != distance ? distance : d.most;
        ulps = cast_is_floating(a->type) ? fabs(rank_of(a, i) - rank_of(b, i)) : 0;
        d.ulps = ulps > d.ulps ? ulps : d.ulps;
    }
    return d;
}

static void print_elements(FILE *f, uint64_t i, const dp_named_tensor *a, const dp_named_tensor *b)
{
    fprintf(f, "first at %llu: %.9g (0x%llx) and %.9g (0x%llx)", (unsigned long long)i,
            value_of(a, i), (unsigned long long)bits_of(a, i), value_of(b, i),
            (unsigned long long)bits_of(b, i));
}

static void print_count(FILE *f, const difference *d, const dp_named_tensor *a)
{
    fprintf(f, "%s: %llu of %llu elements differ, ", a->name, (unsigned long long)d->n,
            (unsigned long long)a->count);
}

void difference_print_first(FILE *f, const difference *d, const dp_named_tensor *a,
                            const dp_named_tensor *b)
{
    print_count(f, d, a);
    print_elements(f, d->first, a, b);
}

void difference_print(FILE *f, const difference *d, const dp_named_tensor *a,
                      const dp_named_tensor *b)
{
    print_count(f, d, a);
    fprintf(f, "by at most %.9g", d->most);
    if (cast_is_floating(a->type))
        fprintf(f, " (%.9g ulp)", d->ulps);
    fputs("\n    ", f);
    print_elements(f, d->first, a, b);
    fputc('\n', f);
}
