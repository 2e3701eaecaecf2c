/* folder.h - a folder of this process with files that the fuzzer chose
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_FUZZ_FOLDER_H
#define TESTS_FUZZ_FOLDER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "detpipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64];

static void remove_files(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command) != 0)
        perror(root);
}

static inline void make_folder(void)
{
    if (root[0] != '\0')
        return;
    strcpy(root, "/tmp/detpipe-fuzz-XXXXXX");
    if (mkdtemp(root) == NULL || atexit(remove_files) != 0)
        abort();
}

static inline void write_file(const char *name, const uint8_t *data, size_t size)
{
    char path[96];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", root, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
}

/* The first records; the same again when they can be read at all. */
static inline void read_some(const char *text)
{
    const dp_options options = {
        .size = sizeof options, .root = root, .threads = 1, .memory = 1 << 26};
    uint8_t digests[2][16] = {{0}};
    dp_pipeline *p = NULL;
    dp_batch *batch = NULL;
    dp_status status = dp_open(&p, text, 1, &options, NULL);

    for (int i = 0; i < 2 && status == DP_OK; i++) {
        status = dp_seek(p, 0, NULL);
        if (status == DP_OK)
            status = dp_next(p, &batch, NULL);
        if (status == DP_OK)
            dp_batch_digest(batch, digests[i]);
    }
    if (status == DP_OK && memcmp(digests[0], digests[1], 16) != 0)
        abort();
    dp_close(p);
}

#endif
