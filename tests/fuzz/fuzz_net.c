/* fuzz_net.c - any bytes as a net text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "detpipe_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_options options = {.size = sizeof options, .threads = 1, .memory = 1 << 24};
    const dp_tensor input = {NULL, DP_F32, 4, {2, 3, 6, 6}};
    dp_net *a = NULL, *b = NULL;
    dp_error err = {0};
    char *text = malloc(size + 1);
    dp_status status;

    memcpy(text, data, size);
    text[size] = '\0';
    status = dp_net_open(&a, text, 1, &input, &options, &err);
    if (status == DP_ESPEC && (err.column < 1 || err.column > strlen(text) + 1))
        abort();
    if (status == DP_OK && (dp_net_open(&b, dp_net_spec(a), 1, &input, &options, &err) != DP_OK ||
                            strcmp(dp_net_spec(a), dp_net_spec(b)) != 0))
        abort();
    dp_net_close(a);
    dp_net_close(b);
    free(text);
    return 0;
}
