/* test_misuse.c - every public call with every bad argument: a status or nothing, never a signal
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A row for each call of include/; one that has none fails the test.
 */
#include <dirent.h>
#include <stdlib.h>

#include "detpipe_ledger.h"
#include "detpipe_mpi.h"
#include "detpipe_ops.h"
#include "detpipe_snapshot.h"
#include "tests/support/test.h"
#undef skip /* cmocka's */

#define STREAM "synthetic num_records=8 | rescale rescale=1/255 | hwc2chw | batch batch_size=4"
#define NET                                                                                        \
    "flatten | dense out_channels=10 | softmax_cross_entropy | sgd "                               \
    "learning_rate=0.1"

/* DP_EINVAL with words, and without a dp_error likewise. */
#define REFUSED_AS(expected, call, ...)                                                            \
    do {                                                                                           \
        test_error = (dp_error){0};                                                                \
        assert_int_equal(call(__VA_ARGS__, &test_error), expected);                                \
        assert_int_equal(test_error.status, expected);                                             \
        assert_true(strlen(test_error.message) > 10);                                              \
        assert_int_equal(call(__VA_ARGS__, NULL), expected);                                       \
    } while (0)
#define REFUSED(call, ...) REFUSED_AS(DP_EINVAL, call, __VA_ARGS__)

static const uint8_t zeros[16];
#define ASSERT_ZEROS(digest) assert_memory_equal(digest, zeros, 16)

/* What the rows work on: sound handles, and structs that are not. */
typedef struct fixture {
    char folder[256], path[300];
    dp_pipeline *p, *other;
    dp_batch *batch;
    dp_net *net;
    dp_ledger *ledger;
    const dp_tensor *x, *y;
    uint8_t digest[16];
} fixture;

static fixture f;

static float numbers[64];

/* Types that are none; with what the message must say. */
static const struct {
    dp_tensor t;
    const char *says;
} no_types[] = {
    {{numbers, (dp_dtype)0, 1, {4}}, "dtype 0"},
    {{numbers, (dp_dtype)99, 1, {4}}, "dtype 99"},
    {{numbers, (dp_dtype)-1, 1, {4}}, "dtype"},
    {{numbers, DP_F32, -1, {4}}, "rank -1"},
    {{numbers, DP_F32, 99, {4}}, "rank 99"},
    {{numbers, DP_F32, INT32_MAX, {4}}, "rank"},
    {{numbers, DP_F32, 1, {-4}}, "[-4]"},
    {{numbers, DP_F32, 2, {-1, INT64_MAX}}, "-1"},
    {{numbers, DP_F32, 2, {INT64_MAX, INT64_MAX}}, "9223372036854775807"},
    {{numbers, DP_F64, 2, {(int64_t)1 << 32, (int64_t)1 << 29}}, "4294967296"},
};
#define N_NO_TYPES (sizeof no_types / sizeof no_types[0])
static const dp_tensor no_data = {NULL, DP_F32, 1, {4}};
static const dp_tensor empty = {NULL, DP_F32, 1, {0}};

static void *no_memory(void *ctx, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    return NULL;
}

static void free_nothing(void *ctx, void *ptr, size_t size) { (void)ctx, (void)ptr, (void)size; }

static dp_status begin(void *ctx, uint32_t channel, const dp_transfer *t, size_t n, void **ticket,
                       dp_error *err)
{
    (void)ctx, (void)channel, (void)t, (void)n, (void)ticket, (void)err;
    return DP_EIO;
}

static dp_status finish(void *ctx, void *ticket, uint32_t wait, dp_error *err)
{
    (void)ctx, (void)ticket, (void)wait, (void)err;
    return DP_EIO;
}

static const dp_allocator half_allocators[] = {
    {NULL, NULL, NULL}, {NULL, NULL, free_nothing}, {NULL, no_memory, NULL}};
static const dp_group bad_groups[] = {
    {.size = 0},
    {.size = sizeof(dp_group)},
    {sizeof(dp_group), NULL, 5, 2, begin, finish},
    {sizeof(dp_group), NULL, 2, 2, begin, finish},
    {sizeof(dp_group), NULL, 0, 0, begin, finish},
    {sizeof(dp_group), NULL, 0, 2, NULL, finish},
    {sizeof(dp_group), NULL, 0, 2, begin, NULL},
    {sizeof(dp_group) - 8, NULL, 0, 2, begin, finish},
};
static const dp_group huge_group = {sizeof(dp_group), NULL, 0, UINT32_MAX, begin, finish};

/* Every options that is wrong, to each call that takes some. */
static void bad_options(dp_status (*call)(const dp_options *, dp_error *))
{
    static const size_t sizes[] = {0, 1, 8, 13, sizeof(dp_options) + 4, 1 << 20, SIZE_MAX};
    dp_options o = {.size = sizeof o};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        o = (dp_options){.size = sizes[i]};
        REFUSED(call, &o);
        assert_non_null(strstr(test_error.message, "dp_options.size"));
    }
    for (size_t i = 0; i < 3; i++) {
        o = (dp_options){.size = sizeof o, .alloc = &half_allocators[i]};
        REFUSED(call, &o);
    }
    for (size_t i = 0; i < sizeof bad_groups / sizeof bad_groups[0]; i++) {
        o = (dp_options){.size = sizeof o, .group = &bad_groups[i]};
        REFUSED(call, &o);
        assert_non_null(strstr(test_error.message, "dp_group"));
    }
    o = (dp_options){.size = sizeof o, .group = &huge_group};
    REFUSED_AS(DP_ELIMIT, call, &o);
    o = (dp_options){.size = sizeof o, .threads = UINT32_MAX};
    REFUSED_AS(DP_ELIMIT, call, &o);
    o = (dp_options){.size = sizeof o, .prefetch = UINT32_MAX};
    REFUSED_AS(DP_ELIMIT, call, &o);
    o = (dp_options){.size = sizeof o, .digests = 2};
    REFUSED(call, &o);
    o = (dp_options){.size = sizeof o, .cpu = ""};
    REFUSED(call, &o);
    o.cpu = "z80";
    REFUSED(call, &o);
    assert_non_null(strstr(test_error.message, "dp_options.cpu=z80 is not an instruction set"));
}

