/* test_archive.c - .ckpt, .safetensors and .npz: MindSpore's files, strictness, damage, bytes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/bytes.h"
#include "tests/support/archives.h"
#include "tests/support/test.h"

#define GOLDEN TEST_GOLDEN "/ckpt/"

static dp_archive *open_golden(const char *name)
{
    char path[600];
    dp_archive *a = NULL;

    snprintf(path, sizeof path, GOLDEN "%s", name);
    assert_ok(dp_archive_open(&a, path, NULL, &test_error));
    return a;
}

/* "name:Float32:4,3,2,2" as MindSpore lists it; the shape of text and of scalars is empty. */
static void check_listed(const dp_archive *a, const char *word)
{
    const char *shape = strrchr(word, ':');
    char name[200], type[32], expected[100] = "";
    const dp_named_tensor *t;

    snprintf(name, sizeof name, "%.*s", (int)(shape - word), word);
    snprintf(type, sizeof type, "%s", strrchr(name, ':') + 1);
    *strrchr(name, ':') = '\0';
    t = dp_archive_find(a, name);
    assert_non_null(t);
    for (char *c = type; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    assert_string_equal(t->type, type);
    for (int32_t d = 0; d < t->rank && strcmp(type, "str") != 0; d++)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected),
                 d ? ",%lld" : "%lld", (long long)t->shape[d]);
    assert_string_equal(shape + 1, expected);
}

static void lists_what_mindspore_lists(void **state)
{
    test_lines lines = test_lines_read("mindspore_ckpt.txt");
    char name[100];
    int files = 0;

    (void)state;
    for (size_t i = 0; i + 1 < lines.n; i++) {
        dp_archive *a;
        size_t n = 0;
        if (strncmp(lines.line[i], "file=", 5) != 0 ||
            strncmp(lines.line[i + 1], "  loads=", 8) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(lines.line[i] + 5, " "),
                 lines.line[i] + 5);
        a = open_golden(name);
        for (char *word = strtok(lines.line[i + 1] + 8, " "); word != NULL;
             word = strtok(NULL, " "), n++)
            check_listed(a, word);
        assert_null(dp_archive_get(a, n));
        dp_archive_close(a);
        files++;
    }
    assert_int_equal(files, 10);
    test_lines_free(&lines);
}

/* numpy wrote content.npz from the values that went into the others. */
static void values_are_numpys(void **state)
{
    static const char *const files[] = {"plain.ckpt",        "crc.ckpt",
                                        "sliced_1k.ckpt",    "sliced_1k_crc.ckpt",
                                        "plain.safetensors", "crc.safetensors"};
    dp_archive *content = open_golden("content.npz");

    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        dp_archive *a = open_golden(files[f]);
        const dp_named_tensor *t;
        for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++) {
            const bool bf16 = strcmp(t->type, "bfloat16") == 0;
            const dp_named_tensor *own = dp_archive_find(content, bf16 ? "bf16_as_f32" : t->name);
            assert_non_null(own);
            assert_int_equal(own->count, t->count);
            for (uint64_t e = 0; bf16 && e < t->count; e++)
                assert_int_equal(dp_load_le(own->data + 4 * e, 4), dp_load_le(t->data + 2 * e, 2)
                                                                       << 16);
            if (!bf16) {
                assert_int_equal(own->size, t->size);
                assert_memory_equal(own->data, t->data, t->size);
            }
        }
        dp_archive_close(a);
    }
    dp_archive_close(content);
}

/* ---- bytes that a test makes ---- */

typedef struct bytes {
    uint8_t data[65536];
    size_t n;
} bytes;

