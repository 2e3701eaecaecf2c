/* test_kinds.c - what the format's own library says, numpy's orders, and each cause by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "archive/archive.h"
#include "base/bytes.h"
#include "base/number/num.h"
#include "base/sniff.h"
#include "tests/support/archives.h"
#include "tests/support/test.h"

typedef struct bytes {
    uint8_t data[4096];
    size_t n;
} bytes;

static void put(bytes *b, const void *data, size_t n)
{
    assert_true(b->n + n <= sizeof b->data);
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void put_number(bytes *b, size_t n, uint64_t value)
{
    uint8_t le[8];

    dp_store_le(le, n, value);
    put(b, le, n);
}

static dp_status parse(const bytes *b) { return test_archive_parse(b->data, b->n, NULL); }

static void refused(const bytes *b, const char *why)
{
    assert_int_equal(parse(b), DP_ECORRUPT);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", test_error.message, why);
}

/* ---- .safetensors ---- */

/* "%0A" is a new line. */
static void put_escaped(bytes *b, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned value = (unsigned char)*text;
        if (*text == '%') {
            assert_int_equal(sscanf(text + 1, "%2X", &value), 1);
            text += 2;
        }
        put_number(b, 1, value);
    }
}

/* tests/golden/safetensors.txt: what the library refuses is refused, what it takes is taken but for
 * lines that say `strict`. */
static void the_librarys_verdicts(void **state)
{
    test_lines lines = test_lines_read("safetensors.txt");
    int n = 0;

    (void)state;
    for (size_t i = 0; i < lines.n; i++) {
        bytes b = {.n = 8};
        char verdict[8];
        unsigned data;
        int at;
        dp_status status;
        if (lines.line[i][0] == '#' || lines.line[i][0] == '\0')
            continue;
        assert_int_equal(sscanf(lines.line[i], "%7s %u %n", verdict, &data, &at), 2);
        put_escaped(&b, lines.line[i] + at);
        dp_store_le(b.data, 8, b.n - 8);
        memset(b.data + b.n, 0, data);
        b.n += data;
        status = parse(&b);
        if (status != (strcmp(verdict, "ok") == 0 ? DP_OK : DP_ECORRUPT))
            fail_msg("%s: status %d", lines.line[i], status);
        n++;
    }
    assert_int_equal(n, 85);
    test_lines_free(&lines);
}

/* ---- .npz ---- */

/* One member, stored. */
static bytes zip_of(const char *name, const void *content, size_t size)
{
    const uint32_t crc = (uint32_t)crc32(0, content, (uInt)size);
    const size_t length = strlen(name);
    bytes b = {.n = 0};
    size_t directory;

    put(&b, "PK\3\4\24\0\0\0\0\0\0\0\41\0", 14);
    put_number(&b, 4, crc), put_number(&b, 4, size), put_number(&b, 4, size);
    put_number(&b, 2, length), put_number(&b, 2, 0);
    put(&b, name, length);
    put(&b, content, size);
    directory = b.n;
    put(&b, "PK\1\2\24\0\24\0\0\0\0\0\0\0\41\0", 16);
    put_number(&b, 4, crc), put_number(&b, 4, size), put_number(&b, 4, size);
    put_number(&b, 2, length), put(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    put(&b, name, length);
    put(&b, "PK\5\6\0\0\0\0\1\0\1\0", 12);
    put_number(&b, 4, b.n - 12 - directory), put_number(&b, 4, directory), put_number(&b, 2, 0);
    return b;
}

static bytes npz_of(const char *name, const char *header, size_t size)
{
    bytes npy = {.n = 0};

    put(&npy, "\x93NUMPY\1\0", 8);
    put_number(&npy, 2, strlen(header));
    put(&npy, header, strlen(header));
    memset(npy.data + npy.n, 0, size);
    return zip_of(name, npy.data, npy.n + size);
}

static void each_cause_by_name(void **state)
{
    static const struct {
        const char *header, *why; /* why NULL: it is read */
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", NULL},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", NULL},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }",
         "fc1.weight.npy holds Python objects"},
        {"{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }", "fc1.weight.npy holds texts"},
        {"{'descr': '|S12', 'fortran_order': False, 'shape': (2,), }",
         "fc1.weight.npy holds texts"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", NULL},
        {"{'descr': '>c8', 'fortran_order': False, 'shape': (3,), }",
         "fc1.weight.npy holds complex numbers"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }",
         "fc1.weight.npy holds complex numbers"},
        {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (3,), }",
         "fc1.weight.npy holds times"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
         "fc1.weight.npy holds records"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,), }",
         "fc1.weight.npy has a type that is not read"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }",
         "fc1.weight: 24 bytes are not a float32[2, 4]"},
        {"{'descr': '<f4', 'shape': (2, 3), }", "fc1.weight.npy has a header that numpy"},
    };
    bytes b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b = npz_of("fc1.weight.npy", cases[i].header, 24);
        if (cases[i].why == NULL)
            assert_ok(parse(&b));
        else
            refused(&b, cases[i].why);
    }
    b = npz_of("layer/data/byteorder.npy", cases[0].header, 24); /* not PyTorch's */
    assert_ok(parse(&b));
    b = zip_of("notes.npy", "hello, world", 12);
    refused(&b, "notes.npy is not an .npy array");
    b = zip_of("a.npy", "\x93NUMPY\4\0\0\0\0\0", 12);
    refused(&b, "a.npy is of another version of .npy");
    b = zip_of("a.npy", "\x93NUMPY\1\0\xff\0\0\0", 12);
    refused(&b, "a.npy ends in its header");
    b = zip_of("readme.txt", "hello, world", 12);
    refused(&b, "readme.txt is not an .npy array");
    b = zip_of("a\x1b[1m.npy", "hello, world", 12);
    refused(&b, "member 1 is not an .npy array");
}

