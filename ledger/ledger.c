/* ledger.c - the record of a run: digests of what each step took and made
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/ledger.md.  A line is made in memory and appended by one write; its own checksum tells a
 * whole one from one that a crash has torn.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/handle.h"
#include "base/hash.h"
#include "base/number/num.h"
#include "base/status.h"
#include "base/tensor.h"
#include "base/workers.h"
#include "base/writer.h"
#include "ledger/format.h"

#define LINE_SIZE    DP_LEDGER_LINE
#define END_SIZE     64 /* of a line: its checksum */
#define MAX_ABOUT    DP_LEDGER_ABOUT
#define MAX_NAME     DP_LEDGER_NAME
#define FOR_A_THREAD ((size_t)1 << 20) /* bytes: fewer are digested sooner than a thread begins */
#define SLOTS        ((size_t)1 << 16) /* twice the entries that a line has room for */

struct dp_ledger {
    dp_handle handle;
    int fd;
    char *tensors; /* of the step that comes next: "name":"digest",... */
    size_t used;
    uint32_t *slots; /* by its name where an entry begins in tensors, and 1; 0 = none */
    char *line;
    char test[DP_NUMBER_SIZE]; /* the loss of the step's test, as it is printed; "" = none */
};

static bool is_name(const char *text, size_t most)
{
    size_t n = 0;

    if (text == NULL)
        return false;
    for (; text[n] != '\0'; n++) {
        if (n == most || text[n] < ' ' || text[n] > '~' || text[n] == '"' || text[n] == '\\')
            return false;
    }
    return n > 0;
}

/* ---- lines ---- */

/* The line so far, then its checksum; its length. */
static size_t end_line(char *line, size_t n)
{
    uint8_t digest[16];
    char text[33];

    dp_digest(line, n, digest);
    dp_digest_text(digest, text);
    return n + (size_t)snprintf(line + n, END_SIZE, DP_LEDGER_SUM "%s" DP_LEDGER_END "\n", text);
}

static dp_status append(const dp_ledger *l, size_t n, dp_error *err)
{
    ssize_t written;

    while ((written = write(l->fd, l->line, n)) < 0 && errno == EINTR)
        ;
    if (written < 0 || (size_t)written < n)
        return dp_fail(err, DP_EIO, "the ledger cannot be written: %s",
                       written < 0 ? strerror(errno) : "the disk is full");
    return DP_OK;
}

/* ---- opening ---- */

static size_t print_head(dp_ledger *l, const char *about)
{
    const int n = snprintf(l->line, LINE_SIZE, DP_LEDGER_HEAD "%s\"", about);
    return end_line(l->line, (size_t)n);
}

/* Where the last whole line of a file ends. */
static off_t end_of_lines(dp_ledger *l, off_t size)
{
    const off_t most = (off_t)LINE_SIZE, from = size > most ? size - most : 0;
    ssize_t n = pread(l->fd, l->line, (size_t)(size - from), from);

    while (n > 0 && l->line[n - 1] != '\n')
        n--;
    return n > 0 ? from + n : -1;
}

/* A file that is there must begin with the same line; a last one that a crash has torn goes. */
static dp_status go_on(dp_ledger *l, const char *path, size_t head, off_t size, dp_error *err)
{
    char seen[MAX_ABOUT + 200];
    off_t end;

    if (pread(l->fd, seen, head, 0) != (ssize_t)head || memcmp(seen, l->line, head) != 0)
        return dp_fail(err, DP_ESTATE, "%.120s exists but is not this run's ledger", path);
    end = end_of_lines(l, size);
    if (end < 0 || (end < size && ftruncate(l->fd, end) != 0))
        return dp_fail(err, DP_EIO, "the ledger %.120s cannot be appended to: %s", path,
                       strerror(errno));
    return DP_OK;
}

static dp_status open_file(dp_ledger *l, const char *path, const char *about, dp_error *err)
{
    const size_t head = print_head(l, about);
    dp_status status = dp_check_regular(path, err);
    struct stat s;

    if (status != DP_OK)
        return status;
    l->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (l->fd < 0 || fstat(l->fd, &s) != 0)
        return dp_fail(err, DP_EIO, "the ledger %.120s cannot be opened: %s", path,
                       strerror(errno));
    if (flock(l->fd, LOCK_EX | LOCK_NB) != 0)
        return dp_fail(err, DP_EIO, "the ledger %.120s is being written by another run", path);
    if (s.st_size > 0)
        return go_on(l, path, head, s.st_size, err);
    status = append(l, head, err);
    dp_sync_folder_of(path);
    return status;
}