static void put(bytes *b, const void *data, size_t n)
{
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static bytes golden_bytes(const char *name)
{
    char path[600];
    bytes b;

    snprintf(path, sizeof path, GOLDEN "%s", name);
    b.n = test_read(path, b.data, sizeof b.data);
    return b;
}

static dp_status parse(const bytes *b, size_t *tensors)
{
    return test_archive_parse(b->data, b->n, tensors);
}

/* One Value of the protobuf of a .ckpt file; dims may be NULL for a scalar. */
static void put_value(bytes *b, const char *tag, const char *type, const uint8_t *dims,
                      size_t n_dims, const void *content, size_t n)
{
    uint8_t tensor[256], value[256];
    size_t t = 0, v = 0;

    for (size_t d = 0; d < n_dims; d++)
        tensor[t++] = 0x08, tensor[t++] = dims[d];
    tensor[t++] = 0x12, tensor[t++] = (uint8_t)strlen(type);
    memcpy(tensor + t, type, strlen(type)), t += strlen(type);
    tensor[t++] = 0x1a, tensor[t++] = (uint8_t)n;
    memcpy(tensor + t, content, n), t += n;
    value[v++] = 0x0a, value[v++] = (uint8_t)strlen(tag);
    memcpy(value + v, tag, strlen(tag)), v += strlen(tag);
    value[v++] = 0x12, value[v++] = (uint8_t)t;
    memcpy(value + v, tensor, t), v += t;
    put(b, (const uint8_t[]){0x0a, (uint8_t)v}, 2);
    put(b, value, v);
}

static void worked_example(void **state)
{
    static const char text[] = "\x0a\x25\x0a\x08"
                               "fc3.bias\x12\x19\x08\x03\x12\x07"
                               "Float32\x1a\x0c\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f";
    static const float expected[3] = {1, -2, 0.5f};
    uint8_t content[12];
    bytes b = {.n = 0}, own = {.n = 0};

    (void)state;
    put(&b, text, sizeof text - 1);
    for (int i = 0; i < 3; i++) {
        uint32_t bits;
        memcpy(&bits, &expected[i], 4);
        dp_store_le(content + 4 * i, 4, bits);
    }
    put_value(&own, "fc3.bias", "Float32", (const uint8_t[]){3}, 1, content, 12);
    assert_int_equal(own.n, b.n);
    assert_memory_equal(own.data, b.data, b.n);
    assert_ok(parse(&b, NULL));
}

static void refused(const bytes *b, const char *why)
{
    assert_int_equal(parse(b, NULL), DP_ECORRUPT);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", test_error.message, why);
}

static void strict_ckpt(void **state)
{
    static const uint8_t zeros[16];
    const uint8_t four[] = {4}, two_two[] = {2, 2};
    bytes b = {.n = 0};
    size_t n;

    (void)state;
    refused(&b, "an empty file");
    put_value(&b, "a", "Float32", four, 1, zeros, 12); /* 12 bytes are no [4] */
    refused(&b, "a: 12 bytes are not a float32[4]");
    b.n = 0;
    put_value(&b, "a", "Float33", four, 1, zeros, 16);
    refused(&b, "a has the type Float33, which is not read");
    b.n = 0;
    put_value(&b, "", "Float32", four, 1, zeros, 16);
    refused(&b, "no printable name");
    b.n = 0;
    put_value(&b, "a\x1b[31m", "Float32", four, 1, zeros, 16);
    refused(&b, "no printable name");
    b.n = 0;
    put_value(&b, "a\xff", "Float32", four, 1, zeros, 16); /* no UTF-8 */
    refused(&b, "no printable name");
    b.n = 0;
    put_value(&b, "a", "Float32", four, 1, zeros, 8); /* two slices of one, with its whole dims */
    put_value(&b, "a", "Float32", four, 1, zeros, 8);
    assert_ok(parse(&b, &n));
    assert_int_equal(n, 1);
    put_value(&b, "a", "Float32", two_two, 2, zeros, 16); /* the same name again */
    refused(&b, "a appears twice");
    b.n = 0;
    put_value(&b, "a", "Float32", four, 1, zeros, 16);
    put_value(&b, "b", "Float32", four, 1, zeros, 16);
    put_value(&b, "a", "Float32", four, 1, zeros, 16); /* not adjacent: no slice */
    refused(&b, "a appears twice");
}

/* Trailing bytes, a trailer in the wrong place, a tensor that ends like a trailer. */
static void trailers(void **state)
{
    bytes b = golden_bytes("crc.ckpt");
    static const char like[] = "crc_num\0\0\0\0\0\0\0\0\0\1";

    (void)state;
    assert_ok(parse(&b, NULL));
    b.data[b.n - 1] ^= 1;
    refused(&b, "damaged: its CRC is");
    b.data[b.n - 1] ^= 1, b.data[b.n - 9] ^= 1;
    refused(&b, "not a CRC-32");
    b.n = 0;
    put_value(&b, "a", "UInt8", (const uint8_t[]){17}, 1, like, 17);
    assert_ok(parse(&b, NULL));
    put(&b, "x", 1);
    refused(&b, "no checkpoint past byte");
}

/* Every cut and every flipped bit of the small files: what is covered by a CRC is never loaded. */
static void damage(void **state)
{
    static const struct {
        const char *name;
        bool sums; /* flips must be found */
    } files[] = {{"net_only.ckpt", false},
                 {"append_dict.ckpt", false},
                 {"sliced_1k_crc.ckpt", true},
                 {"crc.safetensors", false},
                 {"content.npz", false}};

    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        bytes b = golden_bytes(files[f].name);
        const size_t whole = b.n;
        for (size_t i = 0; i < whole; i = i < 1000 || i > whole - 1000 ? i + 1 : i + 37) {
            dp_status status;
            b.data[i] ^= (uint8_t)(1 << i % 8);
            status = parse(&b, NULL);
            b.data[i] ^= (uint8_t)(1 << i % 8);
            assert_true(status == DP_OK || status == DP_ECORRUPT);
            assert_true(status == DP_ECORRUPT || !files[f].sums);
            b.n = i;
            status = parse(&b, NULL);
            b.n = whole;
            if (strstr(files[f].name, "ckpt") == NULL)
                assert_int_equal(status, DP_ECORRUPT);
        }
        assert_ok(parse(&b, NULL));
    }
}

/* ---- .safetensors and .npz made by hand ---- */

