/* fuzz_mindrecord.c - any bytes as a MindRecord file and the index beside it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two bytes say how many are the file's; the rest is its .db.
 */
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n;

    if (size < 2)
        return 0;
    n = (size_t)data[0] | (size_t)data[1] << 8;
    n = n > size - 2 ? size - 2 : n;
    make_folder();
    write_file("x", data + 2, n);
    write_file("x.db", data + 2 + n, size - 2 - n);
    read_some("mindrecord file=x");
    read_some("mindrecord file=x fields=n:n,data:data:picture part=true");
    return 0;
}
