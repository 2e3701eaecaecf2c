/* pt.c - PyTorch's .pt and .pth: a ZIP file of a pickle and storages, or, before 1.6, pickles and
 * storages one behind the other
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * torch/serialization.py.  NAME/data.pkl is the object, NAME/data/KEY a storage, NAME/byteorder
 * says "little" or "big".  Nothing is executed (base/pack/pickle.h), and the CRC-32 of each member
 * is checked, unless all are zero.  A file of before 1.6 has none: a magic number, a version, the
 * writer's sizes, the object, the storages' keys, then of each its count of elements and its bytes.
 */
#include "archive/pt.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/options.h"
#include "base/pack/zip.h"
#include "base/sniff.h"
#include "base/status.h"

/* A member's name behind the folder that all are in. */
typedef struct word {
    const char *text;
    size_t n;
} word;

static bool begins(word w, const char *with)
{
    return w.n >= strlen(with) && memcmp(w.text, with, strlen(with)) == 0;
}

static bool is_word(word w, const char *text) { return w.n == strlen(text) && begins(w, text); }

/* ---- a ZIP file ---- */

typedef struct members {
    dp_zip zip;
    word folder; /* of the first member, with its slash */
    dp_zip_member object;
    bool has_object, big;
    bool unsummed;
} members;

/* torch.save writes zeros where torch.utils.serialization.config.save.compute_crc32 is False. */
static bool has_no_crc(dp_zip zip)
{
    dp_zip_member m = {.crc = 0};

    while (m.crc == 0 && zip.done < zip.count && dp_zip_next(&zip, &m)) {}
    return m.crc == 0;
}

static dp_status next_member(const dp_archive *a, members *in, dp_zip_member *m, word *w)
{
    const char *slash;

    if (!dp_zip_next(&in->zip, m))
        return dp_archive_corrupt(a, "member %llu is out of place",
                                  (unsigned long long)in->zip.done + 1);
    m->unsummed = in->unsummed;
    slash = memchr(m->name, '/', m->name_length);
    if (in->folder.text == NULL && slash != NULL)
        in->folder = (word){m->name, (size_t)(slash - m->name) + 1};
    *w = (word){m->name + in->folder.n, m->name_length - in->folder.n};
    if (m->name_length < in->folder.n || in->folder.n == 0 ||
        memcmp(m->name, in->folder.text, in->folder.n) != 0)
        return dp_archive_bad_member(a, m, "is not in the folder of the others");
    return begins(*w, "code/") || is_word(*w, "constants.pkl")
               ? dp_archive_corrupt(a, "a TorchScript file: save its state_dict by torch.save")
               : DP_OK;
}

static dp_status unpack(const dp_archive *a, dp_zip_member *m)
{
    const char *why;
    const dp_status status = dp_zip_unpack(m, a->arena, &why, a->err);

    return status == DP_ECORRUPT ? dp_archive_bad_member(a, m, why) : status;
}

/* The members that are no storages: the object and the byte order. */
static dp_status take_object(const dp_archive *a, members *in)
{
    const dp_zip start = in->zip;
    dp_status status = DP_OK;
    dp_zip_member m;
    word w;

    for (uint64_t i = 0; i < start.count && status == DP_OK; i++) {
        status = next_member(a, in, &m, &w);
        if (status != DP_OK || !(is_word(w, "data.pkl") || is_word(w, "byteorder")))
            continue;
        status = unpack(a, &m);
        if (status == DP_OK && is_word(w, "byteorder")) {
            in->big = m.size == 3 && memcmp(m.data, "big", 3) == 0;
            if (!in->big && (m.size != 6 || memcmp(m.data, "little", 6) != 0))
                status = dp_archive_bad_member(a, &m, "is neither 'little' nor 'big'");
        } else if (status == DP_OK) {
            if (in->has_object)
                status = dp_archive_bad_member(a, &m, "appears twice");
            in->has_object = true;
            in->object = m;
        }
    }
    if (status == DP_OK && !dp_zip_at_end(&in->zip))
        status = dp_archive_corrupt(a, "bytes follow its directory");
    in->zip = start;
    return status == DP_OK && !in->has_object ? dp_archive_corrupt(a, "it has no data.pkl")
                                              : status;
}

/* A storage, or a member that no tensor needs; its bytes are checked in either case. */
static dp_status take_storage(const dp_archive *a, const dp_pt *p, dp_zip_member *m, word w)
{
    dp_pt_storage *s =
        begins(w, "data/") ? dp_pt_find(p, (const uint8_t *)w.text + 5, w.n - 5) : NULL;
    const dp_status status = is_word(w, "data.pkl") ? DP_OK : unpack(a, m);

    if (status != DP_OK || s == NULL)
        return status;
    if (s->data != NULL)
        return dp_archive_bad_member(a, m, "appears twice");
    if (m->size != s->size)
        return dp_archive_bad_member(a, m, "is not as large as its tensors say");
    s->data = m->data;
    return DP_OK;
}

