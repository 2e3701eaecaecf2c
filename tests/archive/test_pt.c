/* test_pt.c - PyTorch's files: equal to what PyTorch says they hold, or refused by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "archive/archive.h"
#include "tests/support/archives.h"
#include "tests/support/test.h"

#define GOLDEN TEST_GOLDEN "/pt/"

static dp_archive *open_golden(const char *name)
{
    char path[600];
    dp_archive *a = NULL;

    snprintf(path, sizeof path, GOLDEN "%s", name);
    assert_ok(dp_archive_open(&a, path, NULL, &test_error));
    return a;
}

static void check_tensor(const dp_named_tensor *t, const dp_named_tensor *own)
{
    if (own == NULL || strcmp(t->type, own->type) != 0 || t->rank != own->rank ||
        memcmp(t->shape, own->shape, sizeof t->shape) != 0 || t->count != own->count ||
        t->size != own->size || memcmp(t->data, own->data, (size_t)t->size) != 0)
        fail_msg("%s is another", t->name);
}

/* Each file beside what PyTorch and the library of safetensors say of it, bit by bit. */
static void holds_what_torch_says(void **state)
{
    static const struct {
        const char *name;
        size_t n;
    } files[] = {{"state_dict", 9}, {"legacy", 9},  {"protocol4", 9},     {"repacked", 9},
                 {"big_endian", 9}, {"nested", 30}, {"parameters", 2},    {"views", 12},
                 {"kinds", 17},     {"floats", 6},  {"views_legacy", 12}, {"kinds_legacy", 17},
                 {"many", 300},     {"no_crc", 9},  {"tensor", 1},        {"nothing", 0}};
    char name[64];

    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        dp_archive *a, *own;
        snprintf(name, sizeof name, "%s.pt", files[f].name);
        a = open_golden(name);
        snprintf(name, sizeof name, "%s.safetensors", files[f].name);
        own = open_golden(name);
        assert_string_equal(dp_archive_format_name(a), "PyTorch");
        assert_int_equal(test_n_tensors(a), files[f].n);
        assert_int_equal(test_n_tensors(own), files[f].n);
        for (size_t i = 0; i < files[f].n; i++)
            check_tensor(dp_archive_get(a, i), dp_archive_find(own, dp_archive_get(a, i)->name));
        dp_archive_close(a);
        dp_archive_close(own);
    }
}

/* In the order of the dictionary, which the other file has not. */
static void in_its_order(void **state)
{
    static const char *const names[] = {"conv1.weight", "conv1.bias", "bn1.weight"};
    dp_archive *a = open_golden("state_dict.pt"), *nested = open_golden("nested.pt");

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(dp_archive_get(a, i)->name, names[i]);
    assert_string_equal(dp_archive_get(nested, 9)->name, "optimizer.state.0.step");
    assert_string_equal(dp_archive_get(nested, 29)->name, "list.1.0");
    dp_archive_close(a);
    dp_archive_close(nested);
}

static void each_refusal_by_name(void **state)
{
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"circle", "weight is nested too deeply (64), or holds itself"},
        {"complex", "layer.weight is of type torch.ComplexFloatStorage, which is not read"},
        {"counter", "byte 341: names collections.Counter, which is not part of a file of tensors "
                    "(model.state_dict()): nothing is executed"},
        {"deep", "a.a.a is nested too deeply (64)"},
        {"fnuz", "fc.weight is of type torch.float8_e4m3fnuz, which is not read"},
        {"folder", "other/data/3 is not in the folder of the others"},
        {"key", "the object has a key that is neither a text nor a whole number"},
        {"member_twice", "state_dict/data/3 appears twice"},
        {"missing", "bn1.bias: its storage, data/3, is not there"},
        {"name", "refused_name.pt: data.pkl: byte 194: names fractions.Fraction"},
        {"negated", "fc.weight is a conjugated or negated view"},
        {"numpy", "names numpy.core.multiarray.scalar"},
        {"object", "it has no data.pkl"},
        {"order", "state_dict/byteorder is neither 'little' nor 'big'"},
        {"quantized", "weight is made by torch._utils._rebuild_qtensor, which is not read"},
        {"script", "a TorchScript file: save its state_dict by torch.save"},
        {"short", "state_dict/data/3 is not as large as its tensors say"},
        {"sparse", "weight is made by torch._utils._rebuild_sparse_tensor, which is not read"},
        {"twice", "a.b appears twice"},
        {"views", "weight: its views are more than 64 times the file"},
    };
    char path[600];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dp_archive *a = NULL;
        snprintf(path, sizeof path, GOLDEN "refused_%s.pt", cases[i].name);
        assert_int_equal(dp_archive_open(&a, path, NULL, &test_error), DP_ECORRUPT);
        assert_null(a);
        if (strstr(test_error.message, cases[i].why) == NULL)
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, test_error.message,
                     cases[i].why);
    }
}

