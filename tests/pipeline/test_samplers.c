/* test_samplers.c - what samplers promise, for random lengths, seeds and worlds
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/rng.h"
#include "libraries/permute.h"
#include "tests/support/test.h"

#define MOST   400
#define ROUNDS 1500

typedef struct rows {
    int64_t row[4 * MOST];
    uint64_t n;
} rows;

static dp_pipeline *open_text(const char *spec, uint64_t seed)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p = NULL;

    if (dp_open(&p, spec, seed, &options, &test_error) != DP_OK)
        fail_msg("seed %llu, %s: %s", (unsigned long long)seed, spec, test_error.message);
    return p;
}

static int64_t row_at(dp_pipeline *p, uint64_t i)
{
    int64_t records[2] = {-1, -1};
    size_t n_rows, n_readers;

    assert_ok(dp_records(p, i, records, 2, &n_rows, &n_readers, &test_error));
    assert_true(n_rows == 1 && n_readers <= 2);
    return records[0] >= 0 ? records[0] : records[1];
}

static rows read_all(const char *spec, uint64_t seed)
{
    dp_pipeline *p = open_text(spec, seed);
    rows r = {.n = dp_length(p)};

    assert_true(r.n <= 4 * MOST);
    for (uint64_t i = 0; i < r.n; i++)
        r.row[i] = row_at(p, i);
    dp_close(p);
    return r;
}

/* The rows of another stream behind those there; how many came. */
static uint64_t append_all(rows *to, const char *spec, uint64_t seed)
{
    const rows more = read_all(spec, seed);

    memcpy(to->row + to->n, more.row, more.n * sizeof more.row[0]);
    to->n += more.n;
    return more.n;
}

/* Each of n rows as often as `times` says. */
static void must_count(const char *spec, uint64_t seed, const rows *r, uint64_t from, uint64_t to,
                       uint64_t n, int times)
{
    int count[MOST] = {0};

    for (uint64_t i = from; i < to; i++) {
        if (r->row[i] < 0 || (uint64_t)r->row[i] >= n)
            fail_msg("seed %llu, %s: row %lld", (unsigned long long)seed, spec,
                     (long long)r->row[i]);
        count[r->row[i]]++;
    }
    for (uint64_t i = 0; i < n; i++) {
        if (count[i] != times)
            fail_msg("seed %llu, %s: row %llu comes %d times, not %d", (unsigned long long)seed,
                     spec, (unsigned long long)i, count[i], times);
    }
}

static const char *one_of(dp_rng *rng, const char *const *words, uint32_t n)
{
    return words[dp_rng_below(rng, n)];
}

/* ---- permutations ---- */

static void permutations(dp_rng *rng, uint64_t seed)
{
    static const char *const stages[] = {
        "shuffle",
        "shuffle buffer_size=7",
        "shuffle block=7",
        "shuffle order=mindspore",
        "shuffle order=torch",
        "shuffle buffer_size=9 order=mindspore",
        "shuffle order=numpy",
        "random_sampler",
        "random_sampler order=mindspore",
        "random_sampler order=torch",
        "shuffle order=numpy_generator",
        "distributed_sampler num_shards=1 shard_id=0",
        "distributed_sampler num_shards=1 shard_id=0 order=mindspore",
    };
    const uint64_t n = 1 + dp_rng_below(rng, MOST);
    const char *stage = one_of(rng, stages, sizeof stages / sizeof stages[0]);
    char spec[256];
    rows r;

    snprintf(spec, sizeof spec, "range count=%llu | %s | repeat count=3", (unsigned long long)n,
             stage);
    r = read_all(spec, seed);
    assert_int_equal(r.n, 3 * n);
    for (uint64_t e = 0; e < 3; e++)
        must_count(spec, seed, &r, e * n, (e + 1) * n, n, 1);
    if (n >= 20 && memcmp(r.row, r.row + n, n * sizeof r.row[0]) == 0)
        fail_msg("seed %llu, %s: two epochs are equal", (unsigned long long)seed, spec);
}

/* A row leaves a buffer only when it is in it. */
static void windows(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 2 + dp_rng_below(rng, MOST - 1), buffer = 2 + dp_rng_below(rng, 50);
    char spec[256];
    rows r;

    snprintf(spec, sizeof spec, "range count=%llu | shuffle buffer_size=%llu%s",
             (unsigned long long)n, (unsigned long long)buffer,
             dp_rng_below(rng, 2) ? " order=mindspore" : "");
    r = read_all(spec, seed);
    must_count(spec, seed, &r, 0, n, n, 1);
    for (uint64_t i = 0; i < n; i++)
        assert_true((uint64_t)r.row[i] < i + buffer);
}