/* ---- detpipe_base.h ---- */

static void version(void) { assert_string_equal(dp_version(), DETPIPE_VERSION); }

static void stream_version(void) { assert_int_equal(dp_stream_version(), DP_STREAM_VERSION); }
static void numeric_version(void) { assert_int_equal(dp_numeric_version(), DP_NUMERIC_VERSION); }

static void status_name(void)
{
    assert_string_equal(dp_status_name((dp_status)99), "?");
    assert_string_equal(dp_status_name((dp_status)INT32_MIN), "?");
}

static void dtype_name(void)
{
    assert_string_equal(dp_dtype_name((dp_dtype)0), "?");
    assert_string_equal(dp_dtype_name((dp_dtype)INT32_MIN), "?");
}

static void dtype_size(void)
{
    assert_int_equal(dp_dtype_size((dp_dtype)99), 0);
    assert_int_equal(dp_dtype_size((dp_dtype)-1), 0);
}

static void digest(void)
{
    uint8_t none[16];

    dp_digest(NULL, 0, f.digest);
    dp_digest("", 0, none);
    assert_memory_equal(f.digest, none, 16);
    dp_digest(NULL, 5, f.digest); /* no digest of anything */
    ASSERT_ZEROS(f.digest);
    dp_digest("abc", 3, NULL);
}

static void numeric_check(void) { assert_ok(dp_numeric_check(NULL, NULL)); }

/* ---- detpipe.h ---- */

static dp_status open_with(const dp_options *o, dp_error *err)
{
    dp_pipeline *p = NULL;
    const dp_status status = dp_open(&p, "range count=3", 1, o, err);

    assert_null(p);
    return status;
}

static void open_arrays(void)
{
    dp_array arrays[2] = {{"a", no_data}, {0}};
    const dp_options o = {.size = sizeof o, .arrays = arrays};
    dp_pipeline *p = NULL;

    REFUSED(dp_open, &p, "memory", 1, &o);
    for (size_t i = 0; i < N_NO_TYPES; i++) {
        arrays[0].tensor = no_types[i].t;
        REFUSED(dp_open, &p, "memory", 1, &o);
        assert_non_null(strstr(test_error.message, no_types[i].says));
    }
    arrays[0].tensor = (dp_tensor){numbers, DP_F32, 0, {0}};
    REFUSED(dp_open, &p, "memory", 1, &o);
    arrays[0].tensor = empty;
    assert_ok(dp_open(&p, "memory", 1, &o, &test_error));
    assert_int_equal(dp_length(p), 0);
    dp_close(p);
}

static void open(void)
{
    dp_pipeline *p = NULL;

    REFUSED(dp_open, NULL, "range count=3", 1, NULL);
    REFUSED(dp_open, &p, NULL, 1, NULL);
    REFUSED_AS(DP_ESPEC, dp_open, &p, "", 1, NULL);
    REFUSED_AS(DP_ESPEC, dp_open, &p, "\xFF\xFE", 1, NULL);
    assert_null(p);
    bad_options(open_with);
    open_arrays();
}

static void canonical(void)
{
    char text[200];
    size_t n;

    REFUSED(dp_canonical, NULL, text, sizeof text, &n);
    REFUSED(dp_canonical, "range count=3", text, sizeof text, NULL);
    REFUSED_AS(DP_ELIMIT, dp_canonical, "range count=3", text, 0, &n);
    REFUSED_AS(DP_ESPEC, dp_canonical, "", text, sizeof text, &n);
    assert_ok(dp_canonical("range count=3", NULL, sizeof text, &n, NULL));
}

static void close(void) { dp_close(NULL); }
static void spec(void) { assert_null(dp_spec(NULL)); }

static void fingerprint(void)
{
    memset(f.digest, 1, 16);
    dp_fingerprint(NULL, f.digest);
    ASSERT_ZEROS(f.digest);
    dp_fingerprint(f.p, NULL);
    dp_fingerprint(NULL, NULL);
}

static void output(void)
{
    assert_null(dp_output(NULL, "image"));
    assert_null(dp_output(f.p, NULL));
    assert_null(dp_output(f.p, ""));
    assert_null(dp_output(f.p, "\xFF"));
}

static void output_least(void)
{
    assert_null(dp_output_least(NULL, "image"));
    assert_null(dp_output_least(f.p, NULL));
    assert_null(dp_output_least(f.p, ""));
    assert_null(dp_output_least(f.p, "\xFF"));
}

static void column_name(void)
{
    assert_null(dp_column_name(NULL, 0));
    assert_null(dp_column_name(f.p, SIZE_MAX));
}

static void next(void)
{
    dp_batch *none = NULL, *other = NULL;

    REFUSED(dp_next, NULL, &none);
    REFUSED(dp_next, f.p, NULL);
    assert_ok(dp_next(f.other, &other, &test_error));
    REFUSED(dp_next, f.p, &other);
    assert_non_null(other);
}

static void batch_get(void)
{
    assert_null(dp_batch_get(NULL, "image"));
    assert_null(dp_batch_get(f.batch, NULL));
    assert_null(dp_batch_get(f.batch, "no such column"));
}

