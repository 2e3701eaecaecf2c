/* sniff.c - what a file is that is not what was expected
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/sniff.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"

#define MAGIC(text) text, sizeof(text) - 1

static const struct {
    const char *magic;
    size_t size, at;
    const char *what;
} kinds[] = {
    {MAGIC("version https://git-lfs"), 0, "a Git LFS pointer, not the file: git lfs pull gets it"},
    {MAGIC("\x89PNG\r\n\x1a\n"), 0, "a PNG picture"},
    {MAGIC("\xff\xd8\xff"), 0, "a JPEG picture"},
    {MAGIC("GIF8"), 0, "a GIF picture"},
    {MAGIC("WEBP"), 8, "a WebP picture"},
    {MAGIC("\x89HDF\r\n\x1a\n"), 0, "an HDF5 file (Keras .h5, MATLAB): save it as .npz"},
    {MAGIC("\x93NUMPY"), 0, "one numpy array (.npy): numpy.savez makes .npz of it"},
    {MAGIC("PAR1"), 0, "a Parquet file"},
    {MAGIC("ARROW1"), 0, "an Arrow file"},
    {MAGIC("GGUF"), 0, "a GGUF file"},
    {MAGIC("SQLite format 3"), 0, "an SQLite database"},
    {MAGIC("%PDF"), 0, "a PDF document"},
    {MAGIC("\x1f\x8b"), 0, "gzip: unpack it first"},
    {MAGIC("\xfd"
           "7zXZ"),
     0, "xz: unxz it first"},
    {MAGIC("BZh"), 0, "bzip2: bunzip2 it first"},
    {MAGIC("\x28\xb5\x2f\xfd"), 0, "zstd: unzstd it first"},
    {MAGIC("7z\xbc\xaf"), 0, "a 7z archive"},
    {MAGIC("Rar!"), 0, "a RAR archive"},
    {MAGIC("ustar"), 257, "a tar archive"},
    {MAGIC("{\"header_size\":"), 8, "a MindRecord file"},
};

/* The name of a ZIP archive's first member, as far as it is among the bytes. */
typedef struct member {
    const char *name;
    size_t n;
} member;

static member first_member(const uint8_t *bytes, size_t n)
{
    const size_t stated = (size_t)dp_load_le(bytes + 26, 2);

    return (member){(const char *)bytes + 30, stated < n - 30 ? stated : n - 30};
}

static bool is_zip(const uint8_t *bytes, size_t n)
{
    return n >= 30 && memcmp(bytes, "PK\3\4", 4) == 0;
}

static bool ends(member m, const char *word)
{
    const size_t n = strlen(word);

    return m.n >= n && memcmp(m.name + m.n - n, word, n) == 0;
}

bool dp_sniff_is_torch(const uint8_t *bytes, size_t n)
{
    static const char *const words[] = {"data.pkl",  ".format_version", ".storage_alignment",
                                        "byteorder", "version",         "constants.pkl"};
    static const char *const folders[] = {"data/", ".data/", "code/", "extra/"};
    const char *slash;
    member m;

    if (n >= 15 && memcmp(bytes, "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8P\x19.", 15) == 0)
        return true; /* before 1.6 */
    if (!is_zip(bytes, n))
        return false;
    m = first_member(bytes, n);
    slash = memchr(m.name, '/', m.n);
    if (slash == NULL || ends(m, ".npy"))
        return false;
    m = (member){slash + 1, m.n - (size_t)(slash + 1 - m.name)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (m.n == strlen(words[i]) && ends(m, words[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (m.n > strlen(folders[i]) && memcmp(m.name, folders[i], strlen(folders[i])) == 0)
            return true;
    }
    return false;
}

/* What a ZIP archive is, by the name of its first member. */
static const char *sniff_zip(const uint8_t *bytes, size_t n, bool *container)
{
    const member m = first_member(bytes, n);

    *container = !ends(m, "metadata.json") && !ends(m, "config.json");
    if (ends(m, ".npy"))
        return "a numpy archive (.npz)";
    return *container ? "a ZIP archive" : "a Keras model: save its weights as .npz";
}

/* A TFRecord begins with a length and the masked CRC-32C of its eight bytes. */
static bool is_tfrecord(const uint8_t *bytes, size_t n)
{
    return n >= 12 && dp_load_le(bytes + 8, 4) == dp_crc32c_masked(bytes, 8);
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c; }

/* Text that begins with the word, in any case, after blanks and a byte order mark. */
static bool begins(const uint8_t *bytes, size_t n, const char *word)
{
    size_t i = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, k = 0;

    while (i < n && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t'))
        i++;
    while (word[k] != '\0' && i + k < n && lower(bytes[i + k]) == (uint8_t)word[k])
        k++;
    return word[k] == '\0';
}

const char *dp_sniff(const uint8_t *bytes, size_t n, bool *container)
{
    bool ignored;

    container = container != NULL ? container : &ignored;
    *container = false;
    if (n == 0)
        return "an empty file";
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (n >= kinds[k].at + kinds[k].size &&
            memcmp(bytes + kinds[k].at, kinds[k].magic, kinds[k].size) == 0)
            return kinds[k].what;
    }
    if (dp_sniff_is_torch(bytes, n)) {
        *container = true;
        return "a PyTorch file";
    }
    if (is_tfrecord(bytes, n))
        return "a TFRecord file";
    if (is_zip(bytes, n))
        return sniff_zip(bytes, n, container);
    *container = n >= 9 && bytes[8] == '{' && dp_load_le(bytes, 8) < ((uint64_t)1 << 32);
    if (*container)
        return "a .safetensors file";
    if (n >= 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return "a Python pickle";
    if (begins(bytes, n, "<!doctype html") || begins(bytes, n, "<html"))
        return "an HTML page, not the file: the download failed";
    if (begins(bytes, n, "<?xml"))
        return "an XML text, not the file: did the download fail?";
    return begins(bytes, n, "{\"") ? "a JSON text, not the file: did the download fail?" : NULL;
}

dp_sniffed dp_sniff_bytes(const uint8_t *bytes, size_t n)
{
    const char *what = dp_sniff(bytes, n, NULL);
    dp_sniffed out = {""};

    if (what != NULL)
        snprintf(out.text, sizeof out.text, " (it is %s)", what);
    return out;
}

dp_sniffed dp_sniff_file(const dp_file *file)
{
    uint8_t bytes[DP_SNIFF_SIZE];
    size_t got = 0;

    if (dp_file_read_at(file, 0, bytes, sizeof bytes, &got) != 0)
        return (dp_sniffed){""};
    return dp_sniff_bytes(bytes, got);
}