/* num_samples without replacement: different rows. */
static void subsets(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 2 + dp_rng_below(rng, MOST - 2), k = 1 + dp_rng_below(rng, (uint32_t)n);
    bool seen[MOST] = {false};
    char spec[256];
    rows r;

    snprintf(spec, sizeof spec, "range count=%llu | random_sampler num_samples=%llu%s",
             (unsigned long long)n, (unsigned long long)k,
             dp_rng_below(rng, 2) ? " order=mindspore" : "");
    r = read_all(spec, seed);
    assert_int_equal(r.n, k);
    for (uint64_t i = 0; i < k; i++) {
        assert_true((uint64_t)r.row[i] < n && !seen[r.row[i]]);
        seen[r.row[i]] = true;
    }
}

/* ---- worlds ---- */

/* Without an offset shards are equally long and cover; with one they are disjoint as well. */
static void shards(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 1 + dp_rng_below(rng, MOST), world = 1 + dp_rng_below(rng, 8);
    const bool shuffled = dp_rng_below(rng, 2), torch = shuffled && dp_rng_below(rng, 2);
    rows all = {.n = 0};
    char spec[256];

    for (uint64_t r = 0; r < world; r++) {
        snprintf(spec, sizeof spec,
                 "range count=%llu | distributed_sampler num_shards=%llu shard_id=%llu "
                 "shuffle=%s order=%s | repeat count=2 | skip count=%llu",
                 (unsigned long long)n, (unsigned long long)world, (unsigned long long)r,
                 shuffled ? "true" : "false", torch ? "torch" : "native",
                 (unsigned long long)((n + world - 1) / world));
        assert_int_equal(append_all(&all, spec, seed), (n + world - 1) / world);
    }
    bool seen[MOST] = {false};
    for (uint64_t i = 0; i < all.n; i++)
        seen[all.row[i]] = true;
    for (uint64_t i = 0; i < n; i++)
        assert_true(seen[i]);
    if (n % world == 0)
        must_count(spec, seed, &all, 0, all.n, n, 1);
}

static void offsets(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 1 + dp_rng_below(rng, MOST), world = 1 + dp_rng_below(rng, 8),
                   offset = dp_rng_below(rng, (uint32_t)world + 1);
    rows all = {.n = 0};
    char spec[256];

    for (uint64_t r = 0; r < world; r++) {
        snprintf(spec, sizeof spec,
                 "range count=%llu | distributed_sampler num_shards=%llu shard_id=%llu offset=%llu",
                 (unsigned long long)n, (unsigned long long)world, (unsigned long long)r,
                 (unsigned long long)offset);
        append_all(&all, spec, seed);
    }
    must_count(spec, seed, &all, 0, all.n, n, 1);
}

/* The ranks' rows of a batch, one after another, are the batch of the whole; so are their draws. */
static void ranks(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 1 + dp_rng_below(rng, 100), world = 1 + dp_rng_below(rng, 5),
                   size = 1 + dp_rng_below(rng, 20);
    char spec[256], part_spec[320], text[256], part_text[256];
    dp_pipeline *whole;

    snprintf(spec, sizeof spec,
             "synthetic num_records=%llu | shuffle | random_crop size=20 | batch batch_size=%llu",
             (unsigned long long)n, (unsigned long long)size);
    whole = open_text(spec, seed);
    for (uint64_t b = 0; b < dp_length(whole); b++) {
        int64_t records[32], part[32];
        size_t n_rows, n_part, n_readers, at = 0;
        assert_ok(dp_records(whole, b, records, 32, &n_rows, &n_readers, &test_error));
        for (uint64_t r = 0; r < world; r++) {
            dp_pipeline *p;
            snprintf(part_spec, sizeof part_spec, "%s | shard num_shards=%llu shard_id=%llu", spec,
                     (unsigned long long)world, (unsigned long long)r);
            p = open_text(part_spec, seed);
            assert_int_equal(dp_length(p), dp_length(whole));
            assert_ok(dp_records(p, b, part, 32, &n_part, &n_readers, &test_error));
            for (size_t i = 0; i < n_part; i++, at++) {
                assert_int_equal(part[i], records[at]);
                dp_draws(whole, b, at, text, sizeof text);
                dp_draws(p, b, i, part_text, sizeof part_text);
                assert_string_equal(text, part_text);
            }
            dp_close(p);
        }
        assert_int_equal(at, n_rows);
    }
    dp_close(whole);
}

