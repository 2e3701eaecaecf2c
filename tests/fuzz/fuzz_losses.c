/* fuzz_losses.c - any bytes as what two runs printed: a run equals itself, in whatever colours, and
 * a pattern that is proposed is one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/losses/lines.h"
#include "tools/losses/losses.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reset behind every line: nothing that a reader sees. */
static losses find(const uint8_t *data, size_t size, bool coloured)
{
    char *text = malloc((coloured ? 5 * size : size) + 1); /* a read past it is seen */
    size_t n = 0;
    losses l = {0};

    for (size_t i = 0; i < size; i++) {
        if (coloured && data[i] == '\n' && (i == 0 || data[i - 1] == ' ')) {
            memcpy(text + n, "\033[0m", 4);
            n += 4;
        }
        text[n++] = (char)data[i];
    }
    losses_find(text, n, 0, NULL, &l);
    losses_finish(&l);
    free(text);
    return l;
}

/* A colour between its bytes would be other characters. */
static bool is_utf16(const uint8_t *data, size_t size)
{
    char *const decoded = lines_of_utf16((const char *)data, &size);

    free(decoded);
    return decoded != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    losses a = find(data, size, false), b = find(data, size, !is_utf16(data, size));
    losses_comparison c;

    if (losses_proposal(&a) != NULL && losses_check_pattern(losses_proposal(&a)->pattern) != 0)
        abort();
    losses_compare(&a, &a, &c);
    if (c.verdict != LOSSES_EQUAL || c.compared < losses_count(&a))
        abort();
    losses_comparison_free(&c);
    losses_compare(&a, &b, &c);
    if (c.verdict != LOSSES_EQUAL)
        abort();
    losses_comparison_free(&c);
    losses_free(&a);
    losses_free(&b);
    return 0;
}
