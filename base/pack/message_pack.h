/* message_pack.h - numbers, texts and the heads of maps of MessagePack
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Nothing is copied, and nothing past the end is read.
 */
#ifndef BASE_PACK_MESSAGE_PACK_H
#define BASE_PACK_MESSAGE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dp_unpacked {
    enum { DP_PACKED_INTEGER, DP_PACKED_REAL, DP_PACKED_TEXT } kind;
    int64_t integer;
    double real;
    const uint8_t *text;
    size_t n; /* bytes of the text */
} dp_unpacked;

/* What is left to read. */
typedef struct dp_packed {
    const uint8_t *at, *end;
} dp_packed;

/* A big-endian number of n bytes.  False: it is cut. */
bool dp_unpack_big_endian(dp_packed *, size_t n, uint64_t *out);

/* False: it is cut, or neither number nor text, or an integer above INT64_MAX. */
bool dp_unpack(dp_packed *, dp_unpacked *);

/* How many pairs a map has, which follow.  False: it is cut, or no map. */
bool dp_unpack_map(dp_packed *, uint64_t *n);

#endif
