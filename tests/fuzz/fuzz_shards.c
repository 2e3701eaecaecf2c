/* fuzz_shards.c - any bytes as an archive of samples: an error, or records without a fault; twice,
 * by an index that was kept
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder();
    write_file("x.tar", data, size);
    read_some("webdataset file=x.tar fields=x:txt;jpg;a:bytes,y:cls;a;txt");
    read_some("webdataset file=x.tar");
    read_some("webdataset file=x.tar fields=x:txt;a;jpg:picture | decode column=x");
    read_some("webdataset file=x.tar fields=x:txt;cls;a:int16,y:npy;a;txt:float32:2");
    return 0;
}
