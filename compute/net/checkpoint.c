/* checkpoint.c - a net as a .safetensors file (docs/checkpoint.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * https://github.com/huggingface/safetensors: eight bytes little-endian, a JSON header of that
 * length, the data.  The header's __metadata__ has step count, note and the digest of both and the
 * data; the header itself must be, byte for byte, what detpipe writes for this net.  So a flipped
 * bit anywhere is found.
 */
#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/safetensors.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/tensor.h"
#include "base/writer.h"
#include "compute/net/weights.h"

#define BLOCK  65536
#define TOLD   (1 << 20) /* bytes written between two calls of options->progress */
#define FORMAT "detpipe-net/1"

/* ---- the tensors of a file, in their order: parameters, then moments ---- */

typedef struct entry {
    const char *prefix;
    const dp_parameter *p;
    float *data;
} entry;

static bool entry_at(const dp_net *net, uint32_t i, entry *out)
{
    static const char *const prefixes[1 + DP_MAX_MOMENTS] = {"", "moments.", "moments2.",
                                                             "moments3."};
    const uint32_t kind = net->n_parameters == 0 ? 0 : i / net->n_parameters;
    const dp_parameter *p;

    if (net->n_parameters == 0 || kind > DP_MAX_MOMENTS)
        return false;
    p = &net->parameters[i % net->n_parameters];
    if (kind > 0 && p->moments[kind - 1] == NULL)
        return false;
    *out = (entry){prefixes[kind], p, kind > 0 ? p->moments[kind - 1] : p->value.data};
    return true;
}

static void name_of(const entry *e, char *out, size_t size)
{
    snprintf(out, size, "%s%s", e->prefix, e->p->name);
}

static void to_little_endian(const float *src, size_t n, uint8_t *dst)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &src[i], 4);
        dp_store_le(dst + 4 * i, 4, bits);
    }
}

/* Every byte of the data section, block by block. */
static dp_status each_block(const dp_net *net, dp_status (*put)(void *, const uint8_t *, size_t),
                            void *ctx)
{
    uint8_t block[BLOCK];
    dp_status status = DP_OK;
    entry e;

    for (uint32_t i = 0; entry_at(net, i, &e); i++) {
        for (int64_t at = 0; at < e.p->count && status == DP_OK; at += BLOCK / 4) {
            const size_t n = (size_t)(e.p->count - at < BLOCK / 4 ? e.p->count - at : BLOCK / 4);
            to_little_endian(e.data + at, n, block);
            status = put(ctx, block, 4 * n);
        }
    }
    return status;
}

static uint64_t data_size(const dp_net *net)
{
    uint64_t size = 0;
    entry e;

    for (uint32_t i = 0; entry_at(net, i, &e); i++)
        size += 4 * (uint64_t)e.p->count;
    return size;
}

static dp_status put_hash(void *ctx, const uint8_t *bytes, size_t n)
{
    dp_hash_bytes(ctx, bytes, n);
    return DP_OK;
}

/* A data section under way. */
typedef struct saving {
    dp_writer writer;
    const dp_options *options;
    uint64_t done, told, total;
    dp_error *err;
} saving;

static dp_status put_file(void *ctx, const uint8_t *bytes, size_t n)
{
    saving *s = ctx;

    dp_writer_put(&s->writer, bytes, n);
    s->done += n;
    if (s->done - s->told < TOLD && s->done < s->total)
        return DP_OK;
    s->told = s->done;
    return dp_progress(s->options, "file", s->done, s->total, s->err);
}

/* ---- writing ---- */

static void describe(dp_out *out, const entry *e, uint64_t offset)
{
    char name[256];

    name_of(e, name, sizeof name);
    dp_out_text(out, ",");
    dp_safetensors_describe(out, name, "F32", e->p->value.rank, e->p->value.shape, offset,
                            4 * (uint64_t)e->p->count);
}

typedef struct header {
    const dp_net *net;
    uint64_t step;
    const char *digest, *note;
} header;

static void print_header(const void *ctx, dp_out *out)
{
    const header *h = ctx;
    char step[24];
    uint64_t offset = 0;
    entry e;

    snprintf(step, sizeof step, "%llu", (unsigned long long)h->step);

    dp_out_text(out, "{\"__metadata__\":{\"format\":\"" FORMAT "\",\"xxh3_128\":\"");
    dp_out_text(out, h->digest);
    dp_out_text(out, "\",\"global_step\":\"");
    dp_out_text(out, step);
    dp_out_text(out, h->note[0] != '\0' ? "\",\"note\":\"" : "");
    dp_out_text(out, h->note);
    dp_out_text(out, "\"}");
    for (uint32_t i = 0; entry_at(h->net, i, &e); i++) {
        describe(out, &e, offset);
        offset += 4 * (uint64_t)e.p->count;
    }
    dp_out_text(out, "}");
    dp_safetensors_pad(out);
}

