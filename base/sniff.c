/* sniff.c - what a file is that is not what was expected
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/sniff.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

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
    {MAGIC("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8P\x19"), 0,
     "a PyTorch file of before 1.6: save its state_dict as .safetensors"},
};

static bool has(const uint8_t *bytes, size_t n, const char *word)
{
    const size_t length = strlen(word);

    for (size_t i = 0; i + length <= n; i++) {
        if (memcmp(bytes + i, word, length) == 0)
            return true;
    }
    return false;
}

/* What a ZIP archive is, by the name of its first member. */
static const char *sniff_zip(const uint8_t *bytes, size_t n, bool *container)
{
    const uint8_t *name = bytes + 30;
    const size_t stated = (size_t)dp_load_le(bytes + 26, 2);
    const size_t size = stated < n - 30 ? stated : n - 30;

    *container = has(name, size, ".npy");
    if (*container)
        return "a numpy archive (.npz)";
    if (has(name, size, "data.pkl") || has(name, size, "/data/") || has(name, size, "/version") ||
        has(name, size, "/byteorder"))
        return "a PyTorch file: save its state_dict as .safetensors";
    if (has(name, size, "/code/") || has(name, size, "/extra/") ||
        has(name, size, "/constants.pkl"))
        return "a TorchScript file: save its state_dict as .safetensors";
    if (has(name, size, "metadata.json") || has(name, size, "config.json"))
        return "a Keras model: save its weights as .npz";
    *container = true;
    return "a ZIP archive";
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
    if (n >= 30 && memcmp(bytes, "PK\3\4", 4) == 0)
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
