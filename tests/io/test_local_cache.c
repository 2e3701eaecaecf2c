/* test_local_cache.c - dp_options.cache: right bytes or none, within its bound, whatever lies there
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/local_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

#define MOST  ((uint64_t)1 << 20)
#define BLOCK 100000 /* bytes, at most */

typedef struct block {
    uint8_t bytes[BLOCK], digest[DP_BLAKE];
    size_t size;
    char name[2 * DP_BLAKE + 1];
} block;

/* Another one for each number. */
static void make_block(block *b, uint32_t number)
{
    b->size = BLOCK - (number * 977) % (BLOCK / 2);
    test_noise(b->bytes, b->size);
    memcpy(b->bytes, &number, sizeof number);
    dp_blake_bytes(b->bytes, b->size, b->digest);
    for (int i = 0; i < DP_BLAKE; i++)
        snprintf(b->name + 2 * i, 3, "%02x", b->digest[i]);
}

static void open_cache(dp_local_cache *c, const char *folder)
{
    char text[300];
    const dp_options options = {.size = sizeof options, .cache = text};
    dp_arena arena = {.alloc = &dp_libc_allocator};

    snprintf(text, sizeof text, "folder=%s most=1", folder);
    assert_ok(dp_local_cache_open(c, &options, &arena, &test_error));
    dp_arena_free(&arena);
}

/* A cache in a new folder, which `end` removes. */
static void open_new(dp_local_cache *c, char folder[200])
{
    test_folder(folder, 200);
    open_cache(c, folder);
}

static void end(dp_local_cache *c, const char *folder)
{
    dp_local_cache_close(c);
    test_folder_remove(folder);
}

static dp_local_name name_of(const block *b)
{
    dp_local_name name = {.sum = true};

    memcpy(name.digest, b->digest, sizeof name.digest);
    return name;
}

/* Whether it is there; then it is right. */
static bool has(const dp_local_cache *c, const block *b)
{
    static uint8_t out[BLOCK];
    const dp_local_name name = name_of(b);
    size_t size = 0;

    if (!dp_local_cache_get(c, &name, out, sizeof out, &size))
        return false;
    assert_int_equal(size, b->size);
    assert_memory_equal(out, b->bytes, size);
    return true;
}

static void put(const dp_local_cache *c, const block *b)
{
    const dp_local_name name = name_of(b);

    dp_local_cache_put(c, &name, b->bytes, b->size);
}

/* Bytes of all files but `lock`, in pages. */
static uint64_t used(const dp_local_cache *c, uint32_t *n)
{
    DIR *all = fdopendir(openat(c->folder, ".", O_RDONLY | O_DIRECTORY));
    const struct dirent *entry;
    uint64_t sum = 0;

    assert_non_null(all);
    for (*n = 0; (entry = readdir(all)) != NULL;) {
        struct stat file;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0 ||
            fstatat(c->folder, entry->d_name, &file, 0) != 0)
            continue;
        sum += ((uint64_t)file.st_size + 4095) / 4096 * 4096;
        ++*n;
    }
    closedir(all);
    return sum;
}

static void kept_within_the_bound(void **state)
{
    char folder[200];
    dp_local_cache c, other;
    block b;
    uint32_t n, there = 0;

    (void)state;
    open_new(&c, folder);
    open_cache(&other, folder);
    test_write(folder, "0123.tmp", "mine", 4); /* files of others stay, and do not count */
    for (uint32_t i = 0; i < 100; i++) {
        make_block(&b, i);
        assert_false(has(&c, &b));
        put(&c, &b);
        assert_true(has(&c, &b) && has(&other, &b));
        put(&other, &b); /* once more changes nothing */
        assert_true(used(&c, &n) <= MOST + 4096);
    }
    for (uint32_t i = 0; i < 100; i++) {
        make_block(&b, i);
        there += has(&c, &b);
    }
    assert_int_equal(there + 1, n);
    assert_in_range(there, 8, 20); /* and it is not left empty */
    dp_local_cache_close(&other);
    end(&c, folder);
}

/* What somebody puts in the place of a block. */
enum { FLIPPED, CUT, LONGER, EMPTY, FIFO, LINK, DIRECTORY, FULL_DIRECTORY, UNREADABLE, N_KINDS };

