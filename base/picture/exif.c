/* exif.c - how the camera was held
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * EXIF is a TIFF file: a head of eight bytes, then a table of entries of twelve bytes each.  The
 * first table alone is read, and nothing that an entry points to.
 */
#include "base/picture/exif.h"

#include <stdbool.h>
#include <string.h>

#define ORIENTATION 0x0112
#define SHORT       3

static uint32_t number(const uint8_t *p, int n, bool big)
{
    uint32_t value = 0;

    for (int i = 0; i < n; i++)
        value = value << 8 | p[big ? i : n - 1 - i];
    return value;
}

int32_t dp_exif_orientation(const uint8_t *bytes, size_t n)
{
    const bool big = n >= 8 && bytes[0] == 'M';
    size_t at, entries;

    if (n < 8 || memcmp(bytes, big ? "MM" : "II", 2) != 0 || number(bytes + 2, 2, big) != 42)
        return 1;
    at = number(bytes + 4, 4, big);
    if (at > n - 2)
        return 1;
    entries = number(bytes + at, 2, big);
    at += 2;
    for (size_t i = 0; i < entries && n - at >= 12; i++, at += 12) {
        const uint32_t value = number(bytes + at + 8, 2, big);
        if (number(bytes + at, 2, big) == ORIENTATION)
            return number(bytes + at + 2, 2, big) == SHORT && value >= 1 && value <= 8
                       ? (int32_t)value
                       : 1;
    }
    return 1;
}