static void parts(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 3 + dp_rng_below(rng, MOST - 3), a = 1 + dp_rng_below(rng, (uint32_t)n - 2),
                   b = 1 + dp_rng_below(rng, (uint32_t)(n - a - 1));
    rows all = {.n = 0};
    char spec[256];

    for (int part = 0; part < 3; part++) {
        snprintf(spec, sizeof spec, "range count=%llu | split sizes=%llu,%llu,%llu part=%d%s",
                 (unsigned long long)n, (unsigned long long)a, (unsigned long long)b,
                 (unsigned long long)(n - a - b), part, seed % 2 ? " order=mindspore" : "");
        append_all(&all, spec, seed);
    }
    must_count(spec, seed, &all, 0, all.n, n, 1);
}

/* ---- classes and weights ---- */

static void classes(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 1 + dp_rng_below(rng, 200), k = 1 + dp_rng_below(rng, 12),
                   val = 1 + dp_rng_below(rng, 4), present = n < k ? n : k;
    int count[12] = {0};
    char spec[256];
    rows r;

    snprintf(spec, sizeof spec,
             "range count=%llu num_classes=%llu | pk_sampler num_val=%llu "
             "shuffle=%s",
             (unsigned long long)n, (unsigned long long)k, (unsigned long long)val,
             seed % 2 ? "true" : "false");
    r = read_all(spec, seed);
    assert_int_equal(r.n, present * val);
    for (uint64_t i = 0; i < r.n; i++) {
        const uint64_t class = (uint64_t)r.row[i] % k;
        assert_true((uint64_t)r.row[i] < n);
        assert_int_equal(class, (uint64_t)r.row[i / val * val] % k); /* runs of one class */
        count[class]++;
    }
    for (uint64_t c = 0; c < present; c++)
        assert_int_equal(count[c], val);
}

static void filters(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 1 + dp_rng_below(rng, MOST);
    char spec[256];
    uint64_t expected = 0;
    rows r;

    snprintf(spec, sizeof spec, "range count=%llu num_classes=7 | filter values=2,5 | shuffle",
             (unsigned long long)n);
    r = read_all(spec, seed);
    for (uint64_t i = 0; i < n; i++)
        expected += i % 7 == 2 || i % 7 == 5;
    assert_int_equal(r.n, expected);
    for (uint64_t i = 0; i < r.n; i++)
        assert_true(r.row[i] % 7 == 2 || r.row[i] % 7 == 5);
}

static void weights(dp_rng *rng, uint64_t seed)
{
    const uint64_t n = 3 + dp_rng_below(rng, 60);
    const bool again = dp_rng_below(rng, 2);
    bool seen[64] = {false};
    char spec[1024];
    uint64_t k = 1;
    rows r;

    int length =
        snprintf(spec, sizeof spec,
                 "range count=%llu | weighted_random_sampler weights=", (unsigned long long)n);
    for (uint64_t i = 0; i < n; i++) {
        length += snprintf(spec + length, sizeof spec - (size_t)length, i ? ",%llu" : "%llu",
                           (unsigned long long)(i % 3)); /* every third row never comes */
        k += i % 3 != 0;
    }
    snprintf(spec + length, sizeof spec - (size_t)length, " replacement=%s num_samples=%llu",
             again ? "true" : "false", (unsigned long long)(again ? 3 * n : k - 1));
    r = read_all(spec, seed);
    for (uint64_t i = 0; i < r.n; i++) {
        assert_true(r.row[i] % 3 != 0);
        assert_true(again || !seen[r.row[i]]);
        seen[r.row[i]] = true;
    }
}

/* ---- any position, in any order ---- */

