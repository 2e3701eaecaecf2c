/* jpeg_memory.h - libjpeg's memory, from an arena
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PICTURE_JPEG_MEMORY_H
#define BASE_PICTURE_JPEG_MEMORY_H

#include <stdio.h> /* for jpeglib.h */

#include <jpeglib.h>

#include "base/alloc.h"

/* What the client_data of a decompressor points to the beginning of. */
typedef struct dp_jpeg_memory {
    dp_arena *arena;
    struct jvirt_barray_control *arrays; /* that were asked for */
    bool starved;                        /* once there was none left */
} dp_jpeg_memory;

/* Lets a decompressor that was just created take all further memory from its arena, whose end is
 * an error of libjpeg. */
void dp_jpeg_use_arena(struct jpeg_decompress_struct *);

#endif
