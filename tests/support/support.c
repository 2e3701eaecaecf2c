/* support.c - what the tests share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/arrays.h"

dp_error test_error;

void test_assert_ok(dp_status status, const dp_error *err, const char *file, int line)
{
    if (status == DP_OK)
        return;
    print_error("%s: %s (column %u, record %lld)\n", dp_status_name(status), err->message,
                err->column, (long long)err->record);
    _fail(file, line);
}

dp_pipeline *test_open(const char *spec, uint32_t threads, uint32_t prefetch)
{
    const dp_options options = {.size = sizeof options,
                                .root = FIXTURE,
                                .threads = threads,
                                .prefetch = prefetch,
                                .arrays = test_arrays};
    dp_pipeline *p = NULL;

    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    return p;
}

test_hex test_hex_of(const uint8_t *bytes, size_t n)
{
    test_hex h = {""};
    for (size_t i = 0; i < n; i++)
        snprintf(h.text + 2 * i, 3, "%02x", bytes[i]);
    return h;
}

test_hex test_stream_digest(dp_pipeline *p, uint64_t n)
{
    uint8_t both[32] = {0};
    dp_batch *batch = NULL;
    dp_status status = DP_OK;

    while (n-- > 0 && (status = dp_next(p, &batch, &test_error)) == DP_OK) {
        dp_batch_digest(batch, both + 16);
        dp_digest(both, sizeof both, both);
    }
    if (status != DP_END)
        assert_ok(status);
    return test_hex_of(both, 16);
}

size_t test_n_tensors(const dp_archive *a)
{
    size_t n = 0;

    while (dp_archive_get(a, n) != NULL)
        n++;
    return n;
}

size_t test_bytes(const dp_tensor *t)
{
    size_t n = dp_dtype_size(t->dtype);
    for (int32_t d = 0; d < t->rank; d++)
        n *= (size_t)t->shape[d];
    return n;
}

test_lines test_lines_read(const char *name)
{
    char path[4096], *line = NULL;
    test_lines lines = {NULL, 0};
    size_t size = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s%s", name[0] == '/' ? "" : TEST_GOLDEN "/", name);
    f = fopen(path, "r");
    if (f == NULL)
        fail_msg("cannot read %s", path);
    while (getline(&line, &size, f) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        lines.line = realloc(lines.line, (lines.n + 1) * sizeof *lines.line);
        lines.line[lines.n++] = strdup(line);
    }
    free(line);
    fclose(f);
    return lines;
}

void test_lines_free(test_lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        free(lines->line[i]);
    free(lines->line);
}

static bool has_reader(const test_lines *lines, const char *text)
{
    const size_t n = strcspn(text, " ");
    size_t i = 0;

    while (i < lines->n &&
           (strncmp(lines->line[i], text, n) != 0 || strcspn(lines->line[i], " ") != n))
        i++;
    return i < lines->n;
}

test_lines test_readers(void)
{
    test_lines all = test_lines_read("stages.txt"), readers = {NULL, 0};

    readers.line = calloc(all.n, sizeof *readers.line);
    for (size_t i = 0; i < all.n; i++) {
        char *text = strstr(all.line[i], " : ") + 3, *end = strstr(text, " | ");
        if (end != NULL)
            *end = '\0';
        if (!has_reader(&readers, text))
            readers.line[readers.n++] = strdup(text);
    }
    test_lines_free(&all);
    return readers;
}

const char *test_word(const char *line, const char *key, char *out, size_t size)
{
    const size_t n = strlen(key);

    for (const char *at = line; (at = strstr(at, key)) != NULL; at += n) {
        if ((at == line || at[-1] == ' ') && at[n] == '=') {
            snprintf(out, size, "%.*s", (int)strcspn(at + n + 1, " "), at + n + 1);
            return out;
        }
    }
    return NULL;
}

uint64_t test_seed(void)
{
    const char *given = getenv("DETPIPE_TEST_SEED");
    const uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
                                        : (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();

    print_message("DETPIPE_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* The batches' threads never allocate, but the caller and a net's workers may be apart: one lock.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define GUARD 64 /* bytes behind each block, which nobody may write into */

static void *count_alloc(void *ctx, size_t size, size_t align)
{
    test_allocator *a = ctx;
    void *p = NULL;

    pthread_mutex_lock(&lock);
    if (++a->n != a->fail_at && posix_memalign(&p, align, size + GUARD) == 0) {
        memset(p, 0xFF, size + GUARD); /* shows reads of what was never written */
        a->live++;
        a->bytes += size;
        a->most = a->bytes > a->most ? a->bytes : a->most;
    }
    pthread_mutex_unlock(&lock);
    return p;
}

static void count_free(void *ctx, void *ptr, size_t size)
{
    test_allocator *a = ctx;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; ptr != NULL && i < GUARD; i++) {
        if (((const uint8_t *)ptr)[size + i] != 0xFF) {
            a->beyond++;
            break;
        }
    }
    a->live -= ptr != NULL;
    a->bytes -= ptr != NULL ? size : 0;
    a->n_freed++;
    pthread_mutex_unlock(&lock);
    free(ptr);
}

void test_allocator_init(test_allocator *a)
{
    *a = (test_allocator){.hooks = {a, count_alloc, count_free}};
}

void test_folder(char *out, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(out, size, "%s/detpipe-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(out) == NULL)
        fail_msg("cannot make %s", out);
}

const char *test_shard(const char *name)
{
    static char path[4096];
    const char *live = getenv("DETPIPE_SHARDS");

    snprintf(path, sizeof path, "%s/%s", live != NULL ? live : TEST_GOLDEN, name);
    return path;
}

void test_folder_remove(const char *path)
{
    char *const argv[] = {"rm", "-rf", (char *)(uintptr_t)path, NULL};
    const pid_t child = fork();

    if (child == 0) {
        execvp("rm", argv);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

char test_work[256];

int test_work_set_up(void **state)
{
    (void)state;
    test_folder(test_work, sizeof test_work);
    return 0;
}

int test_work_tear_down(void **state)
{
    (void)state;
    test_folder_remove(test_work);
    return 0;
}

void test_write(const char *folder, const char *name, const void *bytes, size_t n)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        fail_msg("cannot write %s", path);
}

size_t test_read(const char *path, void *bytes, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        fail_msg("cannot read %s", path);
    n = fread(bytes, 1, room, f);
    if (n == room)
        fail_msg("%s has %zu bytes or more", path, room);
    fclose(f);
    return n;
}

test_bytes_of test_read_file(const char *path)
{
    struct stat st;
    test_bytes_of out;

    if (stat(path, &st) != 0)
        fail_msg("cannot read %s", path);
    out.bytes = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(out.bytes);
    out.size = test_read(path, out.bytes, (size_t)st.st_size + 1);
    return out;
}

dp_status test_open_own(dp_pipeline **p, const char *spec, const dp_own_reader *reader,
                        uint32_t threads)
{
    const dp_own_reader *readers[] = {reader, NULL};
    const dp_options options = {
        .size = sizeof options, .threads = threads, .prefetch = threads - 1, .readers = readers};

    return dp_open(p, spec, 1, &options, &test_error);
}

void test_noise(uint8_t *bytes, size_t n)
{
    uint32_t x = 1;

    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(x >> 24);
    }
}
