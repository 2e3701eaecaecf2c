/* tar.c - the files of a tar archive, in memory or read from a file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/tar.h"

#include <string.h>

#include "base/file.h"
#include "base/number/num.h"
#include "base/sniff.h"
#include "base/status.h"

#define BLOCK 512
#define LEAST 4096 /* bytes that are read at once: a header, and what is small behind it */

/* ---- bytes ---- */

dp_status dp_tar_open(dp_tar *tar, const char *path, const dp_blob *blob, const dp_file *file,
                      dp_arena *arena, dp_error *err)
{
    *tar = (dp_tar){.path = path, .file = file, .size = file != NULL ? file->size : blob->size};
    if (file == NULL)
        tar->archive = *blob;
    else
        tar->window = dp_arena_alloc_raw(arena, DP_TAR_EXTENDED, 1);
    return file == NULL || tar->window != NULL ? DP_OK : dp_arena_fail(arena, err, path);
}

static dp_status fill(dp_tar *tar, uint64_t at, size_t n, dp_error *err)
{
    const size_t wanted = n < LEAST ? LEAST : n;
    const int error = dp_file_read_at(tar->file, at, tar->window, wanted, &tar->window_n);

    tar->window_at = at;
    if (error != 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", tar->path,
                       dp_file_why(tar->file, error));
    return tar->window_n >= n
               ? DP_OK
               : dp_fail(err, DP_ECORRUPT, "%.120s shrank while it was read", tar->path);
}

/* n bytes, which are there by the archive's size: at most DP_TAR_EXTENDED. */
static dp_status bytes_at(dp_tar *tar, uint64_t at, size_t n, const uint8_t **out, dp_error *err)
{
    dp_status status = DP_OK;

    if (tar->file == NULL) {
        *out = tar->archive.bytes + at;
        return DP_OK;
    }
    if (at < tar->window_at || at + n > tar->window_at + tar->window_n)
        status = fill(tar, at, n, err);
    *out = tar->window + (at - tar->window_at);
    return status;
}

/* ---- one header ---- */

typedef struct header {
    const uint8_t *block;
    uint64_t size;
    char type;
} header;