dp_status dp_ledger_open(dp_ledger **out, const char *path, const char *about,
                         const dp_options *given, dp_error *err)
{
    dp_handle *handle;
    dp_ledger *l;
    dp_status status;

    if (out == NULL || path == NULL || !is_name(about, MAX_ABOUT))
        return dp_fail(err, DP_EINVAL, "dp_ledger_open: %s",
                       out == NULL || path == NULL
                           ? "out or path is NULL"
                           : "about is 1 to 255 printable characters but \" and \\");
    status = dp_handle_open(&handle, sizeof *l, "a ledger", given, err);
    if (status != DP_OK)
        return status;
    l = (dp_ledger *)handle;
    l->fd = -1;
    l->tensors = dp_arena_alloc_raw(&handle->arena, LINE_SIZE, 1);
    l->line = dp_arena_alloc_raw(&handle->arena, LINE_SIZE + END_SIZE, 1);
    l->slots = dp_arena_alloc(&handle->arena, SLOTS * sizeof *l->slots, sizeof *l->slots);
    status = l->tensors != NULL && l->line != NULL && l->slots != NULL
                 ? open_file(l, path, about, err)
                 : dp_arena_fail(&handle->arena, err, "a ledger");
    dp_handle_leave(handle, status);
    if (status == DP_OK)
        *out = l;
    else
        (void)dp_ledger_close(l);
    return status;
}

dp_status dp_ledger_close(dp_ledger *l)
{
    int error = 0;

    if (l == NULL)
        return DP_OK;
    if (l->fd >= 0) {
        if (fsync(l->fd) != 0) /* the lines reach the file as they come, the disk at the end */
            error = errno;
        if (close(l->fd) != 0 && error == 0)
            error = errno;
    }
    dp_handle_close(&l->handle);
    errno = error;
    return error == 0 ? DP_OK : DP_EIO;
}

/* ---- steps ---- */

static dp_status check(const dp_ledger *l, dp_error *err)
{
    if (l == NULL)
        return dp_fail(err, DP_EINVAL, "dp_ledger: the ledger is NULL");
    return dp_handle_check(&l->handle, err);
}

/* Where the entry of this name is said to be, or will be: a step may have thousands. */
static uint32_t *slot_of(const dp_ledger *l, const char *name, size_t n)
{
    size_t i = (size_t)dp_hash64(name, n) % SLOTS;

    for (; l->slots[i] != 0; i = (i + 1) % SLOTS) {
        const size_t at = l->slots[i]; /* behind its first quote */
        if (at + n < l->used && l->tensors[at + n] == '"' && memcmp(l->tensors + at, name, n) == 0)
            break;
    }
    return &l->slots[i];
}

dp_status dp_ledger_digest(dp_ledger *l, const char *name, const uint8_t digest[16], dp_error *err)
{
    char text[33], entry[MAX_NAME + 64];
    const dp_status status = check(l, err);
    uint32_t *slot;
    size_t n;

    if (status != DP_OK)
        return status;
    if (digest == NULL)
        return dp_fail(err, DP_EINVAL, "dp_ledger_digest: digest is NULL");
    if (!is_name(name, MAX_NAME))
        return dp_fail(err, DP_EINVAL,
                       "dp_ledger: a name is 1 to 127 printable characters but \" and \\");
    slot = slot_of(l, name, strlen(name));
    if (*slot != 0)
        return dp_fail(err, DP_EINVAL, "dp_ledger: the step has two things named %s", name);
    dp_digest_text(digest, text);
    n = (size_t)snprintf(entry, sizeof entry, "\"%s\":\"%s\"", name, text);
    if (l->used + n + 200 > LINE_SIZE)
        return dp_fail(err, DP_ELIMIT, "dp_ledger: more than 1 MiB of digests in a step");
    if (l->used > 0)
        l->tensors[l->used++] = ',';
    memcpy(l->tensors + l->used, entry, n);
    *slot = (uint32_t)l->used + 1;
    l->used += n;
    return DP_OK;
}

typedef struct digest_task {
    const dp_tensor *tensor;
    uint8_t *digest;
    size_t bytes;
} digest_task;

