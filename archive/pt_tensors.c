/* pt_tensors.c - the tensors of a pickled object of PyTorch's
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * torch._utils: _rebuild_tensor(storage, offset, size, stride), _v2(..., requires_grad, hooks,
 * metadata), _v3(..., requires_grad, hooks, dtype, metadata); _rebuild_parameter(tensor, ...).
 * A storage is the persistent id ("storage", class, key, device, elements, view).
 */
#include "archive/pt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "base/status.h"

#define MOST_NESTED 64 /* dictionaries and lists in one another */

/* Bytes of views that are copied: one of few elements may have any shape. */
#define MOST_VIEWS(file_size) (64 * ((file_size) + ((uint64_t)1 << 20)))

static const char *const names[] = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_parameter_with_state",
    "torch.storage UntypedStorage",
    "torch DoubleStorage",
    "torch FloatStorage",
    "torch HalfStorage",
    "torch BFloat16Storage",
    "torch LongStorage",
    "torch IntStorage",
    "torch ShortStorage",
    "torch CharStorage",
    "torch ByteStorage",
    "torch BoolStorage",
    "torch float64",
    "torch float32",
    "torch float16",
    "torch bfloat16",
    "torch int64",
    "torch int32",
    "torch int16",
    "torch int8",
    "torch uint64",
    "torch uint32",
    "torch uint16",
    "torch uint8",
    "torch bool",
    "torch float8_e4m3fn",
    "torch float8_e5m2",
    "torch Size",
    "torch device",
    "_codecs encode",
    "__builtin__ bytes",
    /* not read: named, so that the refusal has the tensor's name */
    "torch._utils _rebuild_sparse_tensor",
    "torch._utils _rebuild_qtensor",
    "torch._utils _rebuild_meta_tensor_no_storage",
    "torch._tensor _rebuild_from_type_v2",
    "torch.serialization _get_layout",
    "torch Tensor",
    "torch.nn.parameter Parameter",
    "torch per_tensor_affine",
    "torch per_channel_affine",
    "torch QInt8Storage",
    "torch QUInt8Storage",
    "torch QInt32Storage",
    "torch ComplexFloatStorage",
    "torch ComplexDoubleStorage",
    "torch complex32",
    "torch complex64",
    "torch complex128",
    "torch float8_e4m3fnuz",
    "torch float8_e5m2fnuz",
    "torch float8_e8m0fnu",
    "torch float4_e2m1fn_x2",
    NULL,
};
const dp_pickle_names dp_pt_names = {names, "a file of tensors (model.state_dict())"};

/* The dotted name of what is looked at. */
typedef struct path {
    char text[DP_MAX_TENSOR_NAME + 1];
    size_t n;
} path;

/* A tensor's name ends in what tells it from others. */
static dp_status bad(const dp_pt *p, const path *at, const char *what)
{
    const size_t cut = at->n > 60 ? at->n - 60 : 0;

    return dp_archive_corrupt(p->archive, "%s %s", at->n > 0 ? at->text + cut : "the object", what);
}

/* ---- storages ---- */

/* The element of a storage's class: "torch FloatStorage". */
static bool find_class(const dp_pickled *name, const dp_element **out)
{
    *out = NULL;
    if (name->kind != DP_PICKLE_NAME)
        return false;
    if (dp_pickle_is_name(name, "torch.storage UntypedStorage"))
        return true;
    if (dp_pickle_is_text(name->items[0], "torch", 5))
        *out = dp_element_find(offsetof(dp_element, storage), (const char *)name->items[1]->bytes,
                               name->items[1]->size);
    return *out != NULL;
}

static dp_status bad_type(const dp_pt *p, const path *at, const dp_pickled *name)
{
    char what[140];

    if (name->kind != DP_PICKLE_NAME)
        return bad(p, at, "has no type");
    snprintf(what, sizeof what, "is of type %s, which is not read", dp_pickle_show(name).text);
    return bad(p, at, what);
}

