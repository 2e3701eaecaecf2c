/* test_tokens.c - tokens: files by those who made the formats, tails, Megatron's order, damage
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "detpipe_snapshot.h"
#include "io/tokens/tokens.h"
#include "tests/support/test.h"

#define GOLDEN TEST_GOLDEN "/tokens"

static char notes[1000];

static void note(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s\n", line);
}

static dp_status open_in(const char *root, dp_pipeline **p, const char *spec, uint32_t threads)
{
    const dp_options options = {.size = sizeof options,
                                .root = root,
                                .threads = threads,
                                .prefetch = threads > 1,
                                .log = note};

    notes[0] = '\0';
    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

static void refused(const char *root, const char *spec, dp_status wanted, const char *why)
{
    dp_pipeline *p;
    const dp_status status = open_in(root, &p, spec, 1);

    if (status != wanted || strstr(test_error.message, why) == NULL)
        fail_msg("%s: %d \"%s\", not \"%s\"", spec, status, test_error.message, why);
}

static const int32_t *column(const dp_batch *b, const char *name)
{
    const dp_tensor *t = dp_batch_get(b, name);

    assert_non_null(t);
    assert_int_equal(t->dtype, DP_I32);
    return t->data;
}

/* Windows of a text whose token i is i * 7919 mod `most`. */
static void check_windows(const char *root, const char *spec, uint64_t n, uint64_t length,
                          uint64_t stride, uint64_t most)
{
    dp_batch *b = NULL;
    dp_pipeline *p;

    assert_ok(open_in(root, &p, spec, 1));
    assert_int_equal(dp_length(p), n);
    for (uint64_t w = 0; w < n; w++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(dp_batch_get(b, "input")->shape[0], length);
        assert_int_equal(*(const int64_t *)dp_batch_get(b, "id")->data, w);
        for (uint64_t i = 0; i < length; i++) {
            assert_int_equal(column(b, "input")[i], (w * stride + i) * 7919 % most);
            assert_int_equal(column(b, "label")[i], (w * stride + i + 1) * 7919 % most);
        }
    }
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
}

/* ---- what is read ---- */

static void layouts(void **state)
{
    static const char *const files[] = {"llmc_1.bin", "llmc_7.bin", "bare.bin", "megatron.idx",
                                        "several.idx"};
    char spec[100];

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(spec, sizeof spec, "tokens length=8 file=%s", files[i]);
        check_windows(GOLDEN, spec, 5, 8, 8, 50257);
        snprintf(spec, sizeof spec, "tokens length=1 vocab_size=50257 file=%s", files[i]);
        check_windows(GOLDEN, spec, 40, 1, 1, 50257);
        snprintf(spec, sizeof spec, "tokens length=7 stride=3 file=%s", files[i]);
        check_windows(GOLDEN, spec, 12, 7, 3, 50257);
        snprintf(spec, sizeof spec, "tokens length=3 stride=9 file=%s", files[i]);
        check_windows(GOLDEN, spec, 5, 3, 9, 50257);
    }
    check_windows(GOLDEN, "tokens length=8 format=llmc file=llmc_7.bin", 5, 8, 8, 50257);
    check_windows(GOLDEN, "tokens length=8 format=bare file=megatron.bin", 5, 8, 8, 50257);
    check_windows(GOLDEN, "tokens length=8 format=megatron file=megatron.idx", 5, 8, 8, 50257);
}

static void every_dtype_of_megatron(void **state)
{
    static const char *const types[] = {"uint8", "int8",    "int16",   "int32",
                                        "int64", "float64", "float32", "uint16"};
    char spec[100];

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        snprintf(spec, sizeof spec, "tokens length=5 vocab_size=120 file=%s.idx", types[i]);
        check_windows(GOLDEN, spec, 2, 5, 5, 120);
    }
}