/* The digest of the step count, the note and the data as it is in memory now. */
static void digest_of(const dp_net *net, char text[33])
{
    uint8_t digest[16];
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_u64(&h, net->step);
    dp_hash_bytes(&h, net->note, strlen(net->note));
    (void)each_block(net, put_hash, &h);
    dp_hash_final(&h, digest);
    dp_digest_text(digest, text);
}

static dp_status write_file(const dp_net *net, const char *path, const char *text, size_t n,
                            dp_error *err)
{
    saving s = {.options = &net->handle.options, .total = data_size(net), .err = err};
    dp_status status = dp_writer_open(&s.writer, path, err);

    if (status != DP_OK)
        return status;
    dp_safetensors_put_header(&s.writer, text, n);
    status = each_block(net, put_file, &s);
    if (status == DP_OK)
        return dp_writer_commit(&s.writer, err);
    dp_writer_cancel(&s.writer);
    return status;
}

dp_status dp_net_save(dp_net *net, const char *path, dp_error *err)
{
    dp_arena arena = {0};
    char digest[33], *text;
    header h = {net, 0, digest, NULL};
    size_t n;
    dp_status status;

    if (net == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_save: %s is NULL", net == NULL ? "the net" : "path");
    arena.alloc = net->handle.options.alloc;
    h.step = net->step;
    h.note = net->note;
    digest_of(net, digest);
    text = dp_out_arena(&arena, print_header, &h, &n);
    status = text != NULL ? write_file(net, path, text, n, err)
                          : dp_arena_fail(&arena, err, "a checkpoint");
    dp_arena_free(&arena);
    return status;
}

/* ---- reading: everything is checked before anything is changed ---- */

enum { FORMAT_NAME, STEP, NOTE, DIGEST };

typedef struct reading {
    dp_net *net;
    dp_file file;
    const char *path;
    dp_arena arena;
    dp_archive archive;
    dp_safetensors_meta meta[DIGEST + 2];
    uint8_t *bytes; /* of the file */
    uint64_t data;  /* where the data section begins */
    uint64_t step;
    const char *note;
    dp_error *err;
} reading;

static dp_status bad_file(const reading *r, const char *why)
{
    return dp_fail(r->err, DP_ECORRUPT, "%.120s: %s", r->path, why);
}

static dp_status read_header(reading *r)
{
    dp_status status = dp_file_read_whole(&r->file, r->path, &r->arena, &r->net->handle.options,
                                          &r->bytes, r->err);
    uint64_t n;

    if (status != DP_OK)
        return status;
    if (r->file.size < 8)
        return bad_file(r, "the file ends too early");
    n = dp_load_le(r->bytes, 8);
    if (n > DP_MAX_SAFETENSORS_HEADER || n + 8 > r->file.size)
        return bad_file(r, "no .safetensors file: its header's length is impossible");
    r->data = 8 + n;
    r->archive = (dp_archive){.arena = &r->arena, .path = r->path, .err = r->err};
    return dp_safetensors_parse(&r->archive, (const char *)r->bytes + 8, (size_t)n,
                                r->bytes + r->data, r->file.size - r->data, r->meta);
}

static dp_status read_meta(reading *r)
{
    const char *format = r->meta[FORMAT_NAME].value, *step = r->meta[STEP].value;
    uint64_t value = 0;

    if (format == NULL || strcmp(format, FORMAT) != 0)
        return bad_file(r, "its format is not " FORMAT);
    if (step == NULL || step[0] == '\0' || strlen(step) > 18)
        return bad_file(r, "global_step is not a number");
    for (; *step != '\0'; step++) {
        if (*step < '0' || *step > '9')
            return bad_file(r, "global_step is not a number");
        value = value * 10 + (uint64_t)(*step - '0');
    }
    r->step = value;
    r->note = r->meta[NOTE].value != NULL ? r->meta[NOTE].value : "";
    return dp_net_is_note(r->note) ? DP_OK : bad_file(r, "its note is not one");
}

/* Adds one complaint to a message that lists all of them. */
static void complain(dp_out *out, const char *what, const char *name)
{
    dp_out_text(out, out->length == 0 ? "" : ", ");
    dp_out_text(out, what);
    dp_out_text(out, name);
}

static void check_entry(const reading *r, const entry *e, int64_t *offset, dp_out *complaints)
{
    char name[256];
    const dp_named_tensor *t;
    const uint64_t place = (uint64_t)*offset;

    name_of(e, name, sizeof name);
    t = dp_archive_find(&r->archive, name);
    *offset += 4 * e->p->count;
    if (t == NULL)
        complain(complaints, "missing ", name);
    else if (strcmp(t->type, "float32") != 0)
        complain(complaints, "another type: ", name);
    else if (t->rank != e->p->value.rank ||
             memcmp(t->shape, e->p->value.shape, sizeof *t->shape * (size_t)t->rank) != 0)
        complain(complaints, "another shape: ", name);
    else if (t->data != r->bytes + r->data + place)
        complain(complaints, "another place: ", name);
}

static bool expected_name(const dp_net *net, const char *name)
{
    char own[256];
    entry e;

    for (uint32_t i = 0; entry_at(net, i, &e); i++) {
        name_of(&e, own, sizeof own);
        if (strcmp(own, name) == 0)
            return true;
    }
    return false;
}

static dp_status check_tensors(const reading *r)
{
    char text[200];
    dp_out complaints = {text, sizeof text, 0};
    int64_t offset = 0;
    uint32_t n = 0;
    entry e;

    for (; entry_at(r->net, n, &e); n++)
        check_entry(r, &e, &offset, &complaints);
    for (size_t i = 0; i < r->archive.n; i++) {
        if (!expected_name(r->net, r->archive.tensors[i].name))
            complain(&complaints, "extra ", r->archive.tensors[i].name);
    }
    if (complaints.length == 0 && r->archive.n != n)
        complain(&complaints, "a name appears twice", "");
    if (complaints.length != 0)
        return dp_fail(r->err, DP_ESTATE, "not this net's: %s%s", text,
                       complaints.length >= sizeof text ? " ..." : "");
    return r->data + (uint64_t)offset == r->file.size
               ? DP_OK
               : bad_file(r, "its size is not what its header says");
}

static dp_status check_header(reading *r)
{
    const char *digest = r->meta[DIGEST].value;
    const header h = {r->net, r->step, digest != NULL ? digest : "", r->note};
    size_t n;
    const char *own = dp_out_arena(&r->arena, print_header, &h, &n);

    if (own == NULL)
        return dp_arena_fail(&r->arena, r->err, "a checkpoint");
    return n == r->data - 8 && memcmp(own, r->bytes + 8, n) == 0
               ? DP_OK
               : bad_file(r, "its header is damaged");
}

/* All tensors, checked against the digest, then into the net. */
static dp_status take_data(const reading *r)
{
    const size_t size = (size_t)(r->file.size - r->data);
    const uint8_t *bytes = r->bytes + r->data;
    const char *expected = r->meta[DIGEST].value;
    uint8_t digest[16];
    char text[33];
    size_t at = 0;
    dp_hash h;
    entry e;

    dp_hash_init(&h);
    dp_hash_u64(&h, r->step);
    dp_hash_bytes(&h, r->note, strlen(r->note));
    dp_hash_bytes(&h, bytes, size);
    dp_hash_final(&h, digest);
    dp_digest_text(digest, text);
    if (expected == NULL || strcmp(expected, text) != 0)
        return bad_file(r, "the data is damaged: its digest does not match");
    for (uint32_t i = 0; entry_at(r->net, i, &e); i++) {
        for (int64_t j = 0; j < e.p->count; j++, at += 4) {
            const uint32_t bits = (uint32_t)dp_load_le(bytes + at, 4);
            memcpy(&e.data[j], &bits, 4);
        }
    }
    return DP_OK;
}

/* Not by the format's name alone: one flipped bit must not turn it into another program's.  A file
 * whose header is none is another program's; one that cannot be read is nobody's. */
static dp_status find_owner(reading *r, bool *own)
{
    const dp_status status = read_header(r);
    const char *format;

    *own = false;
    if (status != DP_OK)
        return status == DP_ECORRUPT ? DP_OK : status;
    format = r->meta[FORMAT_NAME].value;
    *own = r->meta[DIGEST].value != NULL || (format != NULL && strcmp(format, FORMAT) == 0);
    return DP_OK;
}

static dp_status read_own(reading *r)
{
    dp_status status = read_meta(r);

    if (status == DP_OK)
        status = check_tensors(r);
    if (status == DP_OK)
        status = check_header(r);
    if (status == DP_OK)
        status = take_data(r);
    if (status == DP_OK) {
        r->net->step = r->step;
        memcpy(r->net->note, r->note, strlen(r->note) + 1);
    }
    return status;
}

dp_status dp_net_load(dp_net *net, const char *path, dp_error *err)
{
    reading r = {.net = net,
                 .file = {.fd = -1},
                 .path = path,
                 .meta = {[FORMAT_NAME] = {.key = "format"},
                          [STEP] = {.key = "global_step"},
                          [NOTE] = {.key = "note"},
                          [DIGEST] = {.key = "xxh3_128"}},
                 .err = err};
    dp_status status;
    bool own;

    if (net == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_load: %s is NULL", net == NULL ? "the net" : "path");
    r.arena.alloc = net->handle.options.alloc;
    status = dp_file_open(path, &r.file, err);
    if (status == DP_OK)
        status = find_owner(&r, &own);
    if (status == DP_OK && own)
        status = read_own(&r);
    dp_arena_free(&r.arena);
    if (status == DP_OK && !own)
        status = dp_net_load_weights(net, path, err);
    if (status == DP_OK)
        net->stepped = net->agreed = false;
    dp_file_close(&r.file);
    return status;
}