static void batch_digest(void)
{
    memset(f.digest, 1, 16);
    dp_batch_digest(NULL, f.digest);
    ASSERT_ZEROS(f.digest);
    dp_batch_digest(f.batch, NULL);
    dp_batch_digest(NULL, NULL);
}

static void tell(void) { assert_int_equal(dp_tell(NULL), 0); }
static void length(void) { assert_int_equal(dp_length(NULL), 0); }

static void records(void)
{
    int64_t rows[8];
    size_t n, readers;

    REFUSED(dp_records, NULL, 0, rows, 8, &n, &readers);
    REFUSED(dp_records, f.p, 0, rows, 8, NULL, &readers);
    REFUSED(dp_records, f.p, 0, rows, 8, &n, NULL);
    REFUSED_AS(DP_ELIMIT, dp_records, f.p, 0, rows, 0, &n, &readers);
    REFUSED_AS(DP_ELIMIT, dp_records, f.p, 0, rows, 3, &n, &readers);
    assert_int_equal(n * readers, 4);
    assert_ok(dp_records(f.p, 0, NULL, 0, &n, &readers, NULL));
    assert_ok(dp_records(f.p, 0, rows, n * readers, &n, &readers, NULL));
    REFUSED(dp_records, f.p, UINT64_MAX, rows, 8, &n, &readers);
}

static void get_info(void)
{
    static const size_t sizes[] = {0, 1, 8, 13, sizeof(dp_info) + 4, 1 << 20, SIZE_MAX};
    dp_info info = {.size = sizeof info};

    REFUSED(dp_get_info, NULL, &info);
    REFUSED(dp_get_info, f.p, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        info.size = sizes[i];
        REFUSED(dp_get_info, f.p, &info);
        assert_non_null(strstr(test_error.message, "dp_info.size"));
    }
}

/* dp_draws and dp_fixed: what does not fit is cut, nothing is "", NULL asks for the size. */
static void row_text(size_t (*get)(dp_pipeline *, uint64_t, size_t, char *, size_t))
{
    char text[8] = "as it is", whole[256];
    dp_pipeline *p = test_open("synthetic num_records=2 | random_crop size=8", 1, 0);
    size_t all;

    assert_int_equal(get(NULL, 0, 0, text, sizeof text), 0);
    assert_int_equal(text[0], '\0');
    assert_int_equal(get(NULL, 0, 0, NULL, 5), 0);
    all = get(p, 0, 0, NULL, 0);
    assert_true(all > 7 && all < sizeof whole);
    assert_int_equal(get(p, 0, 0, NULL, 5), all);
    assert_int_equal(get(p, 0, 0, whole, sizeof whole), all);
    assert_int_equal(get(p, 0, 0, text, sizeof text), all);
    assert_int_equal(strlen(text), sizeof text - 1);
    assert_memory_equal(text, whole, sizeof text - 1);
    assert_int_equal(get(p, 0, SIZE_MAX, text, sizeof text), 0);
    assert_int_equal(text[0], '\0');
    assert_int_equal(get(p, UINT64_MAX, 0, text, sizeof text), 0);
    dp_close(p);
}

static void draws(void) { row_text(dp_draws); }
static void fixed(void) { row_text(dp_fixed); }

static void seek(void)
{
    REFUSED(dp_seek, NULL, 0);
    REFUSED(dp_seek, f.p, UINT64_MAX);
}

static void set_wanted(void) { REFUSED(dp_set_wanted, NULL, NULL, NULL); }

static void skip(void)
{
    REFUSED(dp_skip, NULL, 0);
    REFUSED(dp_skip, f.p, UINT64_MAX);
}

static void get_state(void)
{
    dp_state s;

    REFUSED(dp_get_state, NULL, &s);
    REFUSED(dp_get_state, f.p, NULL);
}

static void set_state(void)
{
    dp_state s = {{0}};

    REFUSED(dp_set_state, NULL, &s);
    REFUSED(dp_set_state, f.p, NULL);
    memset(&s, 0xFF, sizeof s);
    REFUSED_AS(DP_ESTATE, dp_set_state, f.p, &s);
}

static void dataset_digest(void)
{
    REFUSED(dp_dataset_digest, NULL, f.digest);
    REFUSED(dp_dataset_digest, f.p, NULL);
}

static void dataset_stamp(void)
{
    uint64_t stamp;

    REFUSED(dp_dataset_stamp, NULL, &stamp);
    REFUSED(dp_dataset_stamp, f.p, NULL);
}

static void stages(void) { assert_non_null(dp_stages(NULL)); }

static void foreign(void)
{
    const dp_stage_info *const *rows = dp_stages(NULL);
    const dp_stage_info copy = *rows[0];

    assert_null(dp_foreign(NULL));
    assert_null(dp_foreign(&copy));
}

/* ---- detpipe_net.h ---- */

static dp_status net_open_with(const dp_options *o, dp_error *err)
{
    const dp_tensor x = {NULL, DP_F32, 2, {4, 3}};
    dp_net *net = NULL;
    const dp_status status = dp_net_open(&net, NET, 1, &x, o, err);

    assert_null(net);
    return status;
}