/* Octal digits, blanks around them; or, of GNU tar, a binary number. */
static bool number(const uint8_t *text, size_t n, uint64_t *out)
{
    const bool binary = text[0] == 0x80;
    size_t i = binary ? 1 : 0;

    *out = 0;
    for (; binary && i < n && *out < (uint64_t)1 << 55; i++)
        *out = *out << 8 | text[i];
    while (!binary && i < n && text[i] == ' ')
        i++;
    for (; !binary && i < n && text[i] >= '0' && text[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(text[i] - '0');
    while (!binary && i < n && (text[i] == ' ' || text[i] == '\0'))
        i++;
    return i == n && *out < (uint64_t)1 << 62;
}

/* Old programs summed signed bytes. */
static bool checksum_is_right(const uint8_t *block)
{
    int64_t sum = 0, signed_sum = 0;
    uint64_t stated;

    for (int i = 0; i < BLOCK; i++) {
        const uint8_t byte = i >= 148 && i < 156 ? ' ' : block[i];
        sum += byte;
        signed_sum += (int8_t)byte;
    }
    return number(block + 148, 8, &stated) &&
           ((int64_t)stated == sum || (int64_t)stated == signed_sum);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static dp_status wrong_header(const dp_tar *tar, const uint8_t *bytes, size_t n, dp_error *err)
{
    const bool other = tar->at == 0 && (n < BLOCK || memcmp(bytes + 257, "ustar", 5) != 0);

    if (tar->at == 0)
        return dp_fail(err, DP_ECORRUPT,
                       "%.100s is not a tar archive%s: the header at byte 0 is wrong", tar->path,
                       other ? dp_sniff_bytes(bytes, n).text : "");
    return dp_fail(err, DP_ECORRUPT, "%.120s is damaged: the header at byte %llu is wrong",
                   tar->path, (unsigned long long)tar->at);
}

/* Behind the last file there are zeros alone. */
static dp_status check_end(dp_tar *tar, dp_error *err)
{
    for (uint64_t at = tar->at; at < tar->size;) {
        const size_t n = tar->size - at < LEAST ? (size_t)(tar->size - at) : LEAST;
        const uint8_t *bytes;
        const dp_status status = bytes_at(tar, at, n, &bytes, err);
        if (status != DP_OK)
            return status;
        if (!is_zero(bytes, n))
            return dp_fail(err, DP_ECORRUPT,
                           "%.100s has something behind its end at byte %llu: were archives joined "
                           "without tar --concatenate?",
                           tar->path, (unsigned long long)tar->at);
        at += n;
    }
    return DP_END;
}

/* DP_END at the empty block behind the last file. */
static dp_status read_header(dp_tar *tar, header *h, dp_error *err)
{
    const uint64_t left = tar->size - tar->at;
    const size_t n = left < BLOCK ? (size_t)left : BLOCK;
    dp_status status = bytes_at(tar, tar->at, n, &h->block, err);

    if (status != DP_OK)
        return status;
    if (left < BLOCK && tar->at > 0)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is cut: the empty blocks that end an archive are missing",
                       tar->path);
    if (left >= BLOCK && is_zero(h->block, BLOCK))
        return check_end(tar, err);
    if (left < BLOCK || !checksum_is_right(h->block) || !number(h->block + 124, 12, &h->size))
        return wrong_header(tar, h->block, n, err);
    h->type = (char)h->block[156];
    tar->at += BLOCK;
    return DP_OK;
}

/* The bytes behind a header, up to a whole block. */
static dp_status pass(dp_tar *tar, uint64_t size, const char *name, dp_error *err)
{
    const uint64_t left = tar->size - tar->at, padded = (size + BLOCK - 1) / BLOCK * BLOCK;

    if (size > left)
        return dp_fail(err, DP_ECORRUPT, "%.120s ends in the middle of %.80s", tar->path, name);
    tar->at += padded < left ? padded : left;
    return DP_OK;
}

/* ---- what one header says of the next file ---- */

/* A file under way.  Of several headers that say something the first one has the say, as in
 * tarfile. */
typedef struct reading {
    dp_tar *tar;
    dp_tar_member *m;
    dp_error *err;
    bool any, named, sized; /* what was said */
} reading;

typedef struct word {
    const char *text;
    size_t n;
} word;

static bool is(word w, const char *text)
{
    return w.n == strlen(text) && memcmp(w.text, text, w.n) == 0;
}

static dp_status take_name(reading *r, word name)
{
    if (name.n >= DP_TAR_NAME)
        return dp_fail(r->err, DP_ELIMIT, "%.120s has a name of more than %d bytes at byte %llu",
                       r->tar->path, DP_TAR_NAME - 1, (unsigned long long)r->tar->at);
    if (r->named)
        return DP_OK;
    memcpy(r->m->name, name.text, name.n);
    r->m->name[name.n] = '\0';
    r->named = true;
    return DP_OK;
}

static dp_status wrong_record(const reading *r)
{
    return dp_fail(r->err, DP_ECORRUPT,
                   "%.120s is damaged: the pax header before byte %llu is wrong", r->tar->path,
                   (unsigned long long)r->tar->at);
}

static dp_status take_size(reading *r, word value)
{
    int64_t size;

    if (!dp_parse_int(value.text, value.n, &size) || size < 0)
        return wrong_record(r);
    if (!r->sized)
        r->m->size = (uint64_t)size;
    r->sized = true;
    return DP_OK;
}

static dp_status has_holes(const dp_tar *tar, dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT, "%.120s holds a file with holes: write it without --sparse",
                   tar->path);
}

/* `global`: of all files behind it, which have names and sizes of their own. */
static dp_status take_record(reading *r, word key, word value, bool global)
{
    if (key.n > 11 && memcmp(key.text, "GNU.sparse.", 11) == 0)
        return has_holes(r->tar, r->err);
    if (!is(key, "path") && !is(key, "size"))
        return DP_OK;
    if (global)
        return dp_fail(r->err, DP_ECORRUPT,
                       "%.120s has one pax header of name or size for all files", r->tar->path);
    if (is(key, "size"))
        return take_size(r, value);
    while (value.n > 0 && value.text[value.n - 1] == '/')
        value.n--;
    return memchr(value.text, '\0', value.n) != NULL ? wrong_record(r) : take_name(r, value);
}

/* "27 path=...\n": its length, counted from its first digit, is that of all of it. */
static dp_status take_records(reading *r, word all, bool global)
{
    dp_status status = DP_OK;

    while (all.n > 0 && all.text[0] != '\0' && status == DP_OK) {
        const char *blank = memchr(all.text, ' ', all.n < 20 ? all.n : 20);
        const size_t digits = blank != NULL ? (size_t)(blank - all.text) : 0;
        const char *equals;
        int64_t length;
        if (digits == 0 || !dp_parse_int(all.text, digits, &length) ||
            length <= (int64_t)digits + 2 || (uint64_t)length > all.n ||
            all.text[length - 1] != '\n')
            return wrong_record(r);
        equals = memchr(blank + 1, '=', (size_t)length - digits - 2);
        if (equals == NULL)
            return wrong_record(r);
        status =
            take_record(r, (word){blank + 1, (size_t)(equals - blank - 1)},
                        (word){equals + 1, (size_t)(all.text + length - 1 - equals - 1)}, global);
        all = (word){all.text + length, all.n - (size_t)length};
    }
    return status;
}

/* A header whose bytes say something of the next file: of GNU tar, or pax. */
static dp_status take_extended(reading *r, const header *h)
{
    const char type = h->type;
    const uint64_t at = r->tar->at, size = h->size;
    const uint8_t *bytes;
    dp_status status;

    if (size > DP_TAR_EXTENDED)
        return dp_fail(r->err, DP_ELIMIT, "%.120s has a header of %llu bytes: at most %d",
                       r->tar->path, (unsigned long long)size, DP_TAR_EXTENDED);
    status = pass(r->tar, size, "a header", r->err);
    if (status == DP_OK)
        status = bytes_at(r->tar, at, (size_t)size, &bytes, r->err);
    r->any = r->any || type != 'g';
    if (status != DP_OK || type == 'K') /* what a link is to */
        return status;
    if (type == 'L')
        return take_name(r,
                         (word){(const char *)bytes, strnlen((const char *)bytes, (size_t)size)});
    return take_records(r, (word){(const char *)bytes, (size_t)size}, type == 'g');
}

/* ---- a file ---- */

/* The name in a header of ustar or before. */
static dp_status take_short_name(reading *r, const header *h)
{
    const char *prefix = (const char *)h->block + 345, *name = (const char *)h->block;
    const size_t a = strnlen(prefix, 155), b = strnlen(name, 100);
    char both[155 + 1 + 100];

    memcpy(both, prefix, a);
    both[a] = '/';
    memcpy(both + a + 1, name, b);
    return take_name(r, a > 0 ? (word){both, a + 1 + b} : (word){name, b});
}

/* Folders, links and devices have no bytes, whatever their header says; what is not known has. */
static bool has_bytes(char type) { return type < '1' || type > '6'; }

/* In v7 a folder is a file whose name ends so. */
static bool is_folder(const header *h)
{
    const size_t n = strnlen((const char *)h->block, 100);

    return h->type == '\0' && n > 0 && h->block[n - 1] == '/';
}

/* DP_OK for a regular file, DP_END for one that is passed over. */
static dp_status take_file(reading *r, const header *h)
{
    const bool regular = (h->type == '0' || h->type == '7' || h->type == '\0') && !is_folder(h);
    dp_status status = take_short_name(r, h);

    if (!r->sized)
        r->m->size = h->size;
    r->m->at = r->tar->at;
    if (status == DP_OK && has_bytes(h->type) && !is_folder(h))
        status = pass(r->tar, r->m->size, r->m->name, r->err);
    return status != DP_OK || regular ? status : DP_END;
}

dp_status dp_tar_next(dp_tar *tar, dp_tar_member *m, dp_error *err)
{
    reading r = {.tar = tar, .m = m, .err = err};
    header h;
    dp_status status;

    for (;;) {
        status = read_header(tar, &h, err);
        if (status == DP_END && r.any)
            return dp_fail(err, DP_ECORRUPT,
                           "%.120s is cut: it ends behind a header of the next file", tar->path);
        if (status != DP_OK)
            return status;
        if (h.type == 'S')
            return has_holes(tar, err);
        if (h.type != '\0' && strchr("LKxXg", h.type) != NULL) {
            status = take_extended(&r, &h);
        } else {
            status = take_file(&r, &h);
            if (status != DP_END)
                return status;
            tar->n_others += h.type != '5' && !is_folder(&h);
            r = (reading){.tar = tar, .m = m, .err = err};
            status = DP_OK;
        }
        if (status != DP_OK)
            return status;
    }
}