/* A window of more bytes than are read at once. */
static void long_windows(void **state)
{
    static uint16_t text[40000];

    (void)state;
    for (uint32_t i = 0; i < 40000; i++)
        text[i] = (uint16_t)(i * 7919ull % 50257);
    test_write(test_work, "long.bin", text, sizeof text);
    check_windows(test_work, "tokens file=long.bin length=8191", 4, 8191, 8191, 50257);
    check_windows(test_work, "tokens file=long.bin length=8192", 4, 8192, 8192, 50257);
    check_windows(test_work, "tokens file=long.bin length=39999 tail=refuse", 1, 39999, 39999,
                  50257);
}

/* A window, and each of two parts of one, write what is theirs. */
static void nothing_beyond(void **state)
{
    const dp_tokens_how how = {.format = DP_TOKENS_LLMC, .stay = true};
    int32_t input[10], label[10];
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_opener opener = {.arena = &arena};
    dp_tokens_file f;

    (void)state;
    assert_ok(dp_tokens_open(&f, GOLDEN "/llmc_1.bin", &how, &opener, &test_error));
    for (uint64_t cut = 1; cut <= 9; cut++) {
        dp_tokens_part part = {.n = cut, .length = 8, .input = input + 1, .label = label + 1};
        memset(input, 0xEE, sizeof input);
        memset(label, 0xEE, sizeof label);
        assert_ok(dp_tokens_read(&f, &part, &test_error));
        for (uint64_t i = 0; i < 10; i++) {
            const bool has_input = i >= 1 && i <= (cut < 8 ? cut : 8),
                       has_label = i >= 1 && i < cut;
            assert_true((input[i] != (int32_t)0xEEEEEEEE) == has_input);
            assert_true((label[i] != (int32_t)0xEEEEEEEE) == has_label);
        }
        part.at = part.place = cut;
        part.n = 9 - cut;
        assert_ok(dp_tokens_read(&f, &part, &test_error));
        for (uint64_t i = 0; i < 8; i++) {
            assert_int_equal(input[i + 1], i * 7919 % 50257);
            assert_int_equal(label[i + 1], (i + 1) * 7919 % 50257);
        }
        assert_true(input[0] == label[0] && input[9] == label[9]);
    }
    dp_file_close(&f.file);
    dp_arena_free(&arena);
}

static test_hex digest_of(const char *spec, uint32_t threads)
{
    dp_pipeline *p;
    test_hex out;

    assert_ok(open_in(GOLDEN, &p, spec, threads));
    out = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return out;
}

static test_hex identity_of(const char *file)
{
    uint8_t digest[16];
    char spec[100];
    dp_pipeline *p;

    snprintf(spec, sizeof spec, "tokens length=4 file=%s", file);
    assert_ok(open_in(GOLDEN, &p, spec, 1));
    assert_ok(dp_dataset_digest(p, digest, &test_error));
    dp_close(p);
    return test_hex_of(digest, sizeof digest);
}

static void threads_and_containers(void **state)
{
    static const char ending[] = " length=4 | shuffle | batch batch_size=3 | repeat count=2";
    static const char *const files[] = {"llmc_7.bin", "bare.bin", "several.idx"};
    char spec[200];

    (void)state;
    snprintf(spec, sizeof spec, "tokens file=llmc_1.bin%s", ending);
    assert_string_equal(digest_of("tokens file=llmc_1.bin length=4 | repeat count=3", 1).text,
                        digest_of("tokens file=several.idx length=4 | repeat count=3", 2).text);
    for (uint32_t threads = 2; threads <= 7; threads += 5)
        assert_string_equal(digest_of(spec, 1).text, digest_of(spec, threads).text);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char other[200];
        snprintf(other, sizeof other, "tokens file=%s%s", files[i], ending);
        assert_string_equal(digest_of(spec, 1).text, digest_of(other, 2).text);
        assert_string_equal(identity_of("llmc_1.bin").text, identity_of(files[i]).text);
    }
}