static void net_open(void)
{
    const dp_tensor x = {NULL, DP_F32, 2, {4, 3}};
    static const dp_tensor others[] = {{NULL, DP_F32, 0, {0}},    {NULL, DP_F32, 3, {4, 3, 2}},
                                       {NULL, DP_F64, 2, {4, 3}}, {NULL, DP_F32, 2, {0, 3}},
                                       {NULL, DP_F32, 2, {4, 0}}, {NULL, DP_U8, 4, {1, 1, 1, 1}}};
    dp_net *net = NULL;

    REFUSED(dp_net_open, NULL, NET, 1, &x, NULL);
    REFUSED(dp_net_open, &net, NULL, 1, &x, NULL);
    REFUSED(dp_net_open, &net, NET, 1, NULL, NULL);
    REFUSED_AS(DP_ESPEC, dp_net_open, &net, "", 1, &x, NULL);
    for (size_t i = 0; i < N_NO_TYPES; i++) {
        REFUSED(dp_net_open, &net, NET, 1, &no_types[i].t, NULL);
        assert_non_null(strstr(test_error.message, no_types[i].says));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        REFUSED(dp_net_open, &net, NET, 1, &others[i], NULL);
    assert_null(net);
    bad_options(net_open_with);
}

static void net_close(void) { dp_net_close(NULL); }

/* Inputs and labels that are wrong, to step and eval. */
static void net_run(dp_status (*run)(dp_net *, const dp_tensor *, const dp_tensor *,
                                     dp_net_result *, dp_error *))
{
    uint64_t far[4] = {1, 2, (uint64_t)1 << 63, 3};
    const dp_tensor labels = {far, DP_U64, 1, {4}}, none = {NULL, DP_I64, 1, {4}};
    dp_net_result r;

    REFUSED(run, NULL, f.x, f.y, &r);
    REFUSED(run, f.net, NULL, f.y, &r);
    REFUSED(run, f.net, f.x, &none, &r);
    for (size_t i = 0; i < N_NO_TYPES; i++) {
        REFUSED(run, f.net, &no_types[i].t, f.y, &r);
        assert_non_null(strstr(test_error.message, no_types[i].says));
        REFUSED(run, f.net, f.x, &no_types[i].t, &r);
    }
    REFUSED(run, f.net, &no_data, f.y, &r);
    REFUSED(run, f.net, &empty, f.y, &r);
    REFUSED(run, f.net, f.x, &empty, &r);
    REFUSED(run, f.net, f.x, &labels, &r);
    assert_non_null(strstr(test_error.message, "label 9223372036854775808 of sample 2"));
}

static void net_step(void)
{
    REFUSED(dp_net_step, f.net, f.x, NULL, NULL);
    net_run(dp_net_step);
    assert_int_equal(dp_net_tell(f.net), 0);
    assert_ok(dp_net_step(f.net, f.x, f.y, NULL, &test_error)); /* the result may be NULL */
}

static void net_eval(void)
{
    REFUSED(dp_net_eval, f.net, f.x, f.y, NULL);
    net_run(dp_net_eval);
}

static void net_save(void)
{
    REFUSED(dp_net_save, NULL, f.path);
    REFUSED(dp_net_save, f.net, NULL);
    REFUSED_AS(DP_EIO, dp_net_save, f.net, "");
}

static void net_load(void)
{
    REFUSED(dp_net_load, NULL, f.path);
    REFUSED(dp_net_load, f.net, NULL);
    REFUSED_AS(DP_EIO, dp_net_load, f.net, "");
}

static void net_set_note(void)
{
    REFUSED(dp_net_set_note, NULL, "a");
    REFUSED(dp_net_set_note, f.net, NULL);
    REFUSED(dp_net_set_note, f.net, "\"");
}

static void net_note(void) { assert_null(dp_net_note(NULL)); }
static void net_takes(void) { assert_int_equal(dp_net_takes(NULL, 4, 0), 1); }

static void net_tell(void) { assert_int_equal(dp_net_tell(NULL), 0); }

static void net_learning_rate(void)
{
    assert_true(dp_net_learning_rate(NULL, 0) == 0.0);
    assert_true(dp_net_learning_rate(f.net, UINT64_MAX) == 0.1);
}

static void net_spec(void) { assert_null(dp_net_spec(NULL)); }

static void net_parameter(void)
{
    const char *name = "as it was";

    assert_null(dp_net_parameter(NULL, 0, &name));
    assert_null(dp_net_parameter(f.net, SIZE_MAX, &name));
    assert_string_equal(name, "as it was");
    assert_non_null(dp_net_parameter(f.net, 0, NULL));
}

static void net_gradient(void)
{
    assert_null(dp_net_gradient(NULL, 0));
    assert_null(dp_net_gradient(f.net, SIZE_MAX));
}

static void net_layer(void)
{
    dp_tensor t;

    assert_null(dp_net_layer(NULL, 0, &t, &t));
    assert_null(dp_net_layer(f.net, SIZE_MAX, &t, &t));
    assert_non_null(dp_net_layer(f.net, 0, NULL, NULL));
}

static void net_digest(void)
{
    uint8_t other[16];

    memset(f.digest, 1, 16);
    memset(other, 1, 16);
    dp_net_digest(NULL, f.digest, other);
    ASSERT_ZEROS(f.digest);
    ASSERT_ZEROS(other);
    dp_net_digest(NULL, NULL, NULL);
    dp_net_digest(f.net, NULL, NULL);
}

static void net_stages(void) { assert_non_null(dp_net_stages(NULL)); }
static void net_selftest(void) { assert_ok(dp_net_selftest(NULL)); }

static dp_status archive_open_with(const dp_options *o, dp_error *err)
{
    dp_archive *a = NULL;
    return dp_archive_open(&a, TEST_GOLDEN "/ckpt/plain.ckpt", o, err);
}

static void archive_open(void)
{
    dp_archive *a = NULL;

    REFUSED(dp_archive_open, NULL, f.path, NULL);
    REFUSED(dp_archive_open, &a, NULL, NULL);
    REFUSED_AS(DP_EIO, dp_archive_open, &a, "", NULL);
    bad_options(archive_open_with);
}

static void archive_close(void) { dp_archive_close(NULL); }
static void archive_format_name(void) { assert_null(dp_archive_format_name(NULL)); }
static void archive_get(void) { assert_null(dp_archive_get(NULL, 0)); }

static void archive_find(void)
{
    dp_archive *a;

    assert_null(dp_archive_find(NULL, "a"));
    assert_ok(dp_archive_open(&a, TEST_GOLDEN "/ckpt/plain.ckpt", NULL, &test_error));
    assert_null(dp_archive_find(a, NULL));
    assert_null(dp_archive_get(a, SIZE_MAX));
    dp_archive_close(a);
}

static char long_name[600];

/* One tensor of four floats, wrong in one thing; what the message says. */
static const struct {
    dp_named_tensor t;
    const char *says;
} wrong[] = {
#define T .data = (const uint8_t *)numbers
    {{"a", "float32", 1, {4}, T, .count = 4, .size = 12}, "12 bytes are not a float32[4]"},
    {{"a", "float32", 1, {4}, T, .count = 5, .size = 16}, "count is 5, of float32[4]"},
    {{"a", "float32", 1, {-4}, T, .count = 4, .size = 16}, "float32[-4]"},
    {{"a", "float32", 99, {4}, T, .count = 4, .size = 16}, "rank 99"},
    {{"a", "float32", -1, {4}, T, .count = 4, .size = 16}, "rank -1"},
    {{"a", "float32", 2, {INT64_MAX, 4}, T, .count = 4, .size = 16}, "9223372036854775807"},
    {{"", "float32", 1, {4}, T, .count = 4, .size = 16}, "no printable name"},
    {{"a\nb", "float32", 1, {4}, T, .count = 4, .size = 16}, "no printable name"},
    {{"\xFF", "float32", 1, {4}, T, .count = 4, .size = 16}, "no printable name"},
    {{long_name, "float32", 1, {4}, T, .count = 4, .size = 16}, "no printable name"},
    {{NULL, "float32", 1, {4}, T, .count = 4, .size = 16}, "no printable name"},
    {{"a", NULL, 1, {4}, T, .count = 4, .size = 16}, "no type 'NULL'"},
    {{"a", "float33", 1, {4}, T, .count = 4, .size = 16}, "no type 'float33'"},
    {{"a", "float32", 1, {4}, NULL, 4, 16}, "its data is NULL"},
#undef T
};

static void archive_save_wrong(const char *suffix)
{
    char path[400];

    snprintf(path, sizeof path, "%s%s", f.path, suffix);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        REFUSED(dp_archive_save, &wrong[i].t, 1, path);
        if (strstr(test_error.message, wrong[i].says) == NULL)
            fail_msg("%s", test_error.message);
    }
    assert_null(fopen(path, "rb")); /* nothing was written */
}