/* One member whose numbers all stand in the places of ZIP64, as files past 4 GiB have them. */
static bytes zip64_of(const char *name, const void *content, size_t size)
{
    const bytes narrow = zip_of(name, content, size);
    const size_t length = strlen(name), directory = 30 + length + size;
    bytes b = narrow;
    size_t end;

    b.n = directory + 20;
    put_number(&b, 4, UINT32_MAX), put_number(&b, 4, UINT32_MAX);
    put_number(&b, 2, length), put_number(&b, 2, 28);
    put(&b, "\0\0\0\0\0\0\0\0\0\0", 10), put_number(&b, 4, UINT32_MAX);
    put(&b, name, length);
    put(&b, "\1\0\30\0", 4);
    put_number(&b, 8, size), put_number(&b, 8, size), put_number(&b, 8, 0);
    end = b.n;
    put(&b, "PK\6\6\54\0\0\0\0\0\0\0\55\0\55\0\0\0\0\0\0\0\0\0", 24);
    put_number(&b, 8, 1), put_number(&b, 8, 1);
    put_number(&b, 8, end - directory), put_number(&b, 8, directory);
    put(&b, "PK\6\7\0\0\0\0", 8), put_number(&b, 8, end), put_number(&b, 4, 1);
    put(&b, "PK\5\6\0\0\0\0\xff\xff\xff\xff", 12);
    put_number(&b, 4, UINT32_MAX), put_number(&b, 4, UINT32_MAX), put_number(&b, 2, 0);
    return b;
}

static void wide_zip_files(void **state)
{
    static const char npy[] =
        "\x93NUMPY\1\0\73\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\0\0\x80\x3f\0\0\0\x40";
    const size_t n = sizeof npy - 1, end = 30 + 5 + n + 46 + 5 + 28;
    bytes b = zip64_of("a.npy", npy, n);

    (void)state;
    assert_ok(parse(&b));
    b.data[end + 40] ^= 1; /* the size of the directory */
    refused(&b, "its directory is damaged");
    b.data[end + 40] ^= 1, b.data[end + 56 + 8] ^= 1; /* where the end begins */
    refused(&b, "its directory is damaged");
    b.data[end + 56 + 8] ^= 1, b.data[b.n - 12] = 2; /* another count than the wide one */
    refused(&b, "its directory is damaged");
    b = zip64_of("a.npy", npy, n);
    b.data[end - 28] = 2; /* no such extra */
    refused(&b, "member 1 is out of place");
    b.data[end - 28] = 1, b.data[end - 24]++; /* a byte more than there is */
    refused(&b, "a.npy is neither stored nor deflated");
    b.data[end - 24]--, b.data[end - 1] = 1; /* far behind the file */
    refused(&b, "member 1 is out of place");
}

/* numpy's own file: each array once in each order. */
static void fortran_is_turned(void **state)
{
    static const char *const names[] = {"a", "b"};
    dp_archive *a = NULL;

    (void)state;
    assert_ok(dp_archive_open(&a, TEST_GOLDEN "/ckpt/fortran.npz", NULL, &test_error));
    for (int i = 0; i < 2; i++) {
        char turned[8];
        const dp_named_tensor *c = dp_archive_find(a, names[i]), *f;
        snprintf(turned, sizeof turned, "%s_f", names[i]);
        f = dp_archive_find(a, turned);
        assert_true(c != NULL && f != NULL && c->rank == f->rank && c->size == f->size);
        assert_memory_equal(c->data, f->data, c->size);
        for (uint64_t e = 0; e < c->count; e++) /* 0, 1, 2, ... as float32 and int16 */
            assert_int_equal(i == 0 ? (int)*(const float *)(const void *)(f->data + 4 * e)
                                    : (int)dp_load_le(f->data + 2 * e, 2),
                             e);
    }
    assert_int_equal(dp_archive_find(a, "none")->count, 0);
    dp_archive_close(a);
}

