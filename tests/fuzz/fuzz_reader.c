/* fuzz_reader.c - any bytes as a file of each reader: an error, or records without a fault
 *
 * SPDX-License-Identifier: Apache-2.0
 */
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

/* A folder of this process; c/x.png is the picture of a class. */
static void make_folder(void)
{
    char class[80];

    strcpy(root, "/tmp/detpipe-fuzz-XXXXXX");
    if (mkdtemp(root) == NULL)
        abort();
    snprintf(class, sizeof class, "%s/c", root);
    if (mkdir(class, 0700) != 0 || atexit(remove_files) != 0)
        abort();
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
    char path[96];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", root, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
}

/* The first records; the same again when they can be read at all. */
static void read_some(const char *text)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (root[0] == '\0')
        make_folder();
    write_file("x.tar", data, size);
    write_file("c/x.png", data, size);
    read_some("cifar10 dataset_dir=x.tar strict=false");
    read_some("cifar100 dataset_dir=x.tar strict=false");
    read_some("idx images=x.tar");
    read_some("idx images=x.tar labels=x.tar");
    read_some("records file=x.tar fields=a:uint16,b:float32:2 header=4");
    read_some("png_folder dataset_dir=.");
    return 0;
}
