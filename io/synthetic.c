/* synthetic.c - CIFAR-shaped images made from a seed: no file, and ten classes that a small net
 * tells apart
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each class has a prototype of 4x4 colour fields.  A record draws its class, shifts the prototype
 * by up to 3 pixels, changes its brightness by up to 24 and adds noise of up to 40 to every byte;
 * integers only.
 */
#include <string.h>

#include "base/hash.h"
#include "base/random/rng.h"
#include "io/reader.h"

#define SIDE      32
#define FIELD     8
#define FIELDS    (SIDE / FIELD)
#define N_CLASSES 10
#define SHIFT     3
#define LIGHT     24
#define NOISE     40

typedef struct synthetic {
    int64_t num_records, seed;
} synthetic;

static const dp_param params[] = {
    DP_INT(synthetic, num_records, "10000", 1, 1e12, "length of the data set"),
    DP_INT(synthetic, seed, "1", 0, 9e15, "of the images; another seed is another data set"),
    DP_PARAMS_END,
};

typedef struct state {
    const synthetic *params;
    uint64_t key;
    uint8_t prototypes[N_CLASSES][FIELDS][FIELDS][3];
} state;

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const synthetic *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    uint8_t *bytes;
    dp_rng rng;

    (void)options;
    if (s == NULL)
        return dp_arena_fail(arena, err, "synthetic");
    s->params = p;
    s->key = dp_rng_key((uint64_t)p->seed, "synthetic", 0);
    dp_rng_start(&rng, dp_rng_key((uint64_t)p->seed, "synthetic", 1), 0, 0);
    bytes = &s->prototypes[0][0][0][0];
    for (size_t i = 0; i < sizeof s->prototypes; i++)
        bytes[i] = (uint8_t)(64 + dp_rng_below(&rng, 128));
    out->n_records = (uint64_t)p->num_records;
    out->n_columns = 3;
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 256};
    out->columns[1] = (dp_column){"label", {NULL, DP_U32, 0, {0}}, N_CLASSES};
    out->columns[2] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->state = s;
    return DP_OK;
}

static uint8_t clamp(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    uint8_t *out = columns[0];
    uint32_t label, noise = 0;
    int left, top, light;
    dp_rng rng;

    (void)err;
    dp_rng_start(&rng, s->key, 0, record);
    label = dp_rng_below(&rng, N_CLASSES);
    left = (int)dp_rng_below(&rng, 2 * SHIFT + 1) - SHIFT;
    top = (int)dp_rng_below(&rng, 2 * SHIFT + 1) - SHIFT;
    light = (int)dp_rng_below(&rng, 2 * LIGHT + 1) - LIGHT;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const uint8_t *field = s->prototypes[label][((y + top + SIDE) % SIDE) / FIELD]
                                                [((x + left + SIDE) % SIDE) / FIELD];
            for (int c = 0; c < 3; c++, noise >>= 8) {
                if ((y * SIDE * 3 + x * 3 + c) % 4 == 0)
                    noise = dp_rng_u32(&rng);
                *out++ =
                    clamp(field[c] + light + (int)((noise & 255) * (2 * NOISE + 1) >> 8) - NOISE);
            }
        }
    }
    *(uint32_t *)columns[1] = label;
    *(int64_t *)columns[2] = (int64_t)record;
    return DP_OK;
}

enum { REVISION = 1 };

/* The records are a function of these. */
static void identity(const void *state_, uint8_t digest[16])
{
    const state *s = state_;
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_text(&h, "synthetic");
    dp_hash_u64(&h, REVISION);
    dp_hash_u64(&h, (uint64_t)s->params->num_records);
    dp_hash_u64(&h, (uint64_t)s->params->seed);
    dp_hash_final(&h, digest);
}

const dp_reader dp_reader_synthetic = {
    .info = {"reader", "synthetic", "learnable CIFAR-shaped images made from a seed", REVISION,
             sizeof(synthetic), params},
    .open = open_source,
    .read = read_record,
    .identity = identity,
};
