/* fuzz_spec.c - any bytes as a pipeline text: an error with a column, or a text that can be read
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "detpipe.h"
#include "lang/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parser itself, with a length: NUL bytes reach it. */
static void parse_only(const char *text, size_t size)
{
    dp_options options;
    dp_error err = {0};
    dp_arena arena = {0};
    dp_text out;

    if (dp_options_get(NULL, &options, &err) != DP_OK)
        abort();
    arena.alloc = options.alloc;
    if (dp_text_parse(text, size, &arena, &out, &err) == DP_ESPEC &&
        (err.column < 1 || err.column > size + 1))
        abort();
    dp_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_options options = {.size = sizeof options, .threads = 1, .memory = 1 << 26};
    dp_pipeline *a = NULL, *b = NULL;
    dp_batch *batch = NULL;
    dp_error err = {0};
    char *text = malloc(size + 1);
    dp_status status;

    memcpy(text, data, size);
    text[size] = '\0';
    parse_only(text, size);
    status = dp_open(&a, text, 1, &options, &err);
    if (status == DP_ESPEC && (err.column < 1 || err.column > strlen(text) + 1))
        abort();
    if (status == DP_OK) {
        if (dp_open(&b, dp_spec(a), 1, &options, &err) != DP_OK ||
            strcmp(dp_spec(a), dp_spec(b)) != 0)
            abort();
        if (dp_next(a, &batch, &err) == DP_ESPEC)
            abort();
    }
    dp_close(a);
    dp_close(b);
    free(text);
    return 0;
}