/* ---- files of other kinds ---- */

#define LITERAL(text) text, sizeof(text) - 1

static void what_a_file_is(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {LITERAL(""), "an empty file"},
        {LITERAL("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
         "a Git LFS pointer, not the file: git lfs pull gets it"},
        {LITERAL("\n<!DOCTYPE HTML>\n<title>404</title>"), "an HTML page"},
        {LITERAL("\xEF\xBB\xBF<html lang=en>"), "an HTML page"},
        {LITERAL("<?xml version='1.0'?><Error>"), "an XML text"},
        {LITERAL("{\"error\":\"not found\"}"), "a JSON text"},
        {LITERAL("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "a PNG picture"},
        {LITERAL("\xff\xd8\xff\xe0\0\x10JFIF"), "a JPEG picture"},
        {LITERAL("\x89HDF\r\n\x1a\n\0\0\0\0"), "an HDF5 file"},
        {LITERAL("\x93NUMPY\1\0v\0{}"), "one numpy array"},
        {LITERAL("\x1f\x8b\x08\0\0\0\0\0\0\3"), "gzip"},
        {LITERAL("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02M"), "the file ends"},
        {LITERAL("\5\0\0\0\0\0\0\0\xea\xb2\x04\x3ehello\0\0\0\0"), "a TFRecord file"},
        {LITERAL("\x80\x04\x95\x01\0\0\0\0\0\0\0}."), "a Python pickle"},
        {LITERAL("\x30\1\0\0\0\0\0\0{\"header_size\":16777216,\"index_fields\":[]}"),
         "a MindRecord file"},
        {LITERAL("hello, world"), "no .pt, .safetensors, .npz or .ckpt file"},
    };
    bytes b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b.n = 0;
        put(&b, cases[i].bytes, cases[i].n);
        refused(&b, cases[i].what);
    }
    b = zip_of("model/code/__torch__.py", "class M: pass", 13); /* torch.jit.save */
    refused(&b, "test: a TorchScript file: save its state_dict by torch.save");
    b = zip_of("model/constants.pkl", "\x80\x02).", 4);
    refused(&b, "a TorchScript file");
    b = zip_of("metadata.json", "{}", 2);
    refused(&b, "a Keras model");
}

/* numpy's arrays of the other byte order, each beside itself in Fortran's order. */
static void big_endian_is_turned(void **state)
{
    static const char *const kinds[] = {"f4", "f8", "f2", "i2", "i4", "i8", "u2", "u4", "u8"};
    dp_archive *a = NULL;
    const dp_named_tensor *t;

    (void)state;
    assert_ok(dp_archive_open(&a, TEST_GOLDEN "/pt/big.npz", NULL, &test_error));
    for (size_t k = 0; k < 18; k++) {
        char name[8];
        snprintf(name, sizeof name, "%s%c", kinds[k / 2], k % 2 == 0 ? 'C' : 'F');
        t = dp_archive_find(a, name);
        assert_true(t != NULL && t->rank == 2 && t->shape[0] == 2 && t->shape[1] == 3);
        for (uint64_t e = 0; e < 6; e++) {
            const size_t size = (size_t)(t->size / 6);
            const uint64_t bits = dp_load_le(t->data + e * size, size);
            static const uint16_t halves[] = {0, 0x3C00, 0x4000, 0x4200, 0x4400, 0x4500};
            const double value = (double)e;
            uint64_t wanted = e;
            if (k < 2)
                wanted = dp_f32_bits((float)e);
            else if (k < 4)
                wanted = dp_f64_bits(value);
            else if (k < 6)
                wanted = halves[e];
            assert_int_equal(bits, wanted);
        }
    }
    t = dp_archive_find(a, "scalar");
    assert_int_equal(dp_load_le(t->data, 4), 0x3FC00000);
    dp_archive_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_librarys_verdicts), cmocka_unit_test(each_cause_by_name),
        cmocka_unit_test(wide_zip_files),        cmocka_unit_test(fortran_is_turned),
        cmocka_unit_test(big_endian_is_turned),  cmocka_unit_test(what_a_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
