/* inject.c - faults that show that verify can fail
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/inject.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "tools/cli/cli.h"
#include "tools/cli/element.h"

static const char *const names[] = {"none", "ftz", "pixel", "record", "seed", "weight"};

const char *inject_name(inject what) { return names[what]; }

int inject_parse(const char *word, inject *out)
{
    *out = INJECT_NONE;
    for (int i = 1; word != NULL && i < 6; i++) {
        if (strcmp(word, names[i]) == 0)
            *out = (inject)i;
    }
    if (word != NULL && *out == INJECT_NONE)
        return cli_fail(EXIT_MALFORMED, "verify: --inject takes " INJECT_WORDS ", not '%s'", word);
    return 0;
}

int inject_environment(inject what)
{
    if (what != INJECT_FTZ)
        return 0;
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040); /* FTZ and DAZ */
    return 0;
#elif defined(__aarch64__)
    {
        uint64_t v;
        __asm__ volatile("mrs %0, fpcr" : "=r"(v));
        v |= (uint64_t)1 << 24;
        __asm__ volatile("msr fpcr, %0" : : "r"(v) : "memory");
    }
    return 0;
#else
    return cli_fail(EXIT_NOT_TRIED,
                    "verify: --inject ftz: this CPU has no such mode known to detpipe");
#endif
}

static size_t bytes_of(const dp_tensor *t) { return element_count(t) * dp_dtype_size(t->dtype); }

static int swap_rows(const session *s)
{
    const char *name;

    for (size_t c = 0; (name = dp_column_name(s->pipeline, c)) != NULL; c++) {
        const dp_tensor *t = dp_batch_get(s->batch, name);
        const size_t row = t->rank > 0 && t->shape[0] > 1 ? bytes_of(t) / (size_t)t->shape[0] : 0;
        uint8_t *a = t->data, *b = a + row;
        if (row == 0)
            return cli_fail(EXIT_MALFORMED,
                            "verify: --inject record needs batches of two rows and more");
        for (size_t i = 0; i < row; i++) {
            const uint8_t byte = a[i];
            a[i] = b[i];
            b[i] = byte;
        }
    }
    return 0;
}

int inject_batch(inject what, const session *s, uint64_t number)
{
    const dp_tensor *input = session_input(s);

    if (number != 0)
        return 0;
    if (what == INJECT_PIXEL && input == NULL)
        return cli_fail(EXIT_MALFORMED,
                        "verify: --inject pixel needs the column image, or input for tokens");
    if (what == INJECT_PIXEL)
        *(uint8_t *)input->data ^= 1;
    return what == INJECT_RECORD ? swap_rows(s) : 0;
}

int inject_net(inject what, const session *s)
{
    const dp_tensor *weight = s->net != NULL ? dp_net_parameter(s->net, 0, NULL) : NULL;
    uint32_t bits;

    if (what != INJECT_WEIGHT)
        return 0;
    if (weight == NULL)
        return cli_fail(EXIT_MALFORMED, "verify: --inject weight needs a recipe with a net");
    memcpy(&bits, weight->data, sizeof bits);
    bits++;
    memcpy(weight->data, &bits, sizeof bits);
    return 0;
}