static void check_header(const char *json, size_t data, const char *why)
{
    bytes b = {.n = 8};

    dp_store_le(b.data, 8, strlen(json));
    put(&b, json, strlen(json));
    memset(b.data + b.n, 0, data);
    b.n += data;
    if (why != NULL)
        refused(&b, why);
    else
        assert_ok(parse(&b, NULL));
}

static void strict_safetensors(void **state)
{
    (void)state;
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL);
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
                 "1 bytes after");
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
                 "a is to lie at bytes 0 to 8 of 7");
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]}}", 9, "a gap");
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
                 "8 bytes are no");
    check_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8,
                 "byte 29 of its header: a whole number");
    check_header(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8,
        "8 bytes are no");
    check_header("{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
                 "a has the type C64, which is not read");
    check_header("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                 "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}",
                 6, "an overlap");
    check_header("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                 "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                 2, "a appears twice");
    check_header("{\"a\":7}", 0, "byte 5 of its header: '{' is expected");
    check_header("{\"a\":", 0, "byte 5 of its header: '{' is expected");
}

/* numpy.savez_compressed's deflated members. */
static void deflated_npz(void **state)
{
    static const char path[] = TEST_GOLDEN "/../fuzz/corpus/fuzz_npz/deflated.npz";
    const dp_named_tensor *t;
    dp_archive *a;

    (void)state;
    assert_ok(dp_archive_open(&a, path, NULL, &test_error));
    t = dp_archive_find(a, "a");
    assert_non_null(t);
    assert_string_equal(t->type, "int64");
    assert_true(t->rank == 2 && t->shape[0] == 2 && t->shape[1] == 3 && t->count == 6);
    assert_string_equal(dp_archive_find(a, "c")->type, "bool");
    dp_archive_close(a);
}

/* ---- writing ---- */

static test_hex file_digest(const char *path)
{
    uint8_t data[20000], digest[16];

    dp_digest(data, test_read(path, data, sizeof data), digest);
    return test_hex_of(digest, 16);
}

/* Both formats hold the same again, and their bytes are a function of the tensors: these digests
 * are of files that numpy 1.26 and safetensors' own reader took. */
static void written_files(void **state)
{
    static const struct {
        const char *name, *digest;
    } files[] = {{"out.safetensors", "bae8de50e75f08aa4643bece22f0f86e"},
                 {"out.npz", "f6278f8cd3ac653cff6ef3070bf16af3"}};
    dp_archive *a = open_golden("crc.safetensors"), *again;
    char folder[256], path[300];
    const dp_named_tensor *t;

    (void)state;
    test_folder(folder, sizeof folder);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        assert_ok(dp_archive_save(dp_archive_get(a, 0), test_n_tensors(a), path, &test_error));
        assert_string_equal(file_digest(path).text, files[i].digest);
        assert_ok(dp_archive_open(&again, path, NULL, &test_error));
        for (size_t k = 0; (t = dp_archive_get(a, k)) != NULL; k++) {
            const dp_named_tensor *u = dp_archive_get(again, k);
            assert_string_equal(t->name, u->name);
            assert_string_equal(t->type, u->type);
            assert_true(t->rank == u->rank && t->size == u->size);
            assert_memory_equal(t->shape, u->shape, sizeof t->shape);
            assert_memory_equal(t->data, u->data, t->size);
        }
        dp_archive_close(again);
    }
    dp_archive_close(a);
    test_folder_remove(folder);
}

static void files_that_cannot_be(void **state)
{
    dp_archive *a = open_golden("plain.ckpt"), *other = NULL;
    char folder[256], path[300];

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/out.ckpt", folder);
    assert_int_equal(dp_archive_save(dp_archive_get(a, 0), test_n_tensors(a), path, &test_error),
                     DP_EINVAL);
    snprintf(path, sizeof path, "%s/out.npz", folder);
    assert_int_equal(dp_archive_save(dp_archive_get(a, 0), test_n_tensors(a), path, &test_error),
                     DP_EINVAL);
    assert_non_null(strstr(test_error.message, "bf16 is bfloat16"));
    assert_int_equal(rmdir(folder), 0); /* nothing is left, not even a temporary one */
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(dp_archive_open(&other, folder, NULL, &test_error), DP_EIO);
    assert_int_equal(dp_archive_open(&other, "/nonexistent", NULL, &test_error), DP_EIO);
    assert_int_equal(dp_archive_open(NULL, path, NULL, &test_error), DP_EINVAL);
    assert_null(other);
    dp_archive_close(a);
    dp_archive_close(NULL);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_mindspore_lists),
        cmocka_unit_test(values_are_numpys),
        cmocka_unit_test(worked_example),
        cmocka_unit_test(strict_ckpt),
        cmocka_unit_test(trailers),
        cmocka_unit_test(damage),
        cmocka_unit_test(strict_safetensors),
        cmocka_unit_test(deflated_npz),
        cmocka_unit_test(written_files),
        cmocka_unit_test(files_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
