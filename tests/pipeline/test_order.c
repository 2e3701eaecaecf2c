/* test_order.c - the index plane against lists that are really built
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/random/rng.h"
#include "tests/support/test.h"

/* ---- a naive model: every epoch of a stage as a list of groups of record numbers ---- */

#define MOST 4000

typedef struct list {
    int32_t *record, *group;
    size_t n;
} list; /* group = number of its batch */

static void append(list *l, int32_t record, int32_t group)
{
    assert_true(l->n < MOST);
    l->record[l->n] = record;
    l->group[l->n++] = group;
}

typedef struct stage {
    char name[16];
    int64_t count, start; /* start: of skip */
    bool drop;
    uint32_t use;
} stage;

static list new_list(void)
{
    return (list){malloc(MOST * sizeof(int32_t)), malloc(MOST * sizeof(int32_t)), 0};
}

static void free_list(list *l)
{
    free(l->record);
    free(l->group);
}

/* Positions of an epoch: rows before batch, groups after. */
static size_t n_groups(const list *l) { return l->n == 0 ? 0 : (size_t)l->group[l->n - 1] + 1; }

static void copy_group(const list *from, size_t g, list *to, int32_t as)
{
    for (size_t i = 0; i < from->n; i++) {
        if ((size_t)from->group[i] == g)
            append(to, from->record[i], as);
    }
}

static list build(const stage *s, int n, int records, uint64_t epoch)
{
    list out = new_list(), below;

    if (n == 0) {
        for (int i = 0; i < records; i++)
            append(&out, i, i);
        return out;
    }
    s += n - 1;
    if (strcmp(s->name, "repeat") == 0) {
        for (int64_t k = 0; k < s->count; k++) {
            const int32_t first = (int32_t)n_groups(&out);
            below = build(s - n + 1, n - 1, records, epoch * (uint64_t)s->count + (uint64_t)k);
            for (size_t i = 0; i < below.n; i++)
                append(&out, below.record[i], first + below.group[i]);
            free_list(&below);
        }
        return out;
    }
    below = build(s - n + 1, n - 1, records, epoch);
    if (strcmp(s->name, "batch") == 0) {
        for (size_t i = 0; i < below.n; i++) {
            if (!s->drop || i / (size_t)s->count < below.n / (size_t)s->count)
                append(&out, below.record[i], (int32_t)(i / (size_t)s->count));
        }
    } else if (strcmp(s->name, "shuffle") == 0) {
        const size_t groups = n_groups(&below);
        size_t *order = malloc((groups + 1) * sizeof *order);
        dp_rng rng;
        dp_rng_start(&rng, dp_rng_key(1, "shuffle", s->use), epoch, 0);
        for (size_t i = 0; i < groups; i++)
            order[i] = i;
        for (size_t i = groups; i > 1; i--) {
            const size_t j = dp_rng_below(&rng, (uint32_t)i), kept = order[i - 1];
            order[i - 1] = order[j];
            order[j] = kept;
        }
        for (size_t i = 0; i < groups; i++)
            copy_group(&below, order[i], &out, (int32_t)i);
        free(order);
    } else {
        int32_t kept = 0;
        for (size_t g = 0; g < n_groups(&below); g++) {
            if (strcmp(s->name, "skip") == 0 &&
                (g < (size_t)s->start || g >= (size_t)(s->start + s->count)))
                copy_group(&below, g, &out, kept++);
            if (strcmp(s->name, "take") == 0 && (s->count < 0 || g < (size_t)s->count))
                copy_group(&below, g, &out, (int32_t)g);
        }
    }
    free_list(&below);
    return out;
}

