/* test_libraries.c - what stages rely on, of every library's row: a new one is tested by being
 * there
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "libraries/library.h"
#include "tests/support/test.h"

#define SEED 7

typedef const void *thing_of(const dp_library *);
#define THING(thing)                                                                               \
    static const void *thing##_of(const dp_library *l) { return l->thing; }
THING(shuffle)
THING(buffer)
THING(blocks)
THING(sample)
THING(distribute)
THING(subset)
THING(split)
THING(weighted)
THING(classes)
THING(draws)
THING(weights)
THING(folds)
THING(defaults)

static const struct {
    const char *words;
    thing_of *of;
} things[] = {{dp_words_shuffle, shuffle_of},       {dp_words_sample, sample_of},
              {dp_words_distribute, distribute_of}, {dp_words_subset, subset_of},
              {dp_words_split, split_of},           {dp_words_weighted, weighted_of},
              {dp_words_classes, classes_of},       {dp_words_draws, draws_of},
              {dp_words_weights, weights_of},       {dp_words_folds, folds_of},
              {dp_words_defaults, defaults_of}};
static thing_of *const schemes[] = {shuffle_of,    buffer_of, blocks_of, sample_of,
                                    distribute_of, subset_of, split_of,  folds_of};
static thing_of *const dice[] = {weighted_of, classes_of};

/* The words of a thing are those of the libraries that have it, in their order. */
static void words(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof things / sizeof *things; t++) {
        char expected[1000] = "";
        int32_t n = 0;
        for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
            if (things[t].of(*l) == NULL)
                continue;
            snprintf(expected + strlen(expected), sizeof expected - strlen(expected), ",%s",
                     (*l)->word);
            assert_ptr_equal(dp_library_of(things[t].words, n++), *l);
        }
        assert_string_equal(things[t].words, expected);
        if (things[t].of != defaults_of) /* what native begins with is what the text says */
            assert_ptr_equal(dp_library_of(things[t].words, 0), &dp_library_native);
    }
}

static bool has_buffer(const dp_library *l) { return l->buffer != NULL; }

static void who(void **state)
{
    (void)state;
    assert_memory_equal(dp_library_who(has_buffer).words, "native,mindspore,datasets,", 26);
}

/* An epoch of a scheme, behind the one that was made last, into table[0 .. 20 - 1]; that one lies
 * elsewhere, or is made over. */
static void make(const dp_scheme *scheme, dp_ask *ask, uint64_t epoch, uint32_t *table)
{
    ask->epoch = epoch;
    if (table != ask->before)
        memset(table, 0xEE, 20 * sizeof *table);
    scheme->make(ask, table);
    ask->before = table;
}

static void check_rows(const dp_library *l, const dp_ask *ask, const uint32_t *table)
{
    bool seen[12] = {false};

    for (uint64_t i = 0; i < ask->count; i++) {
        if (table[i] >= ask->rows || (seen[table[i]] && !ask->replacement))
            fail_msg("%s: row %u at place %u", l->word, table[i], (unsigned)i);
        seen[table[i]] = true;
    }
    for (uint64_t i = ask->rows > ask->count ? ask->rows : ask->count; i < 20; i++)
        assert_int_equal(table[i], 0xEEEEEEEE);
}

/* Epochs 0 to 3, again from epoch 0 on, and epoch 3 alone where that is promised. */
static void check_scheme(const dp_library *l, const dp_scheme *scheme, dp_ask ask)
{
    _Alignas(8) uint32_t order[12 * 15 + 1024], first[4][20], again[20];
    char *generator = calloc(1, l->generator), *fresh = calloc(1, l->generator);

    assert_non_null(generator);
    assert_non_null(fresh);
    assert_in_range(scheme->keeps + scheme->holds, 0, 15);
    assert_in_range(scheme->beside, 0, 1024);
    ask.order = scheme->keeps + scheme->holds > 0 ? order : NULL;
    ask.generator = generator;
    if (scheme->check != NULL)
        assert_ok(scheme->check(&ask, &test_error));
    for (uint64_t e = 0; e < 4; e++) {
        make(scheme, &ask, e, first[e]);
        check_rows(l, &ask, first[e]);
    }
    for (uint64_t e = 0; e < 4; e++) {
        make(scheme, &ask, e, again);
        assert_memory_equal(first[e], again, ask.count * sizeof *again);
    }
    ask.generator = fresh;
    if (!scheme->in_turn) {
        make(scheme, &ask, 3, again);
        assert_memory_equal(first[3], again, ask.count * sizeof *again);
    }
    free(fresh);
    free(generator);
}