/* What is saved is read: an empty tensor, a scalar, names of any letters. */
static void archive_save_odd(const char *suffix)
{
    static const char *const names[] = {"a/b", "a\"b\\c", "\xC3\xA4", "a.npy", ".", " "};
    dp_named_tensor t[8];
    dp_archive *a = NULL;
    char path[400];
    size_t n = 0;

    snprintf(path, sizeof path, "%s%s", f.path, suffix);
    for (; n < 6; n++)
        t[n] = (dp_named_tensor){names[n], "float32", 1, {4}, (const uint8_t *)numbers, 4, 16};
    t[n++] = (dp_named_tensor){"empty", "float32", 1, {0}, NULL, 0, 0};
    t[n++] = (dp_named_tensor){"scalar", "uint8", 0, {0}, (const uint8_t *)numbers, 1, 1};
    assert_ok(dp_archive_save(t, n, path, &test_error));
    assert_ok(dp_archive_open(&a, path, NULL, &test_error));
    for (size_t i = 0; i < n; i++) {
        assert_non_null(dp_archive_find(a, t[i].name));
        assert_int_equal(dp_archive_find(a, t[i].name)->size, t[i].size);
    }
    dp_archive_close(a);
    assert_ok(dp_archive_save(NULL, 0, path, &test_error));
    t[1].name = t[0].name;
    REFUSED(dp_archive_save, t, n, path);
    assert_non_null(strstr(test_error.message, "a/b appears twice"));
}

static void archive_save(void)
{
    const dp_named_tensor metadata = {"__metadata__",           "float32", 1, {4},
                                      (const uint8_t *)numbers, 4,         16};
    char path[400];

    memset(long_name, 'a', sizeof long_name - 1);
    snprintf(path, sizeof path, "%s.safetensors", f.path);
    REFUSED(dp_archive_save, NULL, 1, path);
    REFUSED(dp_archive_save, &metadata, 1, NULL);
    REFUSED(dp_archive_save, &metadata, 1, "");
    REFUSED(dp_archive_save, &metadata, 1, "a.ckpt");
    REFUSED(dp_archive_save, &metadata, 1, path);
    archive_save_wrong(".safetensors");
    archive_save_wrong(".npz");
    archive_save_odd(".safetensors");
    archive_save_odd(".npz");
}

/* ---- detpipe_ops.h ---- */

#define OPERATOR "reduce_sum axis=0"
static const dp_tensor op_input = {numbers, DP_F32, 1, {4}};

static dp_status op_open_with(const dp_options *o, dp_error *err)
{
    dp_op *op = NULL;
    return dp_op_open(&op, OPERATOR, DP_FORWARD, &op_input, 1, o, err);
}