static dp_status add_storage(dp_pt *p, const path *at, const dp_pickled *reference)
{
    const dp_pickled *id = reference->items[0];
    dp_pt_storage s = {0};
    uint64_t count;

    if (id->kind != DP_PICKLE_LIST || id->n < 5 || !dp_pickle_is_text(id->items[0], "storage", 7) ||
        id->items[2]->kind != DP_PICKLE_BYTES || id->items[4]->kind != DP_PICKLE_INT ||
        id->items[4]->number < 0 || (id->n > 5 && id->items[5]->kind != DP_PICKLE_NONE))
        return bad(p, at, "lies in no storage that PyTorch writes");
    if (!find_class(id->items[1], &s.element))
        return bad_type(p, at, id->items[1]);
    s.key = id->items[2]->bytes;
    s.key_size = id->items[2]->size;
    count = (uint64_t)id->items[4]->number;
    if (__builtin_mul_overflow(count, s.element != NULL ? s.element->size : 1, &s.size))
        return bad(p, at, "lies in a storage that is larger than any");
    if (p->n_storages == p->storages_room) {
        dp_pt_storage *more = dp_arena_grow(p->arena, p->storages, p->n_storages, sizeof *more,
                                            &p->storages_room, 64);
        if (more == NULL)
            return dp_arena_fail(p->arena, p->archive->err, "storages");
        p->storages = more;
    }
    p->storages[p->n_storages++] = s;
    return DP_OK;
}

static int by_key(const void *x, const void *y)
{
    const dp_pt_storage *a = x, *b = y;
    const size_t n = a->key_size < b->key_size ? a->key_size : b->key_size;
    const int order = n > 0 ? memcmp(a->key, b->key, n) : 0;

    return order != 0 ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

dp_pt_storage *dp_pt_find(const dp_pt *p, const uint8_t *key, size_t size)
{
    const dp_pt_storage wanted = {.key = key, .key_size = size};

    return p->n_storages > 0 ? bsearch(&wanted, p->storages, p->n_storages, sizeof wanted, by_key)
                             : NULL;
}

/* ---- tensors ---- */

static bool take_numbers(const dp_pickled *list, int64_t out[DP_MAX_RANK], int32_t *n)
{
    if (list->kind != DP_PICKLE_LIST || list->n > DP_MAX_RANK)
        return false;
    *n = (int32_t)list->n;
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->items[i]->kind != DP_PICKLE_INT || list->items[i]->number < 0)
            return false;
        out[i] = list->items[i]->number;
    }
    return true;
}

/* The type: that of the last storage, or of version 3 its own. */
static dp_status take_type(const dp_pt *p, const path *at, const dp_pickled *dtype, dp_pt_tensor *t)
{
    const dp_pickled *word =
        dtype != NULL && dtype->kind == DP_PICKLE_NAME ? dtype->items[1] : NULL;

    t->element = p->storages[p->n_storages - 1].element;
    if (word != NULL)
        t->element =
            dp_element_find(offsetof(dp_element, name), (const char *)word->bytes, word->size);
    if (t->element != NULL)
        return DP_OK;
    return word != NULL ? bad_type(p, at, dtype) : bad(p, at, "has no type");
}

static dp_status keep(dp_pt *p, const path *at, dp_pt_tensor t)
{
    const char *name = at->n > 0 ? at->text : "tensor";

    t.name_size = strlen(name);
    t.name = dp_arena_text(p->arena, name, t.name_size);
    if (p->n == p->room) {
        dp_pt_tensor *more = dp_arena_grow(p->arena, p->tensors, p->n, sizeof *more, &p->room, 64);
        if (more == NULL)
            return dp_arena_fail(p->arena, p->archive->err, "tensors");
        p->tensors = more;
    }
    if (t.name == NULL)
        return dp_arena_fail(p->arena, p->archive->err, "tensors");
    p->tensors[p->n++] = t;
    return DP_OK;
}

static dp_status add_tensor(dp_pt *p, const path *at, const dp_pickled *arguments, int version)
{
    struct dp_pickled **v = arguments->items;
    const uint32_t least = version == 3 ? 7 : 4, metadata = version == 3 ? 7 : 6;
    dp_pt_tensor t = {0};
    int32_t rank;
    dp_status status;

    if (arguments->n < least || v[0]->kind != DP_PICKLE_REFERENCE || v[1]->kind != DP_PICKLE_INT ||
        v[1]->number < 0 || !take_numbers(v[2], t.shape, &t.rank) ||
        !take_numbers(v[3], t.strides, &rank) || rank != t.rank)
        return bad(p, at, "is not a tensor that PyTorch writes (of 0 to 8 dimensions)");
    if (arguments->n > metadata && v[metadata]->kind == DP_PICKLE_DICT && v[metadata]->n > 0)
        return bad(p, at, "is a conjugated or negated view: clone() before torch.save");
    status = add_storage(p, at, v[0]);
    if (status == DP_OK)
        status = take_type(p, at, version == 3 ? v[6] : NULL, &t);
    if (status != DP_OK)
        return status;
    t.offset = v[1]->number;
    t.key = p->storages[p->n_storages - 1].key;
    t.key_size = p->storages[p->n_storages - 1].key_size;
    return keep(p, at, t);
}

