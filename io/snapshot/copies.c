/* copies.c - a snapshot and its mirrors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/snapshot/copies.h"

#include <string.h>

#include "base/options.h"
#include "io/remote/pages.h"
#include "io/snapshot/seal.h"

/* The seal has to have the digest that the text names; the first copy's is good for all. */
static dp_status check_seal(dp_copies *c, dp_snapshot_file *f, const char *wanted, dp_error *err)
{
    uint8_t digest[DP_BLAKE], *seal;
    char text[2 * DP_BLAKE + 1];
    dp_status status;

    f->seal = c->n > 0 ? c->files[0].seal : NULL;
    if (f->seal != NULL)
        return DP_OK;
    status = dp_seal_load(f, c->opener, &seal, digest, err);
    if (status != DP_OK)
        return status;
    dp_seal_text(digest, text);
    if (strcmp(text, wanted) != 0)
        return dp_fail(err, DP_ECORRUPT,
                       "%.100s is another snapshot: its digest is %.16s..., not "
                       "%.16s...",
                       f->path, text, wanted);
    f->seal = seal;
    return DP_OK;
}

/* Header and footer say it: the key is a hash of the one, the content one of all records. */
static bool is_same(const dp_snapshot_file *a, const dp_snapshot_file *b)
{
    return a->header.size == b->header.size && memcmp(a->head, b->head, a->header.size) == 0 &&
           memcmp(a->footer.content, b->footer.content, sizeof a->footer.content) == 0;
}

static dp_status open_copy(dp_copies *c, const char *path, const dp_copy_names *names,
                           dp_error *err)
{
    dp_snapshot_file *f = &c->files[c->n];
    dp_status status = dp_snapshot_file_open(f, path, c->opener, err);

    if (status != DP_OK)
        return status;
    if (!f->complete)
        status = dp_fail(err, DP_ECORRUPT,
                         "%.120s is not complete: it was cut, or its footer is damaged "
                         "(`detpipe snapshot check` says more)",
                         path);
    if (status == DP_OK && names->digest[0] != '\0')
        status = check_seal(c, f, names->digest, err);
    if (status == DP_OK && c->n > 0 && !is_same(f, &c->files[0]))
        status = dp_fail(err, DP_ECORRUPT, "%.100s is another snapshot than %.100s", path,
                         c->files[0].path);
    if (status == DP_OK)
        status = dp_snapshot_load_index(f, c->opener->arena, err);
    f->thorough = f->main.far != NULL || names->mirrors[0] != '\0';
    if (status != DP_OK)
        dp_snapshot_file_close(f);
    else
        c->n++;
    return status;
}

/* The names one after the other; NULL behind the last. */
static const char *next_name(const char **rest, const dp_options *options, dp_arena *arena,
                             bool *failed)
{
    const size_t n = *rest != NULL ? strcspn(*rest, ",") : 0;
    const char *name, *path;

    if (*rest == NULL || **rest == '\0')
        return NULL;
    name = dp_arena_text(arena, *rest, n);
    *rest = (*rest)[n] == ',' ? *rest + n + 1 : NULL;
    path = name != NULL ? dp_path_join(arena, options->root, name) : NULL;
    *failed = path == NULL;
    return path;
}

static dp_status open_mirrors(dp_copies *c, const dp_copy_names *names, dp_error *first)
{
    const dp_options *options = c->opener->options;
    const char *rest = names->mirrors, *path;
    bool failed = false;
    dp_error why;

    while ((path = next_name(&rest, options, c->opener->arena, &failed)) != NULL) {
        if (c->n == DP_MAX_COPIES)
            return dp_fail(first, DP_ELIMIT, "a snapshot has at most %d mirrors",
                           DP_MAX_COPIES - 1);
        const dp_status status = open_copy(c, path, names, &why);
        if (status == DP_ENOMEM || status == DP_ELIMIT || status == DP_ESPEC) {
            *first = why;
            return status;
        }
        if (status != DP_OK)
            dp_log(options, "warning: a mirror is left out: %s", why.message);
    }
    return failed ? dp_arena_fail(c->opener->arena, first, "a mirror") : DP_OK;
}

static bool may_be_elsewhere(dp_status status) { return status == DP_EIO || status == DP_ECORRUPT; }