static void op_open(void)
{
    dp_op *op = NULL;

    REFUSED(dp_op_open, NULL, OPERATOR, DP_FORWARD, &op_input, 1, NULL);
    REFUSED(dp_op_open, &op, NULL, DP_FORWARD, &op_input, 1, NULL);
    REFUSED(dp_op_open, &op, OPERATOR, (dp_direction)7, &op_input, 1, NULL);
    REFUSED(dp_op_open, &op, OPERATOR, (dp_direction)-1, &op_input, 1, NULL);
    REFUSED(dp_op_open, &op, OPERATOR, DP_FORWARD, NULL, 1, NULL);
    REFUSED(dp_op_open, &op, OPERATOR, DP_FORWARD, &op_input, 0, NULL);
    REFUSED(dp_op_open, &op, OPERATOR, DP_FORWARD, &op_input, SIZE_MAX, NULL);
    REFUSED_AS(DP_ESPEC, dp_op_open, &op, "", DP_FORWARD, &op_input, 1, NULL);
    for (size_t i = 0; i < N_NO_TYPES; i++) {
        REFUSED(dp_op_open, &op, OPERATOR, DP_FORWARD, &no_types[i].t, 1, NULL);
        assert_non_null(strstr(test_error.message, no_types[i].says));
    }
    assert_null(op);
    bad_options(op_open_with);
}

static void op_close(void) { dp_op_close(NULL); }

static void op_run(void)
{
    dp_op *op;

    assert_ok(dp_op_open(&op, OPERATOR, DP_FORWARD, &op_input, 1, NULL, &test_error));
    REFUSED(dp_op_run, NULL, &op_input);
    REFUSED(dp_op_run, op, NULL);
    REFUSED(dp_op_run, op, &no_data);
    REFUSED(dp_op_run, op, &empty);
    for (size_t i = 0; i < N_NO_TYPES; i++)
        REFUSED(dp_op_run, op, &no_types[i].t);
    assert_null(dp_op_output(op, SIZE_MAX));
    dp_op_close(op);
}

static void op_output(void) { assert_null(dp_op_output(NULL, 0)); }
static void ops(void) { assert_non_null(dp_ops(NULL)); }

static dp_status op_example_with(const dp_options *o, dp_error *err)
{
    return dp_op_example(dp_ops(NULL)[0], DP_FORWARD, o, f.digest, err);
}

static void op_example(void)
{
    const dp_op_info foreign = *dp_ops(NULL)[0];

    REFUSED(dp_op_example, NULL, DP_FORWARD, NULL, f.digest);
    REFUSED(dp_op_example, &foreign, DP_FORWARD, NULL, f.digest);
    REFUSED(dp_op_example, dp_ops(NULL)[0], (dp_direction)7, NULL, f.digest);
    REFUSED(dp_op_example, dp_ops(NULL)[0], DP_FORWARD, NULL, NULL);
    bad_options(op_example_with);
}

/* ---- detpipe_group.h ---- */

static void group_check(void)
{
    const dp_group sound = {sizeof sound, NULL, 0, 2, begin, finish};

    assert_ok(dp_group_check(NULL, zeros, "step", &test_error));
    for (size_t i = 0; i < sizeof bad_groups / sizeof bad_groups[0]; i++)
        REFUSED(dp_group_check, &bad_groups[i], zeros, "step");
    REFUSED(dp_group_check, &sound, NULL, "step");
    REFUSED(dp_group_check, &sound, zeros, NULL);
    assert_int_equal(dp_group_check(&sound, zeros, "step", NULL), DP_EIO);
}

static void mpi_open(void) { REFUSED(dp_mpi_open, NULL); }
static void mpi_close(void) { dp_mpi_close(NULL); }
static void mpi_set_timeout(void) { dp_mpi_set_timeout(NULL, 1); }
static void mpi_abort(void) {} /* ends the process, whatever it is given */

/* ---- detpipe_ledger.h ---- */

static dp_status ledger_open_with(const dp_options *o, dp_error *err)
{
    dp_ledger *l = NULL;
    return dp_ledger_open(&l, f.path, "a", o, err);
}