/* A run that goes on from a state or a place, and from a snapshot, has the rows that it had. */
static void states(void **state)
{
    static const char text[] = "tokens file=llmc_1.bin length=4 | shuffle | batch batch_size=3"
                               " | repeat count=3";
    dp_batch *b = NULL;
    dp_pipeline *p, *again;
    dp_state at;
    char path[300];
    test_hex rest, all = digest_of(text, 1);

    (void)state;
    assert_ok(open_in(GOLDEN, &p, text, 1));
    for (int i = 0; i < 5; i++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_ok(dp_get_state(p, &at, &test_error));
    rest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        assert_ok(open_in(GOLDEN, &again, text, threads));
        assert_ok(dp_set_state(again, &at, &test_error));
        assert_string_equal(test_stream_digest(again, UINT64_MAX).text, rest.text);
        assert_ok(dp_seek(again, 5, &test_error));
        assert_string_equal(test_stream_digest(again, UINT64_MAX).text, rest.text);
        dp_close(again);
    }
    assert_ok(open_in(GOLDEN, &p, text, 2));
    snprintf(path, sizeof path, "%s/t.dps", test_work);
    assert_ok(dp_snapshot_write(p, path, NULL, &test_error));
    dp_close(p);
    assert_ok(open_in(test_work, &p, "snapshot file=t.dps batched=true", 2));
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, all.text);
    dp_close(p);
}

/* ---- tails ---- */

static void tails(void **state)
{
    static const struct {
        uint64_t length, windows;
        const char *note;
    } cases[] = {
        {1, 40, ""},
        {5, 8, ""},
        {40, 1, ""},
        {39, 1, "tokens: 1 of 41 tokens, the ends of 1 files, fill no window of 40: left out\n"},
        {3, 13, "tokens: 1 of 41 tokens, the ends of 1 files, fill no window of 4: left out\n"},
        {7, 5, "tokens: 5 of 41 tokens, the ends of 1 files, fill no window of 8: left out\n"},
        {11, 3, "tokens: 7 of 41 tokens, the ends of 1 files, fill no window of 12: left out\n"},
        {21, 1, "tokens: 19 of 41 tokens, the ends of 1 files, fill no window of 22: left out\n"},
    };
    dp_pipeline *p;
    char spec[100];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(spec, sizeof spec, "tokens file=llmc_1.bin length=%d", (int)cases[i].length);
        check_windows(GOLDEN, spec, cases[i].windows, cases[i].length, cases[i].length, 50257);
        assert_string_equal(notes, cases[i].note);
        strcat(spec, " tail=refuse");
        if (cases[i].note[0] == '\0') {
            assert_ok(open_in(GOLDEN, &p, spec, 1));
            dp_close(p);
        } else {
            refused(GOLDEN, spec, DP_ECORRUPT, "of 41 tokens of");
        }
    }
    refused(GOLDEN, "tokens file=llmc_1.bin length=41", DP_ECORRUPT,
            "llmc_1.bin has 41 tokens: fewer than a window of 42");
}

/* Files of a list are one text each: no window runs from one into another. */
static void shards(void **state)
{
    static const uint16_t text[3][7] = {{0, 1, 2, 3, 4, 5, 6}, {7, 8, 9, 10}, {11, 12, 13, 14, 15}};
    static const size_t sizes[3] = {7, 4, 5};
    static const int32_t begins[5] = {0, 3, 7, 11};
    char many[256], parent[256], list[64] = "";
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(many, sizeof many);
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof name, "t_%03d.bin", i);
        test_write(many, name, text[i], sizes[i] * sizeof text[i][0]);
        strcat(strcat(list, name), "\n");
    }
    test_write(many, "list", list, strlen(list));
    for (int l = 0; l < 2; l++) {
        assert_ok(open_in(
            many, &p,
            l == 0 ? "tokens file=t_{000..002}.bin length=3" : "tokens file=@list length=3", 2));
        assert_string_equal(
            notes, "tokens: 1 of 16 tokens, the ends of 3 files, fill no window of 4: left out\n");
        assert_int_equal(dp_length(p), 4);
        for (int w = 0; w < 4; w++) {
            assert_ok(dp_next(p, &b, &test_error));
            assert_int_equal(*(const int64_t *)dp_batch_get(b, "id")->data, w);
            for (int32_t i = 0; i < 3; i++) {
                assert_int_equal(column(b, "input")[i], begins[w] + i);
                assert_int_equal(column(b, "label")[i], begins[w] + i + 1);
            }
        }
        dp_close(p);
        b = NULL;
    }
    *strrchr(strcpy(parent, many), '/') = '\0'; /* a root that is not a whole path */
    assert_int_equal(chdir(parent), 0);
    assert_ok(open_in(strrchr(many, '/') + 1, &p, "tokens file=@list length=3", 1));
    dp_close(p);
    refused(many, "tokens file=t_{000..002}.bin length=4", DP_ECORRUPT, "t_001.bin has 4 tokens");
    refused(many, "tokens file=t_{000..003}.bin length=3", DP_EIO, "t_003.bin");
    refused(many, "tokens file=t_{000..002}.bin length=3 order=megatron", DP_ESPEC, "one file");
    test_folder_remove(many);
}