dp_status dp_copies_open(dp_copies *c, const dp_copy_names *names, dp_opener *opener, dp_error *err)
{
    const dp_options *options = opener->options;
    dp_arena *arena = opener->arena;
    const char *path = dp_path_join(arena, options->root, names->file);
    uint8_t digest[DP_BLAKE];
    dp_error first, more;
    dp_status status = DP_OK, mirrors = DP_OK;

    c->cache.folder = -1;
    if (names->digest[0] != '\0' && !dp_seal_parse(names->digest, digest))
        return dp_fail(err, DP_ESPEC,
                       "digest= is 64 hexadecimal digits, as `detpipe snapshot "
                       "seal` prints them");
    c->opener = opener;
    opener->any_version = names->digest[0] != '\0';
    opener->blocks = true;
    c->files = dp_arena_alloc(arena, DP_MAX_COPIES, sizeof *c->files);
    c->asked = dp_arena_alloc(arena, 1, sizeof *c->asked);
    if (path == NULL || c->files == NULL || c->asked == NULL)
        return dp_arena_fail(arena, err, "snapshot");
    status = dp_local_cache_open(&c->cache, options, arena, err);
    if (status != DP_OK)
        return status;
    status = open_copy(c, path, names, &first);
    if (status == DP_OK || may_be_elsewhere(status))
        mirrors = open_mirrors(c, names, &more);
    if (status != DP_OK && c->n > 0 && mirrors == DP_OK) {
        dp_log(options, "warning: a mirror is read: %s", first.message);
        return DP_OK;
    }
    if (err != NULL)
        *err = status != DP_OK ? first : more;
    return status != DP_OK ? status : mirrors;
}

void dp_copies_close(dp_copies *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        dp_snapshot_file_close(&c->files[i]);
    dp_local_cache_close(&c->cache);
}

static dp_status load(const dp_copies *c, const dp_block *b, dp_fetch *begun,
                      const dp_block_place *to, dp_error *err)
{
    const uint32_t from = begun != NULL ? begun->from : atomic_load(c->asked);
    dp_error later;
    dp_status status = dp_snapshot_load(&c->files[from], b, begun, to, err);

    for (uint32_t i = 1; i < c->n && may_be_elsewhere(status); i++) {
        const uint32_t k = (from + i) % c->n;
        const dp_status other = dp_snapshot_load(&c->files[k], b, NULL, to, &later);
        if (other == DP_OK) {
            atomic_store(c->asked, k);
            status = DP_OK;
        }
    }
    return status;
}

/* What a block is called in the cache: where there is no seal to say its digest, by the version of
 * the first copy.  False = it is not kept. */
static bool name_of(const dp_copies *c, const dp_block *b, dp_local_name *out)
{
    const uint8_t *digest = dp_seal_digest(&c->files[0], b);

    if (c->cache.folder < 0 || c->files[atomic_load(c->asked)].main.far == NULL)
        return false;
    if (digest == NULL)
        return dp_pages_block(&c->files[0].main, b->number, out);
    *out = (dp_local_name){.sum = true};
    memcpy(out->digest, digest, sizeof out->digest);
    return true;
}

dp_status dp_copies_load(const dp_copies *c, const dp_block *b, dp_fetch *begun,
                         const dp_block_place *to, dp_error *err)
{
    const dp_snapshot_header *h = &c->files[0].header;
    dp_local_name name;
    const bool kept = name_of(c, b, &name);
    size_t size;
    dp_status status;

    if (begun == NULL && kept &&
        dp_local_cache_get(&c->cache, &name, to->bytes, dp_block_most(h), &size) &&
        dp_block_open(h, b, to->bytes, size, to->room, to->view) == NULL)
        return DP_OK;
    status = load(c, b, begun, to, err);
    if (status == DP_OK && kept)
        dp_local_cache_put(&c->cache, &name, to->bytes, dp_block_size(h, b, to->bytes));
    return status;
}

bool dp_copies_are_far(const dp_copies *c, const dp_block *b)
{
    dp_local_name name;

    return c->files[atomic_load(c->asked)].main.far != NULL &&
           !(name_of(c, b, &name) && dp_local_cache_has(&c->cache, &name));
}

bool dp_copies_begin(const dp_copies *c, const dp_block *b, uint8_t *bytes, dp_fetch *fetch)
{
    const uint32_t from = atomic_load(c->asked);
    const bool begun = dp_snapshot_begin(&c->files[from], b, bytes, fetch);

    fetch->from = from;
    return begun;
}
