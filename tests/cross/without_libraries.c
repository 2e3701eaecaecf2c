/* without_libraries.c - what stands in for zlib and libpng on machines that are emulated: cross
 * compilers have neither
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/inflate.h"
#include "base/status.h"
#include "io/reader.h"

dp_status dp_blob_read(const char *path, uint64_t most, dp_arena *arena, dp_blob *out,
                       dp_error *err)
{
    (void)most, (void)arena, (void)out;
    return dp_fail(err, DP_EIO, "%.120s: this build unpacks nothing", path);
}

const dp_reader dp_reader_png_folder = {
    .info = {"reader", "png_folder", "not in this build", 1, NULL}};