/* A call: of a tensor, a parameter, or something that is not a tensor. */
static dp_status visit_call(dp_pt *p, const path *at, const dp_pickled *v)
{
    static const char *const tensors[] = {"_rebuild_tensor", "_rebuild_tensor_v2",
                                          "_rebuild_tensor_v3"};
    static const char *const parameters[] = {"_rebuild_parameter", "_rebuild_parameter_with_state"};
    char what[140];

    for (int nested = 0; nested < 2 && dp_pickle_is_text(v->items[0]->items[0], "torch._utils", 12);
         nested++) {
        const dp_pickled *called = v->items[0]->items[1], *arguments = v->items[1];
        for (int i = 0; i < 3; i++) {
            if (dp_pickle_is_text(called, tensors[i], strlen(tensors[i])))
                return add_tensor(p, at, arguments, i + 1);
        }
        for (int i = 0; i < 2; i++) {
            if (dp_pickle_is_text(called, parameters[i], strlen(parameters[i])) &&
                arguments->n > 0 && arguments->items[0]->kind == DP_PICKLE_OBJECT)
                v = arguments->items[0];
        }
    }
    if (dp_pickle_is_name(v->items[0], "torch Size") ||
        dp_pickle_is_name(v->items[0], "torch device"))
        return DP_OK;
    snprintf(what, sizeof what, "is made by %s, which is not read",
             dp_pickle_show(v->items[0]).text);
    return bad(p, at, what);
}

/* ---- containers ---- */

static dp_status visit(dp_pt *, path *, const dp_pickled *, int depth);

/* Goes one name deeper, and back. */
static dp_status visit_named(dp_pt *p, path *at, const char *name, size_t n,
                             const dp_pickled *value, int depth)
{
    const size_t before = at->n, dot = before > 0;
    dp_status status;

    if (before + dot + n > DP_MAX_TENSOR_NAME)
        return dp_archive_corrupt(p->archive, "a name of more than %d bytes", DP_MAX_TENSOR_NAME);
    if (!dp_archive_is_name(name, n))
        return bad(p, at, "has a key that is not a printable name");
    if (dot)
        at->text[at->n++] = '.';
    memcpy(at->text + at->n, name, n);
    at->n += n;
    at->text[at->n] = '\0';
    status = visit(p, at, value, depth + 1);
    at->n = before;
    at->text[before] = '\0';
    return status;
}

static dp_status visit_number(dp_pt *p, path *at, int64_t number, const dp_pickled *value,
                              int depth)
{
    char name[24];
    const int n = snprintf(name, sizeof name, "%lld", (long long)number);

    return visit_named(p, at, name, (size_t)n, value, depth);
}

static bool may_hold(const dp_pickled *v)
{
    return v->kind == DP_PICKLE_LIST || v->kind == DP_PICKLE_DICT || v->kind == DP_PICKLE_OBJECT ||
           v->kind == DP_PICKLE_REFERENCE;
}

static dp_status visit_pair(dp_pt *p, path *at, const dp_pickled *key, const dp_pickled *value,
                            int depth)
{
    if (!may_hold(value))
        return DP_OK;
    if (key->kind == DP_PICKLE_BYTES)
        return visit_named(p, at, (const char *)key->bytes, key->size, value, depth);
    if (key->kind == DP_PICKLE_INT)
        return visit_number(p, at, key->number, value, depth);
    return bad(p, at, "has a key that is neither a text nor a whole number");
}

static dp_status visit(dp_pt *p, path *at, const dp_pickled *v, int depth)
{
    dp_status status = DP_OK;

    if (depth > MOST_NESTED || ++p->visited > DP_MOST_PICKLED)
        return bad(p, at,
                   depth > MOST_NESTED ? "is nested too deeply (64), or holds itself"
                                       : "has too many values (2097152)");
    switch (v->kind) {
    case DP_PICKLE_LIST:
        for (uint32_t i = 0; i < v->n && status == DP_OK; i++) {
            if (may_hold(v->items[i]))
                status = visit_number(p, at, i, v->items[i], depth);
        }
        return status;
    case DP_PICKLE_DICT:
        for (uint32_t i = 0; i + 1 < v->n && status == DP_OK; i += 2)
            status = visit_pair(p, at, v->items[i], v->items[i + 1], depth);
        return status;
    case DP_PICKLE_OBJECT: return visit_call(p, at, v);
    case DP_PICKLE_REFERENCE: return add_storage(p, at, v);
    default: return DP_OK;
    }
}