static void hurt(const dp_local_cache *c, const block *b, const char *elsewhere, int kind)
{
    uint8_t byte = (uint8_t)(b->bytes[50] ^ 4);
    const int fd = openat(c->folder, b->name, O_RDWR);

    assert_true(fd >= 0);
    switch (kind) {
    case FLIPPED: assert_int_equal(pwrite(fd, &byte, 1, 50), 1); break;
    case CUT: assert_int_equal(ftruncate(fd, (off_t)b->size - 1), 0); break;
    case LONGER: assert_int_equal(pwrite(fd, &byte, 1, (off_t)b->size), 1); break;
    case EMPTY: assert_int_equal(ftruncate(fd, 0), 0); break;
    case UNREADABLE: assert_int_equal(fchmod(fd, 0), 0); break;
    default: assert_int_equal(unlinkat(c->folder, b->name, 0), 0);
    }
    close(fd);
    if (kind == FIFO)
        assert_int_equal(mkfifoat(c->folder, b->name, 0600), 0);
    if (kind == LINK)
        assert_int_equal(symlinkat(elsewhere, c->folder, b->name), 0);
    if (kind == DIRECTORY || kind == FULL_DIRECTORY)
        assert_int_equal(mkdirat(c->folder, b->name, 0700), 0);
    if (kind == FULL_DIRECTORY) {
        const int in = openat(c->folder, b->name, O_RDONLY | O_DIRECTORY);
        assert_int_equal(mkdirat(in, "in", 0700), 0);
        close(in);
    }
}

static void nothing_wrong_is_read(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        char folder[200], elsewhere[200], path[400];
        struct stat file;
        dp_local_cache c;
        block b, next;
        make_block(&b, 1);
        make_block(&next, 2);
        open_new(&c, folder);
        test_folder(elsewhere, sizeof elsewhere);
        snprintf(path, sizeof path, "%s/own", elsewhere);
        test_write(elsewhere, "own", b.bytes, b.size);
        put(&c, &b);
        hurt(&c, &b, path, kind);
        assert_true(!has(&c, &b) || kind == UNREADABLE); /* root reads it */
        put(&c, &b);
        put(&c, &next); /* goes on */
        assert_true(has(&c, &next));
        assert_int_equal(has(&c, &b), kind != DIRECTORY && kind != FULL_DIRECTORY);
        assert_int_equal(stat(path, &file), 0); /* nothing was written through a link */
        assert_int_equal(file.st_size, b.size);
        end(&c, folder);
        test_folder_remove(elsewhere);
    }
}

/* `lock` is somebody's, or says what is not so: nothing is kept, or all within the bound. */
static void locks_of_others(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        char folder[200];
        const uint8_t lies[16] = {1, 2, 3};
        dp_local_cache c;
        block b;
        uint32_t n;
        open_new(&c, folder);
        if (kind == 0)
            assert_int_equal(mkfifoat(c.folder, "lock", 0600), 0);
        else if (kind == 1)
            assert_int_equal(symlinkat("elsewhere", c.folder, "lock"), 0);
        else if (kind == 2)
            assert_int_equal(mkdirat(c.folder, "lock", 0700), 0);
        else
            test_write(folder, "lock", lies, sizeof lies);
        for (uint32_t i = 0; i < 30; i++) {
            make_block(&b, i);
            put(&c, &b);
            assert_int_equal(has(&c, &b), kind == 3);
            assert_true(used(&c, &n) <= MOST);
        }
        end(&c, folder);
    }
}

static void read_lock(const dp_local_cache *c, uint8_t out[16])
{
    const int fd = openat(c->folder, "lock", O_RDONLY);

    assert_int_equal(read(fd, out, 16), 16);
    close(fd);
}

/* As a full disk has it: what cannot be written whole is not kept, and leaves nothing; and the next
 * one has not to count all of them for it. */
static void no_room(void **state)
{
    char folder[200];
    uint8_t counted[16], then[16];
    struct rlimit before, small;
    dp_local_cache c;
    block b;
    uint32_t n;

    (void)state;
    open_new(&c, folder);
    make_block(&b, 2);
    put(&c, &b);
    read_lock(&c, counted);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){10000, before.rlim_max};
    make_block(&b, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    put(&c, &b);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(has(&c, &b));
    used(&c, &n);
    assert_int_equal(n, 1);
    read_lock(&c, then);
    assert_memory_equal(then, counted, sizeof then);
    put(&c, &b);
    assert_true(has(&c, &b));
    end(&c, folder);
}

/* ---- the system's calls, as this program has them ---- */

static bool no_locks, forks;
static pid_t forked;

