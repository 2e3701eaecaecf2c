/* test_rng.c - Philox against its authors' known answers, and the distributions over it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/rng.h"
#include "tests/support/test.h"

/* Random123 1.14, kat_vectors: philox4x32 10 rounds. */
static void known_answers(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
        {{0, 0, 1, 0},
         {1, 0},
         {117906450, 1115841718, 956895307, 1839381922}}, /* docs/mindspore.md */
    };
    uint32_t out[4];

    (void)state;
    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        dp_philox4x32_10(kat[i].counter, kat[i].key, out);
        assert_memory_equal(out, kat[i].out, sizeof out);
    }
}

/* Every place of the counter matters, and so do seed, name and use of the key. */
static void places_differ(void **state)
{
    const uint64_t keys[] = {dp_rng_key(1, "a", 0), dp_rng_key(2, "a", 0), dp_rng_key(1, "b", 0),
                             dp_rng_key(1, "a", 1)};
    const uint64_t places[][2] = {{0, 0},
                                  {1, 0},
                                  {0, 1},
                                  {(uint64_t)1 << 32, 0},
                                  {0, (uint64_t)1 << 32},
                                  {(uint64_t)1 << 47, 0},
                                  {0, (uint64_t)1 << 47}};
    uint32_t seen[4 * 7];
    size_t n = 0;

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (size_t p = 0; p < 7; p++) {
            dp_rng rng;
            dp_rng_start(&rng, keys[k], places[p][0], places[p][1]);
            seen[n] = dp_rng_u32(&rng);
            for (size_t i = 0; i < n; i++)
                assert_int_not_equal(seen[i], seen[n]);
            n++;
        }
    }
}

static void below_is_uniform(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, 1, 0, 0);
    for (uint32_t n = 1; n < 20; n++) {
        int count[20] = {0};
        for (int i = 0; i < 20000; i++) {
            const uint32_t v = dp_rng_below(&rng, n);
            assert_true(v < n);
            count[v]++;
        }
        for (uint32_t v = 0; v < n;
             v++) /* 6 standard deviations of a fixed seed: no chance is left */
            assert_true(abs(count[v] - (int)(20000 / n)) < 6 * 142);
    }
}

/* n just above 2^31 rejects about half of all words: values stay below and none is skipped. */
static void below_rejects(void **state)
{
    const uint32_t n = 0x80000001u;
    uint32_t words = 0;
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, 7, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(dp_rng_below(&rng, n) < n);
    words = 4 * (rng.counter[0] - 1) + rng.used;
    assert_true(words > 1800 && words < 2200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(places_differ),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(below_rejects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