static void every_scheme(void **state)
{
    int checked = 0;

    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        for (size_t s = 0; s < sizeof schemes / sizeof *schemes; s++) {
            const dp_scheme *scheme = schemes[s](*l);
            dp_ask ask = {.seed = SEED, .key = 99, .rows = 12, .count = 12};
            if (*l == &dp_library_streaming || *l == &dp_library_litdata) /* that need a rule */
                ask.rule[*l == &dp_library_litdata ? 0 : 5] = (dp_rule){true, 5};
            if (scheme == NULL || (scheme->at != NULL && scheme->tabled < 12))
                continue;
            ask.buffer = schemes[s] == buffer_of ? 5 : 0;
            ask.kept = schemes[s] == buffer_of ? 5 : 12;
            check_scheme(*l, scheme, ask);
            checked++;
            ask.count = 7;
            if (schemes[s] == sample_of)
                check_scheme(*l, scheme, ask);
            ask.replacement = true;
            ask.count = 18;
            if (schemes[s] == sample_of &&
                (scheme->check == NULL || scheme->check(&ask, NULL) == 0))
                check_scheme(*l, scheme, ask);
        }
    }
    assert_true(checked >= 17);
}

static void check_computed(const dp_library *l, const dp_scheme *scheme)
{
    dp_ask ask = {.seed = SEED, .key = 99, .rows = 12, .count = 12, .block = 5, .window = 2};
    uint32_t table[2][20];

    ask.generator = calloc(2, l->generator);
    assert_non_null(ask.generator);
    memset(table, 0xEE, sizeof table);
    for (uint64_t i = 0; i < 24; i++) {
        ask.epoch = i / 12;
        table[ask.epoch][i % 12] = (uint32_t)scheme->at(&ask, i % 12);
    }
    check_rows(l, &ask, table[0]);
    check_rows(l, &ask, table[1]);
    assert_memory_not_equal(table[0], table[1], sizeof *table);
    for (uint64_t i = 24; i-- > 0;) {
        ask.epoch = i % 2;
        assert_int_equal(scheme->at(&ask, i / 2), table[ask.epoch][i / 2]);
    }
    free(ask.generator);
}

/* Rows that are computed: in any order of places and epochs. */
static void computed_rows(void **state)
{
    int checked = 0;

    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        for (size_t s = 0; s < sizeof schemes / sizeof *schemes; s++) {
            const dp_scheme *scheme = schemes[s](*l);
            if (scheme != NULL && scheme->at != NULL)
                check_computed(*l, scheme), checked++;
        }
    }
    assert_true(checked >= 2);
}

static void roll(const dp_dice *d, dp_ask *ask, uint64_t epoch, double out[16])
{
    ask->epoch = epoch;
    d->begin(ask);
    for (int i = 0; i < 8; i++) {
        const uint32_t below = d->below != NULL ? d->below(ask->generator, 5) : 0;
        const double u = d->uniform != NULL ? d->uniform(ask->generator) : 0;
        assert_true(below < 5 && u >= 0 && u < 1);
        out[i] = below + u;
        out[8 + i] = ask->order == NULL || i > 3 ? 0 : ask->order[i];
    }
}

static void every_dice(void **state)
{
    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        for (size_t s = 0; s < 2; s++) {
            const dp_dice *d = dice[s](*l);
            uint32_t classes[4] = {0, 1, 2, 3};
            dp_ask ask = {.seed = SEED, .key = 99, .rows = 4};
            double first[16], again[16];
            if (d == NULL)
                continue;
            assert_true((dice[s] == weighted_of ? d->uniform != NULL : d->below != NULL));
            ask.order = dice[s] == classes_of ? classes : NULL;
            ask.generator = calloc(2, (*l)->generator);
            assert_non_null(ask.generator);
            for (uint64_t e = 0; e <= 2; e++)
                roll(d, &ask, e, first);
            for (uint64_t e = 0; e <= 2; e++)
                roll(d, &ask, e, again);
            assert_memory_equal(first, again, sizeof first);
            if (!d->in_turn)
                roll(d, &ask, 2, again);
            assert_memory_equal(first, again, sizeof first);
            free(ask.generator);
        }
    }
}

