/* fuzz_pt.c - any bytes as a file of PyTorch's, ZIP or older
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_archive(&dp_archive_pt, data, size);
}
