/* fuzz_npy.c - any bytes as an array of numpy's, and as an archive of them, for readers
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder();
    write_file("a", data, size);
    read_some("npy file=a");
    read_some("npy file=a,a columns=x,y");
    read_some("npz file=a");
    read_some("npz file=a columns=label");
    return 0;
}