static void every_drawing(void **state)
{
    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        const dp_drawing *d = (*l)->draws;
        if (d != NULL)
            assert_true(d->keyed == (d->seed == NULL) && d->keyed == (d->turn == NULL));
    }
}

/* Elements do not depend on the blocks in which they are filled. */
static void every_weights(void **state)
{
    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        const dp_weights *w = (*l)->weights;
        const dp_truncated_normal d = {1, 0, -2, 2};
        dp_init_source source = {.library = *l, .seed = 3}, later;
        float whole[24], parts[24];
        if (w == NULL)
            continue;
        if (w->in_turn) { /* whole, of the generator that the layers drew of */
            assert_true((*l)->defaults->always && w->has != NULL && w->begin == NULL);
            continue;
        }
        dp_rng_start(&source.rng, 99, 0, 0);
        later = source;
        later.rng.counter[0] += 2;
        for (int kind = 0; kind < 3; kind++) {
            for (int part = 0; part < 3; part++) {
                const dp_init_source *from = part == 2 ? &later : &source;
                float *out = part == 0 ? whole : part == 1 ? parts : parts + 8;
                const int64_t first = part == 2 ? 8 : 0, n = part == 0 ? 24 : part == 1 ? 8 : 16;
                if (kind == 0)
                    w->normal(from, 0.5, 1, first, n, out);
                else if (kind == 1)
                    w->truncated_normal(from, &d, first, n, out);
                else
                    w->uniform(from, 0.5, first, n, out);
            }
            assert_memory_equal(whole, parts, sizeof whole);
            for (int i = 0; i < 24; i++)
                assert_true(whole[i] >= (kind < 2 ? -2 : -0.5f) &&
                            whole[i] <= (kind == 0   ? 4
                                         : kind == 1 ? 2
                                                     : 0.5f));
        }
    }
}

static bool has_rows(const test_lines *lines, const char *order, const char *size)
{
    char word[64];

    snprintf(word, sizeof word, " order=%s ", order);
    for (size_t i = 0; i < lines->n; i++) {
        if (strstr(lines->line[i], size) != NULL && strstr(lines->line[i], word) != NULL)
            return true;
    }
    return false;
}

/* The real library's rows, or what it raises, of many numbers of rows.  No rows: LitData writes no
 * such data set, llm.c no such shard, and there is no index to shuffle. */
static void sizes_of_golden_orders(void **state)
{
    static const char *const sizes[] = {
        "=1 | skip count=1 | ", "=1 | shuffle", "=2 | ", "=31 | ", "=50000 | ", "=65537 | "};
    test_lines lines = test_lines_read("library_orders.txt");

    (void)state;
    for (const dp_library *const *l = dp_libraries; *l != NULL; l++) {
        const bool some = *l == &dp_library_litdata || *l == &dp_library_llmc ||
                          *l == &dp_library_tf_index_shuffle;
        if ((*l)->shuffle == NULL || *l == &dp_library_native || *l == &dp_library_mindspore)
            continue; /* native has digests, MindSpore mindspore_orders.txt */
        for (size_t s = some ? 1 : 0; s < sizeof sizes / sizeof *sizes; s++) {
            if (!has_rows(&lines, (*l)->word, sizes[s]))
                fail_msg("library_orders.txt: order=%s has no line of 'count%s'", (*l)->word,
                         sizes[s]);
        }
    }
    test_lines_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),         cmocka_unit_test(who),
        cmocka_unit_test(every_scheme),  cmocka_unit_test(computed_rows),
        cmocka_unit_test(every_dice),    cmocka_unit_test(every_drawing),
        cmocka_unit_test(every_weights), cmocka_unit_test(sizes_of_golden_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