/* ---- damage ---- */

typedef struct bytes {
    uint8_t data[8192];
    size_t n;
} bytes;

static bytes golden_bytes(const char *name)
{
    char path[600];
    bytes b;

    snprintf(path, sizeof path, GOLDEN "%s", name);
    b.n = test_read(path, b.data, sizeof b.data);
    assert_true(b.n > 0);
    return b;
}

/* The digest of all that the bytes hold, or why they are refused; what a tensor is called counts.
 */
static dp_status parse(const bytes *b, uint64_t *digest)
{
    return test_archive_digest(b->data, b->n, digest);
}

/* Every flipped bit of a ZIP file is found, or changes nothing (a date, padding); of an older file,
 * which has no check, one that is not found is the tensors' own.  Every cut is found. */
static void damage(void **state)
{
    static const char *const names[] = {"state_dict.pt", "repacked.pt", "legacy.pt"};
    uint64_t own, other;

    (void)state;
    for (size_t f = 0; f < 3; f++) {
        bytes b = golden_bytes(names[f]);
        const size_t whole = b.n;
        size_t found = 0;
        assert_ok(parse(&b, &own));
        for (size_t i = 0; i < whole; i++) {
            dp_status status;
            b.data[i] ^= (uint8_t)(1 << i % 8);
            status = parse(&b, &other);
            b.data[i] ^= (uint8_t)(1 << i % 8);
            assert_true(status == DP_OK || status == DP_ECORRUPT);
            assert_true(f == 2 || status == DP_ECORRUPT || other == own);
            found += status == DP_ECORRUPT;
            b.n = i;
            assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
            b.n = whole;
        }
        assert_true(f == 2 || found > whole / 4);
        b.data[b.n++] = 0;
        assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
    }
}

/* A bit of a storage, which torch.load delivers as it is. */
static void a_flipped_weight_is_found(void **state)
{
    bytes b = golden_bytes("tensor.pt");
    static const uint8_t content[] = {0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};
    uint8_t *at = memmem(b.data, b.n, content, sizeof content);

    (void)state;
    assert_non_null(at);
    at[6] ^= 1;
    assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "tensor/data/0 is damaged: another CRC"));
}

/* One CRC that is zero is damage; where all are, torch.save was told to compute none. */
static void one_crc_is_missing(void **state)
{
    bytes b = golden_bytes("tensor.pt");
    uint8_t *at = memmem(b.data, b.n, "PK\1\2", 4);

    (void)state;
    assert_non_null(at);
    memset(at + 16, 0, 4);
    assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "is damaged: another CRC"));
}

/* ---- pickles made by hand: what older writers do ---- */

#define LITERAL(text) text, sizeof(text) - 1
#define LEGACY_HEAD                                                                                \
    "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."                              \
    "\x80\x02}U\rlittle_endian\x88s."