/* More files than are open at the same time. */
static void many_shards(void **state)
{
    char many[256], path[300];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(many, sizeof many);
    for (uint16_t i = 0; i < 300; i++) {
        const uint16_t text[3] = {i, (uint16_t)(i + 1), (uint16_t)(i + 2)};
        char name[20];
        snprintf(name, sizeof name, "t_%d.bin", i);
        test_write(many, name, text, sizeof text);
    }
    assert_ok(open_in(many, &p, "tokens file=t_{0..299}.bin length=2", 2));
    for (int32_t w = 0; w < 300; w++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(column(b, "input")[0], w);
    }
    assert_ok(dp_seek(p, 0, &test_error));
    snprintf(path, sizeof path, "%s/t_298.bin", many);
    assert_int_equal(truncate(path, 4), 0);
    for (int32_t w = 0; w < 298; w++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "t_298.bin changed since it was opened"));
    dp_close(p);
    test_folder_remove(many);
}

/* ---- Megatron's order ---- */

static test_hex windows_digest(dp_pipeline *p, size_t length)
{
    test_sha256_state h;
    dp_batch *b = NULL;

    test_sha256_init(&h);
    while (dp_next(p, &b, &test_error) == DP_OK) {
        test_sha256_add(&h, column(b, "input"), length * 4);
        test_sha256_add(&h, column(b, "label") + length - 1, 4);
    }
    return test_sha256_final(&h);
}

static void order_of_megatron(void **state)
{
    test_lines golden = test_lines_read("tokens/megatron.txt");

    (void)state;
    assert_true(golden.n >= 100);
    for (size_t i = 0; i < golden.n; i++) {
        char spec[200], digest[65];
        int length, cut;
        unsigned long long n;
        dp_pipeline *p;
        assert_int_equal(
            sscanf(golden.line[i], "%*s length=%d%*[^:]%n: %llu %64s", &length, &cut, &n, digest),
            3);
        snprintf(spec, sizeof spec, "tokens file=order.idx order=megatron %.*s", cut,
                 golden.line[i]);
        assert_ok(open_in(GOLDEN, &p, spec, 1));
        assert_int_equal(dp_length(p), n);
        if (strcmp(windows_digest(p, (size_t)length).text, digest) != 0)
            fail_msg("other windows: %s", golden.line[i]);
        dp_close(p);
    }
    test_lines_free(&golden);
}

/* Of a data set that is kept under a key of its files: what else decides the windows is in the key.
 */
