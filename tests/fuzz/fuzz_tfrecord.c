/* fuzz_tfrecord.c - any bytes as a TFRecord file, and as Examples with right checks: an error, or
 * records without a fault
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/crc32c.h"
#include "tests/fuzz/folder.h"

static void put(uint8_t *out, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

/* The bytes as one record. */
static void write_record(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 16);

    if (file == NULL)
        abort();
    put(file, 8, size);
    put(file + 8, 4, dp_crc32c_masked(file, 8));
    if (size > 0)
        memcpy(file + 12, data, size);
    put(file + 12 + size, 4, dp_crc32c_masked(file + 12, size));
    write_file("x", file, size + 16);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder();
    write_file("x", data, size);
    read_some("tfrecord file=x fields=a:a");
    write_record(data, size);
    read_some("tfrecord file=x fields=a:a,b:b:int64:2,c:c:float32:2");
    read_some("tfrecord file=x fields=a:a:picture | decode column=a");
    read_some("tfrecord file=x fields=b:b:uint8");
    read_some("tfrecord file=x fields=c:c:float64:1:3");
    return 0;
}