static dp_status take_storages(const dp_archive *a, const dp_pt *p, members *in)
{
    dp_status status = DP_OK;
    dp_zip_member m;
    word w;

    for (uint64_t i = 0; i < in->zip.count && status == DP_OK; i++) {
        status = next_member(a, in, &m, &w);
        if (status == DP_OK)
            status = take_storage(a, p, &m, w);
        if (status == DP_OK)
            status = dp_progress(a->options, "members", i + 1, in->zip.count, a->err);
    }
    return status;
}

/* The object that begins at *at of the bytes, called path/what in messages. */
static dp_status take_pickle(const dp_pt *p, dp_blob bytes, size_t *at, const char *what,
                             dp_pickled **out)
{
    const char *path = p->archive->path;
    char name[120];

    if (strlen(path) > 90) /* the name of the file is at the end */
        path += strlen(path) - 90;
    snprintf(name, sizeof name, "%s%s", path, what);
    return dp_pickle_parse(bytes, at, name, &dp_pt_names, p->arena, out, p->archive->err);
}

static dp_status parse_zip(dp_pt *p, const uint8_t *bytes, size_t n)
{
    dp_archive *a = p->archive;
    members in = {.folder = {NULL, 0}};
    const char *why = dp_zip_open(bytes, n, &in.zip);
    dp_pickled *root = NULL;
    size_t at = 0;
    dp_status status;

    if (why != NULL)
        return dp_archive_corrupt(a, "%s", why);
    in.unsummed = has_no_crc(in.zip);
    status = take_object(a, &in);
    if (status == DP_OK)
        status = take_pickle(p, (dp_blob){in.object.data, (size_t)in.object.size, 0}, &at,
                             ": data.pkl", &root);
    if (status == DP_OK)
        status = dp_pt_collect(p, root);
    if (status == DP_OK)
        status = take_storages(a, p, &in);
    return status == DP_OK ? dp_pt_add(p, n, in.big) : status;
}

/* ---- before 1.6 ---- */

#define LEGACY_MAGIC_SIZE 15 /* bytes of the first pickle, by which the format is known */
#define LEGACY_VERSION    1001

/* The storages behind their list of keys. */
static dp_status take_legacy_storages(const dp_pt *p, dp_blob bytes, size_t at,
                                      const dp_pickled *keys)
{
    for (uint32_t i = 0; i < keys->n; i++) {
        const dp_pickled *key = keys->items[i];
        dp_pt_storage *s =
            key->kind == DP_PICKLE_BYTES ? dp_pt_find(p, key->bytes, key->size) : NULL;
        uint64_t count;
        if (s == NULL || s->data != NULL)
            return dp_archive_corrupt(p->archive, "storage %u is of no tensor, or there twice",
                                      i + 1);
        count = bytes.size - at >= 8 ? dp_load_le(bytes.bytes + at, 8) : UINT64_MAX;
        if (__builtin_mul_overflow(count, s->element != NULL ? s->element->size : 1, &count) ||
            count != s->size)
            return dp_archive_corrupt(p->archive,
                                      "byte %zu: storage %u is not as large as its "
                                      "tensors say",
                                      at, i + 1);
        at += 8;
        if (s->size > bytes.size - at)
            return dp_archive_corrupt(p->archive, "it ends in storage %u of %u", i + 1, keys->n);
        s->data = bytes.bytes + at;
        at += (size_t)s->size;
    }
    return at == bytes.size ? DP_OK : dp_archive_corrupt(p->archive, "bytes follow its storages");
}

static dp_status parse_legacy(dp_pt *p, const uint8_t *bytes, size_t n)
{
    const dp_blob all = {bytes, n, 0};
    dp_pickled *version = NULL, *system = NULL, *root = NULL, *keys = NULL;
    dp_pickled **const parts[] = {&version, &system, &root, &keys};
    const dp_pickled *little;
    size_t at = LEGACY_MAGIC_SIZE;
    dp_status status = DP_OK;

    for (int i = 0; i < 4 && status == DP_OK; i++)
        status = take_pickle(p, all, &at, "", parts[i]);
    if (status != DP_OK)
        return status;
    little = dp_pickle_get(system, "little_endian");
    if (version->kind != DP_PICKLE_INT || version->number != LEGACY_VERSION || little == NULL ||
        little->kind != DP_PICKLE_INT || keys->kind != DP_PICKLE_LIST)
        return dp_archive_corrupt(p->archive, "not of PyTorch's version %d", LEGACY_VERSION);
    if (little->number == 0)
        return dp_archive_corrupt(p->archive, "of a big-endian machine and before 1.6");
    status = dp_pt_collect(p, root);
    if (status == DP_OK)
        status = take_legacy_storages(p, all, at, keys);
    return status == DP_OK ? dp_pt_add(p, n, false) : status;
}

/* ---- both ---- */

static dp_status parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    dp_arena arena = dp_arena_within(a->arena);
    dp_pt p = {.archive = a, .arena = &arena};
    const dp_status status =
        dp_zip_is(bytes, n) ? parse_zip(&p, bytes, n) : parse_legacy(&p, bytes, n);

    dp_arena_free(&arena);
    return status;
}

const dp_archive_format dp_archive_pt = {
    .name = "PyTorch", .suffix = ".pt", .is = dp_sniff_is_torch, .parse = parse};
