/* pages.c - far files by pages: kept in memory, and in the local cache
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/pages.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/options.h"
#include "base/status.h"
#include "io/remote/blocks.h"

#define PAGE   ((size_t)1 << 16)
#define MOST   1024 /* pages in memory */
#define FEW    16
#define GROUP  8  /* pages that are begun at a time, of a file that is read one after the other */
#define NUMBER 44 /* bits of a page's number in its file; before it is the number of the file */

struct dp_pages {
    dp_arena *arena;
    const dp_options *options;
    dp_block_cache *blocks;
    dp_local_cache cache;
    dp_far_file **files;
    size_t n, room;
    bool alone;             /* no server answered: what the cache knows of is not asked for */
    bool anew;              /* the cache is written, and not read */
    _Atomic uint32_t *kept; /* a page was taken of it */
};

/* ---- names in the local cache ---- */

enum { ABOUT, CONTENT, BLOCK }; /* what is kept: size and version, a page, a reader's own block */

static dp_local_name name_of(int kind, const uint8_t *of, size_t n, uint64_t number)
{
    dp_local_name name = {.sum = false};
    uint8_t words[16];
    dp_blake b;

    dp_store_le(words, 8, (uint64_t)kind);
    dp_store_le(words + 8, 8, number);
    dp_blake_start(&b);
    dp_blake_add(&b, words, sizeof words);
    dp_blake_add(&b, of, n);
    dp_blake_end(&b, name.digest);
    return name;
}

static dp_local_name about_of(const char *url)
{
    return name_of(ABOUT, (const uint8_t *)url, strlen(url), 0);
}

static dp_local_name page_of(const dp_far_file *f, uint64_t page)
{
    return name_of(CONTENT, f->name, sizeof f->name, page);
}

static void name_file(dp_far_file *f, const char *url)
{
    uint8_t words[16];
    dp_blake b;

    dp_store_le(words, 8, f->size);
    dp_store_le(words + 8, 8, f->pin);
    dp_blake_start(&b);
    dp_blake_add(&b, words, sizeof words);
    dp_blake_add(&b, url, strlen(url));
    dp_blake_end(&b, f->name);
}

bool dp_pages_block(const dp_file *file, uint64_t number, dp_local_name *out)
{
    const dp_far_file *f = (const dp_far_file *)(const void *)file->far;

    if (f == NULL || f->pin == 0 || f->version != f->pin)
        return false;
    *out = name_of(BLOCK, f->name, sizeof f->name, number);
    return true;
}

/* ---- a page ---- */

static size_t size_of(const dp_far_file *f, uint64_t page)
{
    const uint64_t left = f->size - page * PAGE;

    return f->size == 0 || left > PAGE ? PAGE : (size_t)left;
}

static const dp_far_file *file_of(const dp_pages *p, uint64_t block)
{
    return p->files[block >> NUMBER];
}

static uint64_t number_of(uint64_t block) { return block & (((uint64_t)1 << NUMBER) - 1); }

/* What it is called in the local cache; false = there is none, or the version is not known. */
static bool name_page(const dp_pages *p, const dp_far_file *f, uint64_t page, dp_local_name *out)
{
    if (p->cache.folder < 0 || f->pin == 0)
        return false;
    *out = page_of(f, page);
    return true;
}

static bool is_far(const void *ctx, uint64_t block)
{
    const dp_pages *p = ctx;
    dp_local_name name;

    return p->anew || !name_page(p, file_of(p, block), number_of(block), &name) ||
           !dp_local_cache_has(&p->cache, &name);
}

static void set_fetch(const dp_far_file *f, uint64_t page, dp_block_slot *s)
{
    s->fetch = (dp_fetch){.far = &f->far,
                          .at = page * PAGE,
                          .n = size_of(f, page),
                          .out = s->memory,
                          .said = &s->said};
}

static bool begin_page(const void *ctx, uint64_t block, dp_block_slot *s)
{
    set_fetch(file_of(ctx, block), number_of(block), s);
    dp_fetch_start(&s->fetch);
    return true;
}

/* A version that may be any is kept under that which it had. */
static dp_status fetch_page(const dp_pages *p, const dp_far_file *f, uint64_t page,
                            dp_block_slot *s)
{
    dp_local_name name;
    int error;

    if (!s->begun)
        set_fetch(f, page, s);
    error = s->begun ? dp_fetch_wait(&s->fetch) : dp_fetch_now(&s->fetch);
    if (error == 0 && dp_answer_version(&s->said) == f->pin && name_page(p, f, page, &name))
        dp_local_cache_put(&p->cache, &name, s->memory, s->fetch.n);
    return error == 0 ? DP_OK : DP_EIO;
}

