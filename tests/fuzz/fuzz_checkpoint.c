/* fuzz_checkpoint.c - any bytes as a checkpoint: refused, or the net as it was
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "detpipe_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    const dp_tensor input = {NULL, DP_F32, 2, {1, 2}};
    static char path[64];
    dp_net *net = NULL;
    FILE *f;

    snprintf(path, sizeof path, "/tmp/detpipe-fuzz-%d.safetensors", (int)getpid());
    f = fopen(path, "wb");
    if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0 ||
        dp_net_open(&net, "dense out_channels=2", 1, &input, &options, NULL) != DP_OK)
        abort();
    if (dp_net_load(net, path, NULL) == DP_OK && dp_net_save(net, path, NULL) != DP_OK)
        abort();
    dp_net_close(net);
    unlink(path);
    return 0;
}
