/* hash.h - XXH3 over values that are the same on every machine
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>

#include "detpipe_base.h"

/* Streaming XXH3-128; holds the library's state without its header. */
typedef struct dp_hash {
    _Alignas(64) uint8_t state[640];
} dp_hash;

void dp_hash_init(dp_hash *);
void dp_hash_bytes(dp_hash *, const void *bytes, size_t size);
void dp_hash_u64(dp_hash *, uint64_t value);    /* eight bytes, little-endian */
void dp_hash_text(dp_hash *, const char *text); /* its length, then its bytes */
void dp_hash_final(const dp_hash *, uint8_t digest[16]);

/* dtype, rank and shape; then the elements: little-endian, every NaN as the one canonical NaN. */
void dp_hash_type(dp_hash *, const dp_tensor *);
void dp_hash_tensor(dp_hash *, const dp_tensor *);

/* The elements as they are hashed, into dp_tensor_bytes(t) bytes; and back into this machine's. */
void dp_tensor_store(const dp_tensor *, uint8_t *out);
void dp_tensor_load(const dp_tensor *);

uint64_t dp_hash64(const void *bytes, size_t size); /* XXH3-64 */
uint64_t dp_hash64_seeded(const void *bytes, size_t size, uint64_t seed);

/* A getter's digest, of a handle that is there (else NULL: sixteen zeros), to a caller who may not
 * want it (NULL). */
void dp_digest_give(const uint8_t own[16], uint8_t digest[16]);

/* In hexadecimal: 2 n digits, lower-case, and a NUL.  Back: false unless the text begins with so
 * many digits. */
void dp_hex_text(const uint8_t *bytes, size_t n, char *out);
bool dp_hex_parse(const char *text, uint8_t *bytes, size_t n);
void dp_digest_text(const uint8_t digest[16], char out[33]);
bool dp_digest_parse(const char *text, uint8_t digest[16]);

/* XXH3-64 of what dp_hash_bytes adds. */
void dp_hash64_init(dp_hash *);
uint64_t dp_hash64_final(const dp_hash *);

#endif
