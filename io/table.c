/* table.c - the list of readers, and what all of them share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash.h"
#include "base/tensor.h"
#include "io/reader.h"

#define DP_READER(name) &dp_reader_##name,
const dp_reader *const dp_readers[] = {
#include "io/list.def"
    NULL};
#undef DP_READER

dp_status dp_source_identity(const dp_reader *reader, const dp_source *source,
                             const dp_allocator *alloc, uint8_t digest[16], dp_error *err)
{
    dp_arena arena = {.alloc = alloc};
    void *columns[DP_MAX_COLUMNS];
    dp_status status = DP_OK;
    dp_hash h;

    if (reader->identity != NULL) {
        reader->identity(source->state, digest);
        return DP_OK;
    }
    dp_hash_init(&h);
    dp_hash_u64(&h, source->n_records);
    for (uint32_t c = 0; c < source->n_columns && status == DP_OK; c++) {
        dp_hash_text(&h, source->columns[c].name);
        columns[c] = dp_arena_alloc(&arena, dp_tensor_bytes(&source->columns[c].type), 1);
        if (columns[c] == NULL)
            status = dp_arena_fail(&arena, err, "a record");
    }
    for (uint64_t record = 0; record < source->n_records && status == DP_OK; record++) {
        status = reader->read(source->state, record, columns, err);
        for (uint32_t c = 0; c < source->n_columns && status == DP_OK; c++) {
            dp_tensor t = source->columns[c].type;
            t.data = columns[c];
            dp_hash_tensor(&h, &t);
        }
    }
    dp_arena_free(&arena);
    if (status == DP_OK)
        dp_hash_final(&h, digest);
    return status;
}