static void kept_identities(void **state)
{
    static const char *const texts[] = {
        "tokens file=llmc_1.bin length=1",
        "tokens file=bare.bin length=1 stride=1",
        "tokens file=bare.bin length=10 stride=10",
        "tokens file=bare.bin length=10 stride=9",
        "tokens file=order.idx length=9 order=megatron",
        "tokens file=order.idx length=9 order=megatron seed=7",
        "tokens file=order.idx length=39 order=megatron split=1,1",
        "tokens file=order.idx length=39 order=megatron split=1,1 part=1",
    };
    dp_options options = {.size = sizeof options, .threads = 1, .root = GOLDEN};
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/identities", test_work);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            uint8_t digest[2][16];
            for (int kept = 0; kept < 2; kept++) {
                dp_pipeline *p;
                options.identities = kept ? path : NULL;
                assert_ok(dp_open(&p, texts[i], 1, &options, &test_error));
                assert_ok(dp_dataset_digest(p, digest[kept], &test_error));
                dp_close(p);
            }
            assert_memory_equal(digest[0], digest[1], 16);
        }
    }
}

static void idle(void **state)
{
    (void)state;
    refused(GOLDEN, "tokens file=bare.bin length=2 seed=5", DP_ESPEC, "seed does nothing here");
    refused(GOLDEN, "tokens file=bare.bin length=2 num_samples=5", DP_ESPEC, "num_samples does");
    refused(GOLDEN, "tokens file=bare.bin length=2 split=1,1", DP_ESPEC, "split does nothing");
    refused(GOLDEN, "tokens file=order.idx length=2 part=1", DP_ESPEC, "part=1 of a split in 1");
    refused(GOLDEN, "tokens file=order.idx length=2 order=megatron split=7,0,1 part=1", DP_ESPEC,
            "part 1 of the split has no sequences of 14");
    refused(GOLDEN, "tokens file=order.idx length=2 order=megatron split=0", DP_ESPEC, "part 0 of");
    refused(GOLDEN, "tokens file=bare.bin length=2 order=megatron", DP_ESPEC, "Megatron's .idx");
    refused(GOLDEN, "tokens file=llmc_1.bin length=2 dtype=uint32", DP_ESPEC, "dtype does nothing");
    refused(GOLDEN, "tokens file=order.idx length=2 stride=3 order=megatron", DP_ESPEC, "a stride");
    refused(GOLDEN, "tokens file=order.idx length=102 order=megatron", DP_ECORRUPT, "fewer than");
}

/* ---- damage ---- */

typedef struct bytes {
    uint8_t b[2000];
    size_t n;
} bytes;

static bytes golden(const char *name)
{
    char path[400];
    bytes out;

    snprintf(path, sizeof path, GOLDEN "/%s", name);
    out.n = test_read(path, out.b, sizeof out.b);
    return out;
}

/* The golden file with `value` in the place of a byte (at or behind the end: so many bytes in all),
 * and PREFIX.bin beside it if it is an index. */
static void damaged(const char *name, size_t at, int value, const char *why)
{
    bytes file = golden(name), beside = golden("megatron.bin");
    char spec[100];

    if (value < 0)
        memset(file.b + file.n, 0, sizeof file.b - file.n), file.n = at;
    else
        file.b[at] = (uint8_t)value;
    test_write(test_work, strstr(name, ".idx") != NULL ? "x.idx" : "x.bin", file.b, file.n);
    if (strstr(name, ".idx") != NULL)
        test_write(test_work, "x.bin", beside.b, beside.n);
    snprintf(spec, sizeof spec, "tokens length=4 file=x%s", strrchr(name, '.'));
    refused(test_work, spec, DP_ECORRUPT, why);
    unlink(strstr(name, ".idx") != NULL ? strcat(strcpy(spec, test_work), "/x.idx") : "");
}