static void positions(dp_rng *rng, uint64_t seed)
{
    static const char *const stages[] = {
        "shuffle",
        "shuffle buffer_size=5 order=mindspore",
        "random_sampler order=mindspore",
        "random_sampler replacement=true num_samples=30 order=torch",
        "shuffle order=numpy",
        "subset_random_sampler indices=0,1,2,1 order=mindspore",
        "pk_sampler num_val=2 order=mindspore",
        "weighted_random_sampler weights=1,2,3",
        "distributed_sampler num_shards=2 shard_id=1",
        "distributed_sampler num_shards=2 shard_id=1 order=mindspore",
        "split sizes=0.5,0.5 part=1",
        "random_sampler | random_sampler order=mindspore | skip count=1",
        "concat with=\"range count=9 | shuffle order=mindspore\"",
    };
    const uint64_t n = 4 + dp_rng_below(rng, 40);
    const char *stage = one_of(rng, stages, sizeof stages / sizeof stages[0]);
    char spec[512];
    dp_pipeline *p;
    rows straight;

    snprintf(spec, sizeof spec, "range count=%llu | %s | repeat count=4", (unsigned long long)n,
             stage);
    straight = read_all(spec, seed);
    p = open_text(spec, seed);
    for (int i = 0; i < 60; i++) {
        const uint64_t at = dp_rng_below(rng, (uint32_t)straight.n);
        if (row_at(p, at) != straight.row[at])
            fail_msg("seed %llu, %s: row %llu is another one after others",
                     (unsigned long long)seed, spec, (unsigned long long)at);
    }
    dp_close(p);
}

static void random_cases(void **state)
{
    void (*const properties[])(dp_rng *, uint64_t) = {permutations, windows,  subsets, shards,
                                                      offsets,      parts,    classes, filters,
                                                      weights,      positions};
    const uint64_t seed = test_seed();

    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
            dp_rng rng;
            dp_rng_start(&rng, seed, i, round);
            properties[i](&rng, dp_rng_u32(&rng) == 5489 ? 1 : round % 4294967295u);
        }
    }
    for (uint64_t round = 0; round < 40; round++) {
        dp_rng rng;
        dp_rng_start(&rng, seed, 99, round);
        ranks(&rng, round);
    }
}

/* ---- the permutation that is computed ---- */

static void check_bijection(uint64_t n, uint64_t key, uint8_t *seen)
{
    dp_bijection b;

    memset(seen, 0, (size_t)(n + 7) / 8);
    dp_bijection_start(&b, n, key, 3, 0);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t to = dp_bijection_at(&b, i);
        if (to >= n || (seen[to / 8] >> (to % 8) & 1) != 0)
            fail_msg("n=%llu key=%llu: %llu goes to %llu", (unsigned long long)n,
                     (unsigned long long)key, (unsigned long long)i, (unsigned long long)to);
        seen[to / 8] |= (uint8_t)(1 << to % 8);
    }
}

static void bijections(void **state)
{
    uint8_t *seen = malloc((1u << 21) / 8 + 1);

    (void)state;
    for (uint64_t n = 1; n <= 4096; n++)
        check_bijection(n, n * 7919, seen);
    for (unsigned k = 13; k <= 20; k++) {
        for (uint64_t n = ((uint64_t)1 << k) - 1; n <= ((uint64_t)1 << k) + 1; n++)
            check_bijection(n, k, seen);
    }
    free(seen);
    /* too many to count: in range, and no two of many equal */
    for (unsigned k = 32; k <= 48; k += 8) {
        dp_bijection b;
        uint64_t last = 0;
        dp_bijection_start(&b, ((uint64_t)1 << k) + 1, k, 0, 0);
        for (uint64_t i = 0; i < 100000; i++) {
            const uint64_t to = dp_bijection_at(&b, i);
            assert_true(to <= (uint64_t)1 << k && (i == 0 || to != last));
            last = to;
        }
    }
}

/* A stream longer than a table: reached anywhere, seeded, another order each epoch. */
static void longer_than_a_table(void **state)
{
    dp_pipeline *p = open_text("range count=1000000000000 | shuffle | repeat count=2", 1);
    dp_pipeline *q = open_text("range count=1000000000000 | shuffle | repeat count=2", 2);

    (void)state;
    assert_int_equal(row_at(p, 999999999999), row_at(p, 999999999999));
    assert_int_not_equal(row_at(p, 5), row_at(p, 1000000000005));
    assert_int_not_equal(row_at(p, 5), row_at(q, 5));
    dp_close(p);
    dp_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_cases),
        cmocka_unit_test(bijections),
        cmocka_unit_test(longer_than_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
