/* fuzz_csv.c - any bytes as a list of pictures, and as lists of numbers in a text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[8400];

    make_folder();
    write_file("x.csv", data, size);
    read_some("png_folder list=x.csv");
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\0' || data[i] == '"' || data[i] == '\\')
            return 0;
    }
    snprintf(text, sizeof text, "range count=20 | subset_sampler indices=\"%.*s\"", (int)size,
             data);
    read_some(text);
    snprintf(text, sizeof text, "range count=20 | weighted_random_sampler weights=\"%.*s\"",
             (int)size, data);
    read_some(text);
    return 0;
}