/* The error of a fetch stands in err->record. */
static dp_status load_page(const void *ctx, uint64_t block, dp_block_slot *s, dp_error *err)
{
    const dp_pages *p = ctx;
    const dp_far_file *f = file_of(p, block);
    const uint64_t page = number_of(block);
    dp_local_name name;
    dp_status status;
    size_t size;

    if (!s->begun && !p->anew && name_page(p, f, page, &name) &&
        dp_local_cache_get(&p->cache, &name, s->memory, PAGE, &size) && size == size_of(f, page)) {
        atomic_store(p->kept, 1);
        return DP_OK;
    }
    status = fetch_page(p, f, page, s);
    if (status != DP_OK && err != NULL)
        err->record = s->fetch.error;
    return status;
}

/* ---- reading ---- */

static uint64_t block_of(const dp_far_file *f, uint64_t page) { return f->number << NUMBER | page; }

static bool begin_some(const dp_far_file *f, uint64_t first, uint64_t n, const dp_when *when)
{
    const uint64_t pages = (f->size + PAGE - 1) / PAGE;
    bool room = true;

    for (uint64_t i = first; i < first + n && i < pages && room; i++)
        room = dp_block_cache_ahead(f->pages->blocks, block_of(f, i), when);
    return room;
}

static bool ahead(const dp_far *far, uint64_t offset, uint64_t n, const dp_when *when)
{
    const dp_far_file *f = (const dp_far_file *)(const void *)far;
    const uint64_t first = offset / PAGE;

    return n == 0 || begin_some(f, first, (offset + n - 1) / PAGE - first + 1, when);
}

/* Pages that are read one after the other are begun before they are asked for. */
static void follow(dp_far_file *f, uint64_t page)
{
    const uint64_t last = atomic_exchange(&f->last, page);
    uint32_t steps = 0;

    if (page == last)
        return;
    if (page == last + 1)
        steps = atomic_fetch_add(&f->steps, 1) + 1;
    else
        atomic_store(&f->steps, 0);
    if (steps % GROUP == 1)
        begin_some(f, page + 1, (uint64_t)2 * GROUP, NULL);
}

static int read_page(dp_far_file *f, uint64_t page, size_t from, uint8_t *out, size_t n)
{
    dp_error why = {.record = 0};
    dp_block_slot *slot;

    follow(f, page);
    if (dp_block_cache_get(f->pages->blocks, block_of(f, page), &slot, &why) != DP_OK)
        return (int)why.record;
    memcpy(out, (const uint8_t *)slot->memory + from, n);
    dp_block_cache_put(f->pages->blocks, slot);
    return 0;
}

static int read_at(const dp_far *far, uint64_t offset, void *buffer, size_t n, size_t *got)
{
    dp_far_file *f = (dp_far_file *)(void *)(uintptr_t)far;
    uint8_t *out = buffer;

    *got = 0;
    if (offset >= f->size)
        return 0;
    if (n > f->size - offset)
        n = (size_t)(f->size - offset);
    if (offset % PAGE + n > PAGE)
        begin_some(f, offset / PAGE, n / PAGE < 2 * GROUP ? n / PAGE + 2 : 2 * GROUP, NULL);
    for (size_t done = 0; done < n;) {
        const size_t from = (size_t)((offset + done) % PAGE);
        const size_t some = n - done < PAGE - from ? n - done : PAGE - from;
        const int error = read_page(f, (offset + done) / PAGE, from, out + done, some);
        if (error != 0)
            return error;
        done += some;
    }
    *got = n;
    return 0;
}

/* ---- opening ---- */

dp_status dp_pages_open(dp_pages **out, bool few, bool anew, const dp_options *options,
                        dp_arena *arena, dp_error *err)
{
    dp_pages *p = dp_arena_alloc(arena, 1, sizeof *p);
    uint64_t n = few ? FEW : MOST;
    dp_status status;

    if (p == NULL)
        return dp_arena_fail(arena, err, "an address");
    p->arena = arena;
    p->options = options;
    p->anew = anew;
    p->kept = dp_arena_alloc(arena, 1, sizeof *p->kept);
    if (p->kept == NULL)
        return dp_arena_fail(arena, err, "an address");
    if (options->memory != 0 && n > options->memory / 4 / PAGE)
        n = options->memory / 4 / PAGE;
    status = dp_local_cache_open(&p->cache, options, arena, err);
    if (status == DP_OK)
        status = dp_block_cache_open(&p->blocks,
                                     &(dp_block_loader){p, is_far, begin_page, load_page, false},
                                     n > 0 ? (uint32_t)n : 1, PAGE, options->threads, arena, err);
    if (status == DP_OK)
        *out = p;
    else
        dp_pages_close(p);
    return status;
}