static void digest_one(void *tasks, uint64_t index)
{
    const digest_task *task = (const digest_task *)tasks + index;
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_tensor(&h, task->tensor);
    dp_hash_final(&h, task->digest);
}

/* The largest first, so that no thread is left with it at the end. */
static int compare_sizes(const void *a, const void *b)
{
    const digest_task *x = a, *y = b;

    return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

/* By several threads; false where there is no memory or no thread to be had. */
static bool digest_by_threads(const dp_tensor *tensors, size_t n, uint32_t threads,
                              uint8_t (*digests)[16])
{
    dp_arena arena = {.alloc = &dp_libc_allocator};
    digest_task *tasks = dp_arena_alloc(&arena, n, sizeof *tasks);
    dp_workers *workers = NULL;
    const bool can = tasks != NULL && dp_workers_open(&workers, threads, &arena, NULL) == DP_OK;

    if (can) {
        for (size_t i = 0; i < n; i++)
            tasks[i] = (digest_task){&tensors[i], digests[i], dp_tensor_bytes(&tensors[i])};
        qsort(tasks, n, sizeof *tasks, compare_sizes);
        dp_workers_run(workers, n, digest_one, tasks);
        dp_workers_close(workers);
    }
    dp_arena_free(&arena);
    return can;
}

dp_status dp_tensor_digests(const dp_tensor *tensors, size_t n, uint32_t threads,
                            uint8_t (*digests)[16], dp_error *err)
{
    size_t most = 1; /* threads that have enough to do */

    if (n > 0 && digests == NULL)
        return dp_fail(err, DP_EINVAL, "dp_tensor_digests: digests is NULL");
    for (size_t i = 0, bytes = 0; i < n; i++) {
        const dp_status status = dp_tensor_check_data(tensors == NULL ? NULL : &tensors[i],
                                                      "dp_tensor_digests: a tensor", err);
        if (status != DP_OK)
            return status;
        bytes += dp_tensor_bytes(&tensors[i]);
        most += bytes / FOR_A_THREAD;
        bytes %= FOR_A_THREAD;
    }
    most = most < n ? most : n;
    if (threads == 0)
        threads = dp_cpu_count();
    if (threads > most)
        threads = (uint32_t)most;
    if (threads > 1 && digest_by_threads(tensors, n, threads, digests))
        return DP_OK;
    for (size_t i = 0; i < n; i++) {
        digest_task task = {&tensors[i], digests[i], 0};
        digest_one(&task, 0);
    }
    return DP_OK;
}

dp_status dp_ledger_tensor(dp_ledger *l, const char *name, const dp_tensor *t, dp_error *err)
{
    uint8_t digest[1][16];
    const dp_status status = dp_tensor_digests(t, 1, 1, digest, err);

    return status == DP_OK ? dp_ledger_digest(l, name, digest[0], err) : status;
}

/* The shortest decimal that is this number, -0 with its sign; or nan, inf, -inf. */
static void print_loss(char out[DP_NUMBER_SIZE], double loss)
{
    if (loss == 0 && signbit(loss))
        snprintf(out, DP_NUMBER_SIZE, "-0");
    else if (isfinite(loss))
        dp_print_number(out, loss);
    else
        snprintf(out, DP_NUMBER_SIZE, "%s", isnan(loss) ? "nan" : loss > 0 ? "inf" : "-inf");
}

dp_status dp_ledger_test(dp_ledger *l, double loss, dp_error *err)
{
    const dp_status status = check(l, err);

    if (status == DP_OK)
        print_loss(l->test, loss);
    return status;
}

dp_status dp_ledger_step(dp_ledger *l, uint64_t step, double loss, dp_error *err)
{
    char number[DP_NUMBER_SIZE];
    dp_status status = check(l, err);
    size_t n;

    if (status != DP_OK)
        return status;
    print_loss(number, loss);
    n = (size_t)snprintf(
        l->line, LINE_SIZE, DP_LEDGER_STEP "%llu" DP_LEDGER_LOSS "%s%s%s" DP_LEDGER_TENSORS,
        (unsigned long long)step, number, l->test[0] != '\0' ? DP_LEDGER_TEST : "", l->test);
    memcpy(l->line + n, l->tensors, l->used);
    n += l->used;
    l->line[n++] = '}';
    l->used = 0;
    l->test[0] = '\0';
    memset(l->slots, 0, SLOTS * sizeof *l->slots);
    return append(l, end_line(l->line, n), err);
}
