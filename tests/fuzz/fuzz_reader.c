/* fuzz_reader.c - any bytes as a file of each reader: an error, or records without a fault
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/folder.h"

/* c/x.png is the picture of a class. */
static void make_class(void)
{
    char class[80];

    snprintf(class, sizeof class, "%s/c", root);
    mkdir(class, 0700);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_folder();
    make_class();
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