static void ledger_open(void)
{
    static const char *const bad[] = {NULL, "", "a\"b", "a\\b", "a\nb", "\xFF"};
    char about[300], path[400];
    dp_ledger *l = NULL;

    snprintf(path, sizeof path, "%s.other", f.path);
    memset(about, 'a', sizeof about);
    about[256] = '\0';
    REFUSED(dp_ledger_open, NULL, path, "a", NULL);
    REFUSED(dp_ledger_open, &l, NULL, "a", NULL);
    REFUSED(dp_ledger_open, &l, path, about, NULL);
    REFUSED_AS(DP_EIO, dp_ledger_open, &l, "", "a", NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        REFUSED(dp_ledger_open, &l, path, bad[i], NULL);
    assert_null(l);
    bad_options(ledger_open_with);
}

static void ledger_tensor(void)
{
    const dp_tensor t = {numbers, DP_F32, 1, {4}};

    REFUSED(dp_ledger_tensor, NULL, "a", &t);
    REFUSED(dp_ledger_tensor, f.ledger, NULL, &t);
    REFUSED(dp_ledger_tensor, f.ledger, "", &t);
    REFUSED(dp_ledger_tensor, f.ledger, "a\"", &t);
    REFUSED(dp_ledger_tensor, f.ledger, "a", NULL);
    REFUSED(dp_ledger_tensor, f.ledger, "a", &no_data);
    for (size_t i = 0; i < N_NO_TYPES; i++) {
        REFUSED(dp_ledger_tensor, f.ledger, "a", &no_types[i].t);
        assert_non_null(strstr(test_error.message, no_types[i].says));
    }
    assert_ok(dp_ledger_tensor(f.ledger, "none", &empty, &test_error));
    REFUSED(dp_ledger_tensor, f.ledger, "none", &t); /* twice in a step */
}

static void ledger_digest(void)
{
    REFUSED(dp_ledger_digest, NULL, "b", zeros);
    REFUSED(dp_ledger_digest, f.ledger, NULL, zeros);
    REFUSED(dp_ledger_digest, f.ledger, "b", NULL);
}

static void ledger_test(void) { REFUSED(dp_ledger_test, NULL, 0.5); }

static void tensor_digests(void)
{
    const dp_tensor t = {numbers, DP_F32, 1, {4}};
    uint8_t digest[16];

    REFUSED(dp_tensor_digests, NULL, 1, 1, &digest);
    REFUSED(dp_tensor_digests, &t, 1, 1, NULL);
}

static dp_status ledger_read_open_with(const dp_options *o, dp_error *err)
{
    dp_ledger_reader *r = NULL;
    return dp_ledger_read_open(&r, f.path, o, err);
}

static void ledger_read_open(void)
{
    dp_ledger_reader *r = NULL;

    REFUSED(dp_ledger_read_open, NULL, f.path, NULL);
    REFUSED(dp_ledger_read_open, &r, NULL, NULL);
    REFUSED_AS(DP_EIO, dp_ledger_read_open, &r, "", NULL);
    REFUSED_AS(DP_EIO, dp_ledger_read_open, &r, f.folder, NULL);
    REFUSED_AS(DP_ECORRUPT, dp_ledger_read_open, &r, TEST_GOLDEN "/stages.txt", NULL);
    assert_null(r);
    bad_options(ledger_read_open_with);
}

static void ledger_read_next(void)
{
    const dp_ledger_record *record;
    dp_ledger_reader *r = NULL;

    REFUSED(dp_ledger_read_next, NULL, &record);
    assert_ok(dp_ledger_read_open(&r, f.path, NULL, &test_error));
    REFUSED(dp_ledger_read_next, r, NULL);
    assert_int_equal(dp_ledger_read_next(r, &record, NULL), DP_END);
    dp_ledger_read_close(r);
}

static void ledger_read_about(void) { assert_null(dp_ledger_read_about(NULL)); }
static void ledger_read_torn(void) { assert_int_equal(dp_ledger_read_torn(NULL), 0); }
static void ledger_read_close(void) { dp_ledger_read_close(NULL); }

static void ledger_step(void) { REFUSED(dp_ledger_step, NULL, 1, 0.5); }
static void ledger_close(void) { dp_ledger_close(NULL); }

/* ---- detpipe_snapshot.h ---- */

static void snapshot_write(void)
{
    static const size_t sizes[] = {0, 8, 13, sizeof(dp_snapshot_options) + 4, SIZE_MAX};
    dp_snapshot_options o = {.size = sizeof o, .compression = "zip"};

    REFUSED(dp_snapshot_write, NULL, f.path, NULL);
    REFUSED(dp_snapshot_write, f.p, NULL, NULL);
    REFUSED_AS(DP_EIO, dp_snapshot_write, f.p, "", NULL);
    REFUSED(dp_snapshot_write, f.p, f.path, &o);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        o = (dp_snapshot_options){.size = sizes[i]};
        REFUSED(dp_snapshot_write, f.p, f.path, &o);
    }
}

#define SNAPSHOT TEST_GOLDEN "/snapshot/rows.dps"

static dp_status snapshot_open_with(const dp_options *o, dp_error *err)
{
    dp_snapshot *s = NULL;
    return dp_snapshot_open(&s, SNAPSHOT, o, err);
}

static void snapshot_open(void)
{
    dp_snapshot *s = NULL;

    REFUSED(dp_snapshot_open, NULL, SNAPSHOT, NULL);
    REFUSED(dp_snapshot_open, &s, NULL, NULL);
    REFUSED_AS(DP_EIO, dp_snapshot_open, &s, "", NULL);
    bad_options(snapshot_open_with);
}

static void snapshot_close(void) { dp_snapshot_close(NULL); }
static void snapshot_get_info(void) { assert_null(dp_snapshot_get_info(NULL)); }

static void snapshot_check(void)
{
    dp_snapshot_damage damage;
    dp_snapshot *s;

    assert_ok(dp_snapshot_open(&s, SNAPSHOT, NULL, &test_error));
    REFUSED(dp_snapshot_check, NULL, f.p, &damage);
    REFUSED(dp_snapshot_check, s, NULL, NULL);
    REFUSED_AS(DP_ESTATE, dp_snapshot_check, s, f.p, &damage);
    dp_snapshot_close(s);
}

static void snapshot_seal(void)
{
    char digest[65];
    dp_snapshot *s;

    assert_ok(dp_snapshot_open(&s, SNAPSHOT, NULL, &test_error));
    REFUSED(dp_snapshot_seal, NULL, digest);
    REFUSED(dp_snapshot_seal, s, NULL);
    dp_snapshot_close(s);
}

static void snapshot_mirror(void)
{
    dp_snapshot *s;

    assert_ok(dp_snapshot_open(&s, SNAPSHOT, NULL, &test_error));
    REFUSED(dp_snapshot_mirror, NULL, ".", NULL);
    REFUSED(dp_snapshot_mirror, s, NULL, NULL);
    dp_snapshot_close(s);
}

