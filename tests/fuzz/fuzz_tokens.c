/* fuzz_tokens.c - any bytes as files of tokens: an error, or windows without a fault
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The bytes are llm.c's file or bare numbers; or, behind two bytes that say how long it is, a
 * Megatron index, and the tokens behind it.
 */
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t index;

    make_folder();
    write_file("x.bin", data, size);
    read_some("tokens file=x.bin length=3 stride=2 vocab_size=50257");
    read_some("tokens file=x.bin length=5 format=llmc | shuffle order=llmc | batch batch_size=7");
    read_some("tokens file=x.bin length=1 format=bare dtype=uint32 tail=refuse");
    if (size < 2)
        return 0;
    index = (size_t)data[0] | (size_t)data[1] << 8;
    index = index < size - 2 ? index : size - 2;
    write_file("m.idx", data + 2, index);
    write_file("m.bin", data + 2 + index, size - 2 - index);
    read_some("tokens file=m.idx length=3");
    read_some("tokens file=m.idx length=2 order=megatron | batch batch_size=9");
    read_some("tokens file=m.idx length=4 order=megatron num_samples=40 seed=7 vocab_size=99");
    return 0;
}