static void damaged_llmc(void **state)
{
    (void)state;
    refused(GOLDEN, "tokens file=llmc_eval.bin length=4", DP_ECORRUPT, "questions and answers");
    damaged("llmc_1.bin", 4, 7, "is version 7 of llm.c's 20240520: 1 is known");
    damaged("llmc_7.bin", 4, 1, "is version 1 of llm.c's 20240801: 7 is known");
    damaged("llmc_1.bin", 8, 42, "has 1106 bytes: its header says 42 tokens of 2 bytes");
    damaged("llmc_1.bin", 11, 0x80, "says that it has -2147483607 tokens");
    damaged("llmc_1.bin", 1105, -1, "has 1105 bytes");
    damaged("llmc_1.bin", 1107, -1, "has 1107 bytes");
    damaged("llmc_1.bin", 12, -1, "has 12 bytes");
    damaged("bare.bin", 81, -1, "has 81 bytes: not a whole number of uint16");
    refused(GOLDEN, "tokens file=bare.bin format=llmc length=4", DP_ECORRUPT, "begins with");
    refused(GOLDEN, "tokens file=bare.bin format=megatron length=4", DP_ECORRUPT,
            "is not a Megatron index");
    refused(GOLDEN, "tokens file=megatron.bin length=4", DP_ECORRUPT,
            "has a Megatron index beside it");
    refused(GOLDEN, "tokens file=none.bin length=4", DP_EIO, "cannot open");
}

static void not_tokens(void **state)
{
    (void)state;
    test_write(test_work, "page.bin", "<!DOCTYPE html><html></html>", 28);
    refused(test_work, "tokens file=page.bin length=4", DP_ECORRUPT, "it is an HTML page");
    check_windows(GOLDEN, "tokens file=bare.bin format=bare length=8", 5, 8, 8, 50257);
    test_write(test_work, "none.bin", "", 0);
    refused(test_work, "tokens file=none.bin length=4", DP_ECORRUPT, "an empty file");
}

static void damaged_index(void **state)
{
    (void)state;
    damaged("megatron.idx", 9, 2, "is not version 1 of a Megatron index");
    damaged("megatron.idx", 17, 9, "has tokens of type 9: 1 to 8 are known");
    damaged("megatron.idx", 17, 0, "has tokens of type 0");
    damaged("megatron.idx", 18, 9, "is shorter than its header says");
    damaged("megatron.idx", 25, 0x80, "is shorter than its header says");
    damaged("megatron.idx", 33, 0x80, "is shorter than its header says");
    damaged("megatron.idx", 18, 7, "is longer than its header says");
    damaged("megatron.idx", 33, -1, "is cut");
    damaged("megatron.idx", 210, -1, "is of a data set of several modes");
    damaged("megatron.idx", 34 + 4, 4, "sequence 2: its length or its place is wrong");
    damaged("megatron.idx", 34 + 7, 0x80, "sequence 1: its length or its place is wrong");
    damaged("megatron.idx", 34 + 32 + 8, 1, "sequence 1: its length or its place is wrong");
    damaged("megatron.idx", 34 + 28, 1, "has 82 bytes: ");
    damaged("megatron.idx", 34 + 96 + 8, 9, "document 1 begins at sequence 9");
    damaged("megatron.idx", 34 + 96 + 8, 3, "document 2 begins at sequence 2");
}

static void cut_text_of_megatron(void **state)
{
    bytes index = golden("megatron.idx"), text = golden("megatron.bin");

    (void)state;
    test_write(test_work, "m.idx", index.b, index.n);
    test_write(test_work, "m.bin", text.b, text.n - 2);
    refused(test_work, "tokens file=m.idx length=4", DP_ECORRUPT, "m.bin has 80 bytes: ");
    test_write(test_work, "m.bin", text.b, text.n + 2);
    refused(test_work, "tokens file=m.idx length=4", DP_ECORRUPT, "m.bin has 84 bytes: ");
}