static void print_stage(const stage *s, char *out, size_t size)
{
    const size_t n = strlen(out);
    if (strcmp(s->name, "batch") == 0)
        snprintf(out + n, size - n, " | batch batch_size=%lld drop_remainder=%s",
                 (long long)s->count, s->drop ? "true" : "false");
    else if (strcmp(s->name, "shuffle") == 0)
        snprintf(out + n, size - n, " | shuffle");
    else
        snprintf(out + n, size - n, " | %s count=%lld", s->name, (long long)s->count);
    if (s->start != 0)
        snprintf(out + strlen(out), size - strlen(out), " start_index=%lld", (long long)s->start);
}

static int random_stages(dp_rng *rng, stage *s)
{
    static const char *const names[] = {"skip", "take", "repeat", "shuffle", "batch"};
    const int n = (int)dp_rng_below(rng, 7);
    bool batched = false;
    uint32_t shuffles = 0;

    for (int i = 0; i < n; i++) {
        const char *name = names[dp_rng_below(rng, batched ? 4 : 5)];
        snprintf(s[i].name, sizeof s[i].name, "%s", name);
        s[i].count = (int64_t)dp_rng_below(rng, 9) + (strcmp(name, "skip") != 0);
        s[i].start = strcmp(name, "skip") == 0 ? (int64_t)dp_rng_below(rng, 30) - 15 : 0;
        s[i].start = s[i].start < 0 ? 0 : s[i].start;
        s[i].drop = dp_rng_below(rng, 2);
        if (strcmp(name, "repeat") == 0)
            s[i].count = 1 + s[i].count % 3;
        if (strcmp(name, "take") == 0)
            s[i].count = s[i].count == 9 ? -1 : 3 * s[i].count;
        s[i].use = strcmp(name, "shuffle") == 0 ? shuffles++ : 0;
        batched = batched || strcmp(name, "batch") == 0;
    }
    return n;
}

/* Where skip begins lies within what is below it. */
static void fit(stage *s, int n, int records)
{
    for (int i = 0; i < n; i++) {
        list below;
        if (s[i].start == 0)
            continue;
        below = build(s, i, records, 0);
        s[i].start = n_groups(&below) == 0 ? 0 : s[i].start % (int64_t)n_groups(&below);
        free_list(&below);
    }
}

static void compare(const char *spec, const list *model, bool from_the_end)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    const uint64_t groups = n_groups(model);
    dp_batch *b = NULL;

    if (dp_length(p) != groups)
        fail_msg("%s: length %llu, not %llu", spec, (unsigned long long)dp_length(p),
                 (unsigned long long)groups);
    for (uint64_t g = 0; g < groups; g++) {
        const uint64_t at = from_the_end ? groups - 1 - g : g;
        size_t i = 0, n = 0;
        const dp_tensor *id;
        if (from_the_end)
            assert_ok(dp_seek(p, at, &test_error));
        assert_ok(dp_next(p, &b, &test_error));
        id = dp_batch_get(b, "id");
        while ((uint64_t)model->group[i] != at)
            i++;
        while (i + n < model->n && (uint64_t)model->group[i + n] == at) {
            if (((const int64_t *)id->data)[n] != model->record[i + n])
                fail_msg("%s: batch %llu row %zu is %lld, not %d", spec, (unsigned long long)at, n,
                         (long long)((const int64_t *)id->data)[n], model->record[i + n]);
            n++;
        }
        assert_int_equal(id->rank == 0 ? 1 : id->shape[0], n);
    }
    if (!from_the_end)
        assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
}

static void random_nestings(void **state)
{
    const uint64_t seed = test_seed();

    (void)state;
    for (uint64_t round = 0; round < 400; round++) {
        char spec[1024];
        stage s[8] = {{.name = ""}};
        dp_rng rng;
        list model;
        int n, records;
        dp_rng_start(&rng, seed, 0, round);
        records = 1 + (int)dp_rng_below(&rng, 30);
        n = random_stages(&rng, s);
        fit(s, n, records);
        snprintf(spec, sizeof spec, "synthetic num_records=%d", records);
        for (int i = 0; i < n; i++)
            print_stage(&s[i], spec, sizeof spec);
        model = build(s, n, records, 0);
        compare(spec, &model, false);
        compare(spec, &model, true);
        free_list(&model);
    }
}