#define STORAGE(key, count) "(U\7storagectorch\nFloatStorage\nU\1" key "U\3cpuK" count "NtQ"
#define TENSOR(storage, offset, size, stride)                                                      \
    "ctorch._utils\n_rebuild_tensor\n(" storage "K" offset "K" size "\x85K" stride "\x85tR"

static void check_legacy(const char *text, size_t n, const char *why)
{
    bytes b = {.n = n};

    memcpy(b.data, text, n);
    if (why == NULL) {
        assert_ok(parse(&b, NULL));
        return;
    }
    assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", test_error.message, why);
}

#define ONE_STORAGE                                                                                \
    "\x80\x02]U\1"                                                                                 \
    "7a.\2\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\x40"

static void pickles_of_older_writers(void **state)
{
    (void)state;
    /* Python 2: an OrderedDict of a list of pairs, short strings, _rebuild_tensor of 4 values */
    check_legacy(LITERAL(LEGACY_HEAD
                         "\x80\x02"
                         "ccollections\nOrderedDict\n]]U\1wa" TENSOR(STORAGE("7", "\2"), "\0", "\2",
                                                                     "\1") "aa\x85R." ONE_STORAGE),
                 NULL);
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02"
                                     "ccollections\nOrderedDict\n]U\1wa\x85R."),
                 "an OrderedDict of what are not pairs");
    check_legacy(LITERAL(LEGACY_HEAD
                         "\x80\x02"
                         "ccollections\nOrderedDict\n](]U\1wa" TENSOR(
                             STORAGE("7", "\2"), "\0", "\2", "\1") "ae\x85R." ONE_STORAGE),
                 NULL);
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}U\1w" TENSOR(STORAGE("7", "\2"), "\1", "\2",
                                                            "\1") "s." ONE_STORAGE),
                 "w: its float32 elements reach past its storage, data/7");
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}U\1w" TENSOR(STORAGE("7", "\2"), "\0", "\2",
                                                            "\2") "s." ONE_STORAGE),
                 "w: its float32 elements reach past its storage");
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}U\1w" TENSOR(STORAGE("7", "\3"), "\0", "\2",
                                                            "\1") "s." ONE_STORAGE),
                 "storage 1 is not as large as its tensors say");
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}(U\1w" TENSOR(
                     STORAGE("7", "\2"), "\0", "\2",
                     "\1") "U\1v" TENSOR(STORAGE("7", "\3"), "\0", "\1", "\1") "u." ONE_STORAGE),
                 "two tensors share a storage that has two sizes");
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}U\1w" TENSOR(STORAGE("8", "\2"), "\0", "\2",
                                                            "\1") "s." ONE_STORAGE),
                 "storage 1 is of no tensor");
    check_legacy(LITERAL(LEGACY_HEAD "\x80\x02}U\3a\nb" TENSOR(STORAGE("7", "\2"), "\0", "\2",
                                                               "\1") "s." ONE_STORAGE),
                 "the object has a key that is not a printable name");
}

/* A list that holds a list twice, and so on: 2^40 places of a file of 300 bytes. */
static void shared_lists(void **state)
{
    bytes b = {.n = 0};

    (void)state;
    memcpy(b.data, LEGACY_HEAD "\x80\x02]q\1", sizeof LEGACY_HEAD + 4);
    b.n = sizeof LEGACY_HEAD + 4;
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t pair[] = {'h', i, 0x86, 'q', (uint8_t)(i + 1)};
        memcpy(b.data + b.n, pair, sizeof pair);
        b.n += sizeof pair;
    }
    b.data[b.n++] = '.';
    memcpy(b.data + b.n, "\x80\x02].", 4);
    b.n += 4;
    assert_int_equal(parse(&b, NULL), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "has too many values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_torch_says),     cmocka_unit_test(in_its_order),
        cmocka_unit_test(each_refusal_by_name),      cmocka_unit_test(damage),
        cmocka_unit_test(a_flipped_weight_is_found), cmocka_unit_test(one_crc_is_missing),
        cmocka_unit_test(pickles_of_older_writers),  cmocka_unit_test(shared_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
