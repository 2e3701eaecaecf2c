/* fuzz_snapshot.c - any bytes as a snapshot: an error, or records without a fault
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every check would stop the fuzzer at the door: they are put right before the file is read, where
 * they would stand, so that what is behind them is tried.
 */
#include "base/bytes.h"
#include "base/hash.h"
#include "detpipe_snapshot.h"
#include "tests/fuzz/folder.h"

enum { HEADER = 104, FOOTER = 64, HEAD = 24, MOST = 1 << 16 };

static void put(uint8_t *at, uint64_t check) { dp_store_le(at, 8, check); }

/* Bytes of the sizes of a record: 4 for each dimension of a column that varies. */
static size_t sizes_of(const uint8_t *b, size_t header)
{
    size_t sizes = 0;

    for (size_t at = HEADER, c = 0; c < b[98] && at + 12 <= header; c++) {
        const size_t rank = b[at + 1];
        sizes += (b[at + 3] & 1) != 0 ? 4 * rank : 0;
        at += 12 + 8 * rank * (1 + (b[at + 3] & 1)) + 24 * (size_t)(b[at + 3] & 2) + b[at + 2];
    }
    return sizes;
}

/* A block's head, and the checks of its stored bytes. */
static void mend_block(uint8_t *b, size_t left, size_t sizes, uint64_t key)
{
    const uint64_t n = left < HEAD ? 0 : dp_load_le(b + 8, 4);
    const uint64_t stored = left < HEAD ? 0 : dp_load_le(b + 12, 4);
    const size_t head = HEAD + (size_t)n * (8 + sizes);

    if (left < HEAD + 8 || n > (left - HEAD - 8) / (8 + sizes) || stored > left - head - 8)
        return;
    put(b + 16, dp_hash64(b + head + 8, (size_t)stored));
    put(b + head, dp_hash64_seeded(b, head, key));
}

static void mend(uint8_t *b, size_t size)
{
    const size_t header = size < HEADER + 8 ? 0 : (size_t)dp_load_le(b + 12, 4);
    uint64_t index;

    if (header < HEADER + 8 || header > size || size - header < FOOTER)
        return;
    put(b + header - 8, dp_hash64(b, header - 8));
    uint8_t *footer = b + size - FOOTER;
    index = dp_load_le(footer + 8, 8);
    put(footer + 40, dp_load_le(b + header - 8, 8));
    if (index >= header && index <= size - FOOTER) {
        const size_t sizes = sizes_of(b, header);
        const uint64_t entry = 8 + sizes * dp_load_le(b + 80, 4);
        for (uint64_t at = index; at + 8 <= size - FOOTER; at += entry) {
            const uint64_t block = dp_load_le(b + at, 8);
            if (block >= header && block < index)
                mend_block(b + block, (size_t)(index - block), sizes,
                           dp_load_le(b + header - 8, 8));
        }
        put(footer + 48, dp_hash64(b + index, (size_t)(size - FOOTER - index)));
    }
    put(footer + 56, dp_hash64(footer, FOOTER - 8));
}

/* check says the same about a file twice, and reads nothing past its end. */
static void check_it(void)
{
    const dp_options options = {.size = sizeof options, .root = root, .memory = 1 << 26};
    dp_snapshot_damage damage;
    dp_snapshot *s;

    if (dp_snapshot_open(&s, "x.dps", &options, NULL) != DP_OK)
        return;
    (void)!dp_snapshot_check(s, NULL, &damage, NULL);
    dp_snapshot_close(s);
}

static void try_it(const uint8_t *data, size_t size)
{
    write_file("x.dps", data, size);
    read_some("snapshot file=x.dps");
    read_some("snapshot file=x.dps batched=true");
    read_some("snapshot file=x.dps | one_hot column=label num_classes=10");
    read_some("snapshot file=x.dps on_error=skip");
    check_it();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t mended[MOST];

    if (size > MOST)
        return 0;
    make_folder();
    try_it(data, size);
    memcpy(mended, data, size);
    mend(mended, size);
    try_it(mended, size);
    return 0;
}
