/* fuzz_picture.c - any bytes as a JPEG or PNG file: an error, or pixels, of which a part is a part
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/picture/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A part, which is what the whole has there. */
static void check_part(const dp_encoded *from, const dp_picture_how *how,
                       const dp_picture_head *head, const uint8_t *whole, uint32_t seed,
                       dp_picture_room *room)
{
    dp_picture_part part;
    int64_t size[2];
    size_t row;
    uint8_t *pixels;

    dp_picture_size(head, how, size);
    part.top = seed % size[0];
    part.left = seed / 7 % size[1];
    part.height = 1 + seed / 49 % (size[0] - part.top);
    part.width = 1 + seed / 343 % (size[1] - part.left);
    row = (size_t)(size[1] * how->channels);
    pixels = malloc((size_t)size[0] * row);
    if (pixels == NULL || dp_picture_decode(from, how, head, &part, room, pixels, NULL) != DP_OK)
        abort();
    for (int64_t y = part.top; y < part.top + part.height; y++) {
        const size_t at = (size_t)y * row + (size_t)(part.left * how->channels);
        if (memcmp(pixels + at, whole + at, (size_t)(part.width * how->channels)) != 0)
            abort();
    }
    free(pixels);
    dp_picture_room_empty(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_encoded from = {"it", data, size, NULL, 0, 0};
    const uint32_t seed = size == 0 ? 0 : data[size - 1] * 2654435761u;
    const dp_picture_how how = {seed & 1 ? 1 : 3, (int32_t)(seed >> 8) % 6,
                                (int32_t)(seed >> 16) % 3};
    const dp_arena like = {.alloc = &dp_libc_allocator, .limit = 1 << 26};
    static dp_picture_room room; /* of all inputs: nothing is left of one for the next */
    dp_picture_head head;
    int64_t sides[2] = {0, 0};
    uint8_t *whole = NULL;

    if (room.jpeg == NULL && dp_picture_room_open(&room, &like, 0, 0, NULL) != DP_OK)
        abort();
    if (dp_picture_look(&from, &how, &room, &head, NULL) == DP_OK)
        dp_picture_size(&head, &how, sides);
    if (sides[0] > 0 && sides[0] * sides[1] < 1 << 20)
        whole = malloc((size_t)(sides[0] * sides[1] * how.channels));
    if (whole != NULL &&
        dp_picture_decode(&from, &how, &head, &(dp_picture_part){0, 0, sides[0], sides[1]}, &room,
                          whole, NULL) == DP_OK)
        check_part(&from, &how, &head, whole, seed >> 3, &room);
    free(whole);
    dp_picture_room_empty(&room);
    return 0;
}