/* A file system without locks. */
int flock(int fd, int operation)
{
    errno = ENOLCK;
    return no_locks ? -1 : (int)syscall(SYS_flock, fd, operation);
}

/* A program that forks while a block is written. */
int renameat(int from, const char *name, int to, const char *as)
{
    if (forks && (forked = fork()) == 0) {
        pause();
        _exit(0);
    }
    return (int)syscall(SYS_renameat2, from, name, to, as, 0);
}

static void nothing_is_kept_without_locks(void **state)
{
    char folder[200];
    dp_local_cache c;
    uint32_t n;
    block b;

    (void)state;
    open_new(&c, folder);
    make_block(&b, 1);
    no_locks = true;
    put(&c, &b);
    no_locks = false;
    used(&c, &n);
    assert_int_equal(n, 0);
    end(&c, folder);
}

static void a_child_keeps_no_lock(void **state)
{
    char folder[200];
    dp_local_cache c;
    int status;
    block b, next;

    (void)state;
    open_new(&c, folder);
    make_block(&b, 1);
    make_block(&next, 2);
    forks = true;
    put(&c, &b);
    forks = false;
    assert_true(forked > 0);
    put(&c, &next);
    assert_int_equal(kill(forked, SIGKILL), 0);
    assert_int_equal(waitpid(forked, &status, 0), forked);
    assert_true(has(&c, &b) && has(&c, &next));
    end(&c, folder);
}

/* A writer that the system ends within a block, which the limit of its files does: what it left is
 * removed by the next one, and is in no count. */
static void killed_within_a_block(void **state)
{
    const struct rlimit small = {10000, 10000};
    char folder[200];
    int status;
    dp_local_cache c;
    uint32_t n;
    block b;
    pid_t child;

    (void)state;
    open_new(&c, folder);
    make_block(&b, 1);
    put(&c, &b);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_DFL);
        make_block(&b, 2);
        if (setrlimit(RLIMIT_FSIZE, &small) == 0)
            put(&c, &b);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    used(&c, &n);
    assert_int_equal(n, 2);
    assert_true(has(&c, &b));
    make_block(&b, 3);
    put(&c, &b);
    used(&c, &n);
    assert_int_equal(n, 2);
    assert_true(has(&c, &b));
    end(&c, folder);
}

/* Tells of each block that it put. */
static void write_until_killed(const char *folder, int out, uint32_t first)
{
    dp_local_cache c;
    block b;

    open_cache(&c, folder);
    for (uint32_t i = first;; i++) {
        make_block(&b, i % 40);
        put(&c, &b);
        if (write(out, "", 1) != 1)
            _exit(1);
    }
}

/* Two writers, killed 200 times behind some block: what is there is right, and within the bound. */
static void killed_writers(void **state)
{
    char folder[200];
    dp_local_cache c;
    uint32_t n, found = 0;
    block b;

    (void)state;
    open_new(&c, folder);
    for (uint32_t round = 0; round < 200; round++) {
        pid_t child[2];
        int ends[2], status;
        char told;
        assert_int_equal(pipe(ends), 0);
        for (uint32_t w = 0; w < 2; w++) {
            child[w] = fork();
            assert_true(child[w] >= 0);
            if (child[w] == 0)
                write_until_killed(folder, ends[1], 7 * round + 20 * w);
        }
        for (uint32_t i = 0; i <= round % 5; i++)
            assert_int_equal(read(ends[0], &told, 1), 1);
        for (uint32_t w = 0; w < 2; w++) {
            assert_int_equal(kill(child[w], SIGKILL), 0);
            assert_int_equal(waitpid(child[w], &status, 0), child[w]);
            assert_true(WIFSIGNALED(status));
        }
        close(ends[0]);
        close(ends[1]);
        assert_true(used(&c, &n) <= MOST);
        make_block(&b, round % 40);
        found += has(&c, &b);
    }
    assert_true(found > 0);
    make_block(&b, 99);
    put(&c, &b); /* and the next one takes the lock, and counts */
    assert_true(has(&c, &b));
    assert_true(used(&c, &n) <= MOST);
    end(&c, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_within_the_bound),
        cmocka_unit_test(nothing_wrong_is_read),
        cmocka_unit_test(locks_of_others),
        cmocka_unit_test(no_room),
        cmocka_unit_test(nothing_is_kept_without_locks),
        cmocka_unit_test(a_child_keeps_no_lock),
        cmocka_unit_test(killed_within_a_block),
        cmocka_unit_test(killed_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