static void fails_at(const char *spec, uint64_t window, const char *why)
{
    dp_batch *b = NULL;
    dp_pipeline *p;

    assert_ok(open_in(test_work, &p, spec, 1));
    for (uint64_t w = 0; w < window; w++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_int_equal(test_error.record, window);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("%s: \"%s\", not \"%s\"", spec, test_error.message, why);
    dp_close(p);
}

/* Token 9, the last label of window 1, first input of window 2; the bound is at each kind's edge.
 */
static void out_of_range(void **state)
{
    static const uint16_t narrow[13] = {0, 1, 2, 99, 4, 5, 6, 7, 8, 100, 10, 11, 12};
    uint32_t wide[13];

    (void)state;
    for (int i = 0; i < 13; i++)
        wide[i] = i == 9 ? 0x80000000u : narrow[i];
    test_write(test_work, "n.bin", narrow, sizeof narrow);
    test_write(test_work, "w.bin", wide, sizeof wide);
    fails_at("tokens file=n.bin length=4 vocab_size=100", 2, "token 9 of ");
    fails_at("tokens file=n.bin length=3 vocab_size=100", 2, "n.bin is 100: expected 0 to 99");
    fails_at("tokens file=w.bin length=4 dtype=uint32", 2,
             "w.bin is 2147483648: expected 0 to 2147483647");
    wide[9] = UINT32_MAX;
    test_write(test_work, "w.bin", wide, sizeof wide);
    fails_at("tokens file=w.bin length=4 dtype=uint32 vocab_size=101", 2, "is 4294967295");
    wide[9] = 101;
    test_write(test_work, "w.bin", wide, sizeof wide);
    fails_at("tokens file=w.bin length=4 dtype=uint32 vocab_size=101", 2, "is 101");
}

/* Megatron's numbers that are no tokens. */
static void no_token(const char *name, size_t at, const uint8_t *value, size_t n, const char *why)
{
    char file[20], spec[100];
    bytes index, text;

    snprintf(file, sizeof file, "%s.idx", name);
    index = golden(file);
    test_write(test_work, "t.idx", index.b, index.n);
    snprintf(file, sizeof file, "%s.bin", name);
    text = golden(file);
    memcpy(text.b + at, value, n);
    test_write(test_work, "t.bin", text.b, text.n);
    snprintf(spec, sizeof spec, "tokens file=t.idx length=5");
    fails_at(spec, 0, why);
}

static void no_tokens(void **state)
{
    const float half = 0.5f;
    const double large = 2147483648.0;
    const int64_t wide = (int64_t)1 << 32, below = -1;

    (void)state;
    no_token("int8", 3, (const uint8_t *)&below, 1, "token 3 of ");
    no_token("int16", 6, (const uint8_t *)&below, 2, "t.bin is -1: expected 0 to 2147483647");
    no_token("int32", 12, (const uint8_t *)&below, 4, "is -1");
    no_token("int64", 24, (const uint8_t *)&wide, 8, "is 4294967296");
    no_token("float32", 12, (const uint8_t *)&half, 4, "is 0.5");
    no_token("float64", 24, (const uint8_t *)&large, 8, "is 2.14748365e+09");
}

static void shrinks(void **state)
{
    bytes file = golden("bare.bin");
    char path[300];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_write(test_work, "s.bin", file.b, file.n);
    assert_ok(open_in(test_work, &p, "tokens file=s.bin length=8", 1));
    assert_ok(dp_next(p, &b, &test_error));
    snprintf(path, sizeof path, "%s/s.bin", test_work);
    assert_int_equal(truncate(path, 22), 0);
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "token 11 of "));
    assert_non_null(strstr(test_error.message, "s.bin is cut"));
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(every_dtype_of_megatron),
        cmocka_unit_test_setup_teardown(long_windows, test_work_set_up, test_work_tear_down),
        cmocka_unit_test(nothing_beyond),
        cmocka_unit_test(threads_and_containers),
        cmocka_unit_test_setup_teardown(states, test_work_set_up, test_work_tear_down),
        cmocka_unit_test(tails),
        cmocka_unit_test(shards),
        cmocka_unit_test(many_shards),
        cmocka_unit_test(order_of_megatron),
        cmocka_unit_test_setup_teardown(kept_identities, test_work_set_up, test_work_tear_down),
        cmocka_unit_test(idle),
        cmocka_unit_test_setup_teardown(damaged_llmc, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(not_tokens, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(damaged_index, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(cut_text_of_megatron, test_work_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(out_of_range, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(no_tokens, test_work_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(shrinks, test_work_set_up, test_work_tear_down),
    };
    return cmocka_run_group_tests_name("io_tokens", tests, NULL, NULL);
}