void dp_pages_close(dp_pages *p)
{
    if (p == NULL)
        return;
    dp_block_cache_close(p->blocks);
    dp_local_cache_close(&p->cache);
}

bool dp_pages_were_kept(const dp_pages *p) { return atomic_load(p->kept) != 0 && !p->alone; }

/* Size and version as they were when it was last opened. */
static bool recall(const dp_pages *p, dp_far_file *f, const char *url)
{
    const dp_local_name name = about_of(url);
    uint8_t about[16];
    size_t size;

    if (!dp_local_cache_get(&p->cache, &name, about, sizeof about, &size) || size != sizeof about)
        return false;
    f->size = dp_load_le(about, 8);
    f->pin = dp_load_le(about + 8, 8);
    return f->size != 0 && f->pin != 0;
}

static void remember(const dp_pages *p, const dp_far_file *f, const char *url)
{
    const dp_local_name name = about_of(url);
    uint8_t about[16], known[16];
    size_t size;

    dp_store_le(about, 8, f->size);
    dp_store_le(about + 8, 8, f->pin);
    if (f->pin != 0 && !(dp_local_cache_get(&p->cache, &name, known, sizeof known, &size) &&
                         size == sizeof known && memcmp(known, about, sizeof known) == 0))
        dp_local_cache_put(&p->cache, &name, about, sizeof about);
}

/* The first page says how many bytes there are, and of which version (a HEAD may be forbidden where
 * a GET is signed). */
static void learn(const dp_pages *p, dp_far_file *f, const char *url, const dp_block_slot *first)
{
    dp_local_name name;

    f->size = first->said.total;
    f->pin = dp_answer_version(&first->said);
    name_file(f, url);
    if (f->pin == 0)
        return;
    remember(p, f, url);
    name = page_of(f, 0);
    if (!dp_local_cache_has(&p->cache, &name))
        dp_local_cache_put(&p->cache, &name, first->memory, size_of(f, 0));
}

static int look(const dp_pages *p, dp_far_file *f, bool any_version, const char *url)
{
    dp_error why = {.record = 0};
    dp_block_slot *slot;

    if (dp_block_cache_get(p->blocks, block_of(f, 0), &slot, &why) != DP_OK)
        return (int)why.record;
    learn(p, f, url, slot);
    dp_block_cache_put(p->blocks, slot);
    return f->pin == 0 && !any_version ? DP_FAR_NO_VERSION : 0;
}

/* Whether a server that answers so may answer otherwise later: it does not say that there is no
 * file, or another one. */
static bool is_silent(int error)
{
    return dp_far_passes(error) || error == DP_FAR_WITHIN ||
           (error >= DP_FAR_CURL && error < DP_FAR_OWN);
}

static int find_out(dp_pages *p, dp_far_file *f, const char *url, bool any_version)
{
    int error = 0;

    if (p->alone && recall(p, f, url)) {
        name_file(f, url);
        return 0;
    }
    error = look(p, f, any_version, url);
    if (error == 0 || !is_silent(error) || !recall(p, f, url))
        return error;
    if (!p->alone)
        dp_log(p->options,
               "warning: %.120s: %s: what was kept of it is read, as it was when it was last "
               "opened",
               url, f->far.why(&f->far, error));
    p->alone = true;
    name_file(f, url);
    return 0;
}

/* What is known of it says as much as a file's times do: the address is without the query. */
static uint64_t stamp_of(const dp_far_file *f, const char *url)
{
    return dp_stamp_add(dp_stamp_add(dp_hash64(url, strlen(url)), f->size), f->version);
}

dp_status dp_pages_file(dp_pages *p, dp_far_file *f, const char *url, bool any_version,
                        bool *missing, dp_file *out, dp_error *err)
{
    dp_far_file **more;
    int error;

    if (p->n == p->room) {
        more = dp_arena_grow(p->arena, p->files, p->n, sizeof *more, &p->room, 16);
        if (more == NULL)
            return dp_arena_fail(p->arena, err, "an address");
        p->files = more;
    }
    f->far.read_at = read_at;
    f->far.ahead = ahead;
    f->pages = p;
    f->number = p->n;
    f->last = UINT64_MAX - 1; /* the first page comes after nothing */
    p->files[p->n++] = f;
    error = find_out(p, f, url, any_version);
    *missing = error == DP_FAR_HTTP + 404 || error == DP_FAR_HTTP + 410;
    if (error != 0)
        return dp_fail(err, DP_EIO, "cannot open %.120s: %s", url, f->far.why(&f->far, error));
    f->version = any_version ? 0 : f->pin;
    *out = (dp_file){.fd = -1, .far = &f->far, .size = f->size, .stamp = stamp_of(f, url)};
    return DP_OK;
}