static const struct {
    const char *name;
    void (*misuse)(void);
} rows[] = {
#define ROW(name)                                                                                  \
    {                                                                                              \
        "dp_" #name, name                                                                          \
    }
    ROW(canonical),
    ROW(version),
    ROW(stream_version),
    ROW(numeric_version),
    ROW(status_name),
    ROW(dtype_name),
    ROW(dtype_size),
    ROW(digest),
    ROW(numeric_check),
    ROW(open),
    ROW(close),
    ROW(spec),
    ROW(fingerprint),
    ROW(output),
    ROW(output_least),
    ROW(column_name),
    ROW(next),
    ROW(batch_get),
    ROW(batch_digest),
    ROW(tell),
    ROW(length),
    ROW(records),
    ROW(draws),
    ROW(fixed),
    ROW(get_info),
    ROW(seek),
    ROW(set_wanted),
    ROW(skip),
    ROW(get_state),
    ROW(set_state),
    ROW(dataset_digest),
    ROW(dataset_stamp),
    ROW(stages),
    ROW(foreign),
    ROW(net_open),
    ROW(net_close),
    ROW(net_step),
    ROW(net_eval),
    ROW(net_save),
    ROW(net_load),
    ROW(net_set_note),
    ROW(net_note),
    ROW(net_takes),
    ROW(net_tell),
    ROW(net_spec),
    ROW(net_learning_rate),
    ROW(net_parameter),
    ROW(net_gradient),
    ROW(net_layer),
    ROW(net_digest),
    ROW(net_stages),
    ROW(net_selftest),
    ROW(archive_open),
    ROW(archive_close),
    ROW(archive_get),
    ROW(archive_find),
    ROW(archive_save),
    ROW(archive_format_name),
    ROW(op_open),
    ROW(op_close),
    ROW(op_run),
    ROW(op_output),
    ROW(ops),
    ROW(op_example),
    ROW(group_check),
    ROW(mpi_open),
    ROW(mpi_close),
    ROW(mpi_set_timeout),
    ROW(mpi_abort),
    ROW(ledger_open),
    ROW(ledger_tensor),
    ROW(ledger_digest),
    ROW(tensor_digests),
    ROW(ledger_step),
    ROW(ledger_test),
    ROW(ledger_close),
    ROW(ledger_read_open),
    ROW(ledger_read_next),
    ROW(ledger_read_about),
    ROW(ledger_read_torn),
    ROW(ledger_read_close),
    ROW(snapshot_write),
    ROW(snapshot_open),
    ROW(snapshot_close),
    ROW(snapshot_check),
    ROW(snapshot_mirror),
    ROW(snapshot_seal),
    ROW(snapshot_get_info),
};
#define N_ROWS (sizeof rows / sizeof rows[0])

/* ---- */

static void start(void)
{
    test_folder(f.folder, sizeof f.folder);
    snprintf(f.path, sizeof f.path, "%s/x", f.folder);
    f.p = test_open(STREAM, 1, 0);
    f.other = test_open(STREAM, 1, 0);
    f.batch = NULL;
    assert_ok(dp_next(f.p, &f.batch, &test_error));
    f.x = dp_batch_get(f.batch, "image");
    f.y = dp_batch_get(f.batch, "label");
    assert_ok(dp_net_open(&f.net, NET, 1, f.x, NULL, &test_error));
    assert_ok(dp_ledger_open(&f.ledger, f.path, "a", NULL, &test_error));
}

static void stop(void)
{
    dp_ledger_close(f.ledger);
    dp_net_close(f.net);
    dp_close(f.other);
    dp_close(f.p);
    test_folder_remove(f.folder);
}

static void every_call_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        print_message("%s\n", rows[i].name);
        start();
        rows[i].misuse();
        stop();
    }
}

static bool has_row(const char *name, size_t length)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return true;
    }
    return false;
}

/* "DP_API size_t dp_name(": the first dp_name before a bracket; the number of them. */
static int check_header(const char *path)
{
    char line[400];
    FILE *header = fopen(path, "r");
    int n = 0;

    assert_non_null(header);
    while (fgets(line, sizeof line, header) != NULL) {
        const char *bracket = strchr(line, '('), *name = bracket;
        if ((strncmp(line, "DP_API", 6) != 0 && strncmp(line, "DP_CALL", 7) != 0) || name == NULL)
            continue;
        while (name > line && name[-1] != ' ' && name[-1] != '*')
            name--;
        if (!has_row(name, (size_t)(bracket - name)))
            fail_msg("%.*s of %s has no row here", (int)(bracket - name), name, path);
        n++;
    }
    fclose(header);
    return n;
}

static void every_call_has_a_row(void **state)
{
    DIR *folder = opendir(TEST_GOLDEN "/../../include");
    struct dirent *e;
    char path[1000];
    size_t n = 0;

    (void)state;
    assert_non_null(folder);
    while ((e = readdir(folder)) != NULL) {
        if (strstr(e->d_name, ".h") == NULL)
            continue;
        snprintf(path, sizeof path, TEST_GOLDEN "/../../include/%s", e->d_name);
        n += (size_t)check_header(path);
    }
    closedir(folder);
    assert_int_equal(n, N_ROWS);
}

/* A program that was built with an older or a newer dp_options. */
static void options_of_other_versions(void **state)
{
    const struct {
        dp_options now;
        uint64_t later[2];
    } newer = {{.size = sizeof newer, .threads = 1}, {0, 0}}, knows = {newer.now, {0, 7}};
    dp_options older = {.size = offsetof(dp_options, arrays), .threads = 1};
    dp_pipeline *p;

    (void)state;
    older.arrays = (const dp_array *)(const void *)"behind the older struct";
    older.digests = 99;
    assert_ok(dp_open(&p, "range count=3", 1, &older, &test_error));
    dp_close(p);
    assert_ok(dp_open(&p, "range count=3", 1, &newer.now, &test_error));
    dp_close(p);
    REFUSED(dp_open, &p, "range count=3", 1, &knows.now);
    assert_non_null(strstr(test_error.message, "byte"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_refuses),
        cmocka_unit_test(every_call_has_a_row),
        cmocka_unit_test(options_of_other_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