static void shuffle_is_uniform_and_changes(void **state)
{
    dp_pipeline *p = test_open(
        "synthetic num_records=4 | shuffle | batch batch_size=4 | repeat count=2400", 1, 0);
    int count[256] = {0}, same = 0, last = -1;
    dp_batch *b = NULL;

    (void)state;
    while (dp_next(p, &b, &test_error) == DP_OK) {
        const int64_t *id = dp_batch_get(b, "id")->data;
        const int order = (int)(id[0] * 64 + id[1] * 16 + id[2] * 4 + id[3]);
        count[order]++;
        same += order == last;
        last = order;
    }
    for (int i = 0; i < 256; i++)
        assert_true(count[i] == 0 ||
                    (count[i] > 50 && count[i] < 150)); /* 24 orders, 100 expected each */
    assert_in_range(same, 50, 150);
    dp_close(p);
}

/* A shuffle above a repeat of a shuffle keeps as many tables as it can ask for. */
static void nested_shuffles(void **state)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p = test_open(
        "synthetic num_records=1000 | shuffle | repeat count=64 | shuffle | batch batch_size=64000",
        1, 0);
    dp_batch *b = NULL;
    int count[1000] = {0};

    (void)state;
    assert_ok(dp_next(p, &b, &test_error));
    for (int i = 0; i < 64000; i++)
        count[((const int64_t *)dp_batch_get(b, "id")->data)[i]]++;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(count[i], 64);
    dp_close(p);
    assert_int_equal(
        dp_open(&p, "synthetic | shuffle | repeat count=65 | shuffle", 1, &options, &test_error),
        DP_ELIMIT);
}

static void read_records(const char *spec, int64_t *records, size_t n)
{
    dp_pipeline *p = test_open(spec, 5, 0);
    size_t n_rows, n_readers;

    for (size_t i = 0; i < n; i++)
        assert_ok(dp_records(p, i, records + i, 1, &n_rows, &n_readers, &test_error));
    dp_close(p);
}

/* The order of epoch 0, in every epoch. */
static void one_order_for_all_epochs(void **state)
{
    static const char *const stages[] = {
        "shuffle",
        "shuffle buffer_size=4",
        "shuffle block=3 window=2",
        "shuffle order=numpy",
        "shuffle order=mindspore",
        "shuffle order=grain",
        "shuffle order=tf_index_shuffle rule=second:7",
        "random_sampler order=torch",
        "distributed_sampler num_shards=1 shard_id=0",
        "subset_random_sampler indices=0,1,2,3,4,5,6,7,8,9,10,11",
        "weighted_random_sampler weights=1,2,3,4,5,6,7,8,9,10,11,12",
        "pk_sampler num_val=2 num_samples=12 shuffle=true",
    };

    (void)state;
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
        int64_t once[36], anew[36];
        char spec[200];
        snprintf(spec, sizeof spec, "range count=12 | %s | repeat count=3", stages[s]);
        read_records(spec, anew, 36);
        snprintf(spec, sizeof spec,
                 "range count=12 | %s reshuffle_each_epoch=false | repeat count=3", stages[s]);
        read_records(spec, once, 36);
        for (int e = 0; e < 3; e++)
            assert_memory_equal(once + 12 * e, anew, 12 * sizeof *once);
        assert_memory_not_equal(anew + 12, anew, 12 * sizeof *once);
    }
}

/* Shards that leave the last rows of the common order out, not ones that repeat its first. */
static void shards_without_the_last_rows(void **state)
{
    int64_t all[11], shard[3];

    (void)state;
    read_records("range count=11 | distributed_sampler num_shards=1 shard_id=0", all, 11);
    for (int id = 0; id < 4; id++) {
        char spec[200];
        snprintf(spec, sizeof spec,
                 "range count=11 | distributed_sampler num_shards=4 shard_id=%d drop_last=true",
                 id);
        dp_pipeline *p = test_open(spec, 5, 0);
        assert_int_equal(dp_length(p), 2);
        dp_close(p);
        read_records(spec, shard, 2);
        for (int i = 0; i < 2; i++)
            assert_int_equal(shard[i], all[4 * i + id]);
    }
}

