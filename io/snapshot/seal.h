/* seal.h - FILE.seal: what every block of a snapshot has to be, by a digest that nobody can forge
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/snapshot.md has its bytes.  The digest of the seal itself is what a text names (digest=):
 * with it, nothing of what a server sends has to be believed.
 */
#ifndef IO_SNAPSHOT_SEAL_H
#define IO_SNAPSHOT_SEAL_H

#include "base/blake.h"
#include "io/snapshot/file.h"

#define DP_SEAL_MAGIC "dpseal\r\n"
#define DP_SEAL_HEAD  64 /* bytes before the digests of the blocks */

uint64_t dp_seal_size(const dp_snapshot_header *);

/* The bytes before the digests of the blocks, of a snapshot that is open and complete. */
void dp_seal_print(const dp_snapshot_file *, uint8_t head[DP_SEAL_HEAD]);

/* Whether these are the bytes of a block that its seal has; also where there is none.  Their digest
 * may be known. */
bool dp_seal_has(const dp_snapshot_file *, const dp_block *, const uint8_t digest[DP_BLAKE]);
bool dp_seal_holds(const dp_snapshot_file *, const dp_block *, const uint8_t *bytes, size_t size);

/* What the seal has of a block; NULL where there is none. */
const uint8_t *dp_seal_digest(const dp_snapshot_file *, const dp_block *);

/* PATH.seal; NULL = no memory. */
const char *dp_seal_path(const dp_snapshot_file *, dp_arena *);

/* PATH.seal in the arena, of the snapshot's own header and footer, and its digest.  DP_EIO when
 * there is none, DP_ECORRUPT when it is of another snapshot. */
dp_status dp_seal_load(const dp_snapshot_file *, dp_opener *, uint8_t **out,
                       uint8_t digest[DP_BLAKE], dp_error *);

/* 64 hexadecimal digits; whether they are. */
void dp_seal_text(const uint8_t digest[DP_BLAKE], char out[2 * DP_BLAKE + 1]);
bool dp_seal_parse(const char *text, uint8_t digest[DP_BLAKE]);

#endif