/* Sorts the storages and leaves each once. */
static dp_status merge_storages(dp_pt *p)
{
    size_t kept = 0;

    if (p->n_storages > 0)
        qsort(p->storages, p->n_storages, sizeof *p->storages, by_key);
    for (size_t i = 0; i < p->n_storages; i++) {
        if (kept == 0 || by_key(&p->storages[kept - 1], &p->storages[i]) != 0)
            p->storages[kept++] = p->storages[i];
        else if (p->storages[kept - 1].size != p->storages[i].size)
            return dp_archive_corrupt(p->archive, "two tensors share a storage that has two sizes");
    }
    p->n_storages = kept;
    return DP_OK;
}

dp_status dp_pt_collect(dp_pt *p, const dp_pickled *root)
{
    path at = {"", 0};
    const dp_status status = visit(p, &at, root, 0);

    return status == DP_OK ? merge_storages(p) : status;
}

/* ---- their bytes ---- */

/* For messages, which reach terminals. */
typedef struct shown_key {
    char text[24];
} shown_key;
static shown_key show_key(const dp_pt_tensor *t)
{
    shown_key out = {""};

    for (size_t i = 0; i < t->key_size && i + 1 < sizeof out.text; i++)
        out.text[i] = (char)(t->key[i] > ' ' && t->key[i] <= '~' ? t->key[i] : '?');
    return out;
}

/* Elements; false when that is not a number. */
static bool count_of(const dp_pt_tensor *t, uint64_t *count)
{
    *count = 1;
    for (int32_t d = 0; d < t->rank; d++) {
        if (__builtin_mul_overflow(*count, (uint64_t)t->shape[d], count))
            return false;
    }
    return *count <= INT64_MAX;
}

/* Whether every element lies in the storage. */
static bool is_inside(const dp_pt_tensor *t, const dp_pt_storage *s, uint64_t count)
{
    uint64_t last = (uint64_t)t->offset, step;

    for (int32_t d = 0; count > 0 && d < t->rank; d++) {
        if (__builtin_mul_overflow((uint64_t)t->shape[d] - 1, (uint64_t)t->strides[d], &step) ||
            __builtin_add_overflow(last, step, &last))
            return false;
    }
    return count == 0 || last < s->size / t->element->size;
}

/* Whether the elements lie one behind the other, the last index running fastest. */
static bool is_contiguous(const dp_pt_tensor *t)
{
    int64_t stride = 1;

    for (int32_t d = t->rank; d-- > 0;) {
        if (t->shape[d] != 1 && t->strides[d] != stride)
            return false;
        stride *= t->shape[d];
    }
    return true;
}

static dp_status add(dp_pt *p, const dp_pt_tensor *t, uint64_t size, bool big)
{
    const dp_pt_storage *s = dp_pt_find(p, t->key, t->key_size);
    dp_archive *a = p->archive;
    dp_named_tensor named = {.rank = t->rank};
    uint64_t count;
    dp_status status;

    if (s->data == NULL)
        return dp_archive_corrupt(a, "%.60s: its storage, data/%s, is not there", t->name,
                                  show_key(t).text);
    if (!count_of(t, &count) || !is_inside(t, s, count) ||
        __builtin_mul_overflow(count, t->element->size, &named.size))
        return dp_archive_corrupt(a, "%.60s: its %s elements reach past its storage, data/%s",
                                  t->name, t->element->name, show_key(t).text);
    memcpy(named.shape, t->shape, sizeof named.shape);
    named.data = s->data + (count > 0 ? (size_t)t->offset * t->element->size : 0);
    status = dp_archive_add(a, t->name, t->name_size, t->element, named);
    if (status != DP_OK || count == 0 || (is_contiguous(t) && !big))
        return status;
    p->copied += named.size;
    if (named.size > MOST_VIEWS(size) || p->copied > MOST_VIEWS(size))
        return dp_archive_corrupt(a, "%.60s: its views are more than 64 times the file", t->name);
    return dp_archive_gather(a, &a->tensors[a->n - 1], t->strides, big);
}

dp_status dp_pt_add(dp_pt *p, uint64_t size, bool big)
{
    dp_status status = DP_OK;

    for (size_t i = 0; i < p->n && status == DP_OK; i++) {
        status = add(p, &p->tensors[i], size, big);
        if (status == DP_OK)
            status = dp_progress(p->archive->options, "tensors", i + 1, p->n, p->archive->err);
    }
    return status;
}