static void fill_fold(const char *words, int fold, const char *part, int64_t *out, size_t *n)
{
    char spec[200];

    snprintf(spec, sizeof spec, "range count=23 | kfold folds=4 fold=%d part=%s %s", fold, part,
             words);
    dp_pipeline *p = test_open(spec, 5, 0);
    *n = (size_t)dp_length(p);
    dp_close(p);
    read_records(spec, out, *n);
}

/* Every row is held out once, and in training otherwise; rows come in their order. */
static void folds_are_parts(void **state)
{
    static const char *const words[] = {"randomize=false", "", "repetition=2", "order=sklearn"};

    (void)state;
    for (size_t w = 0; w < 4; w++) {
        int held_out[23] = {0};
        for (int fold = 0; fold < 4; fold++) {
            int64_t train[23], test[23];
            size_t n_train, n_test, at = 0;
            fill_fold(words[w], fold, "train", train, &n_train);
            fill_fold(words[w], fold, "test", test, &n_test);
            assert_int_equal(n_test, fold < 3 ? 6 : 5);
            assert_int_equal(n_train + n_test, 23);
            for (size_t i = 0; i < n_test; i++)
                held_out[test[i]]++;
            for (int64_t row = 0, k = 0; row < 23; row++) {
                if (k < (int64_t)n_test && test[k] == row)
                    k++;
                else
                    assert_int_equal(train[at++], row);
            }
        }
        for (int row = 0; row < 23; row++)
            assert_int_equal(held_out[row], 1);
    }
}

/* Rows of range have labels 0 to 9: three or two rows each. */
static void groups_stay_together(void **state)
{
    static const char *const words[] = {"group_column=label", "group_column=label repetition=2",
                                        "group_column=label randomize=false",
                                        "group_column=label order=sklearn"};

    (void)state;
    for (size_t w = 0; w < 4; w++) {
        int fold_of[10] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}, rows = 0;
        for (int fold = 0; fold < 4; fold++) {
            int64_t test[23];
            size_t n;
            fill_fold(words[w], fold, "test", test, &n);
            rows += (int)n;
            assert_true(w != 2 || n == (size_t)(fold == 0 ? 7 : fold == 3 ? 6 : 5));
            for (size_t i = 0; i < n; i++) {
                int *const own = &fold_of[test[i] % 10];
                assert_true(*own == -1 || *own == fold);
                *own = fold;
            }
        }
        assert_int_equal(rows, 23);
    }
}

static void far_positions(void **state)
{
    dp_pipeline *p =
        test_open("synthetic num_records=1000000000000 | batch batch_size=2 | repeat", 1, 0);
    dp_batch *b = NULL;

    (void)state;
    assert_true(dp_length(p) == UINT64_MAX);
    assert_ok(dp_seek(p, (uint64_t)140737488355327 - 1, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_seek(p, (uint64_t)1 << 48, &test_error), DP_ELIMIT);
    assert_int_equal(dp_skip(p, UINT64_MAX, &test_error), DP_EINVAL);
    dp_close(p);
    b = NULL;
    p = test_open("synthetic num_records=10 | batch batch_size=3", 1, 0);
    assert_ok(dp_seek(p, 4, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    assert_int_equal(dp_seek(p, 5, &test_error), DP_EINVAL);
    assert_int_equal(dp_tell(p), 4);
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_nestings),
        cmocka_unit_test(shuffle_is_uniform_and_changes),
        cmocka_unit_test(nested_shuffles),
        cmocka_unit_test(one_order_for_all_epochs),
        cmocka_unit_test(shards_without_the_last_rows),
        cmocka_unit_test(folds_are_parts),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(far_positions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
