/* snapshot.c - writing, damaging and repairing snapshots in tests
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

char test_snapshot_path[300];

int test_snapshot_set_up(void **state)
{
    test_work_set_up(state);
    snprintf(test_snapshot_path, sizeof test_snapshot_path, "%s/s.dps", test_work);
    return 0;
}

void test_assert_all(const test_bytes_of *expected)
{
    test_bytes_of found = test_read_all(test_work);

    assert_int_equal(found.size, expected->size);
    assert_memory_equal(found.bytes, expected->bytes, expected->size);
    free(found.bytes);
}

dp_status test_snapshot_write(const char *spec, uint32_t threads, const char *path,
                              const dp_snapshot_options *options)
{
    dp_pipeline *p = test_open(spec, threads, threads);
    const dp_status status = dp_snapshot_write(p, path, options, &test_error);
    dp_close(p);
    return status;
}

bool test_snapshot_check(const char *path, bool expected)
{
    dp_snapshot_damage damage = {0};
    dp_snapshot *s = NULL;
    dp_status status = dp_snapshot_open(&s, path, NULL, &test_error);
    bool damaged = status == DP_ECORRUPT;

    if (status == DP_OK) {
        assert_ok(dp_snapshot_check(s, NULL, &damage, &test_error));
        damaged = damage.blocks > 0 || damage.index || damage.footer;
    } else {
        assert_int_equal(status, DP_ECORRUPT);
    }
    dp_snapshot_close(s);
    if (damaged && !expected)
        fail_msg("%s is damaged: %llu blocks, index %d, footer %d", path,
                 (unsigned long long)damage.blocks, damage.index, damage.footer);
    return damaged;
}

dp_status test_snapshot_repair(const char *path, const char *spec)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    dp_snapshot_damage damage;
    dp_snapshot *s = NULL;
    dp_status status = dp_snapshot_open(&s, path, NULL, &test_error);

    if (status == DP_OK)
        status = dp_snapshot_check(s, p, &damage, &test_error);
    dp_snapshot_close(s);
    dp_close(p);
    return status;
}

void test_snapshot_damage(const char *path, const char *spec, uint64_t record)
{
    const test_bytes_of file = test_read_file(path);
    dp_pipeline *p = test_open(spec, 1, 0);
    uint8_t row[64];
    size_t n = 0, at = 0;
    dp_batch *b = NULL;
    const char *name;

    assert_ok(dp_seek(p, record, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    for (size_t c = 0; (name = dp_column_name(p, c)) != NULL; c++) {
        const dp_tensor *t = dp_batch_get(b, name);
        memcpy(row + n, t->data, test_bytes(t));
        n += test_bytes(t);
    }
    while (memcmp(file.bytes + at, row, n) != 0)
        at++;
    row[0] ^= 4;
    test_write_at(path, at, row, 1);
    dp_close(p);
    free(file.bytes);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

test_names test_names_of(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    test_names names = {NULL, 0};

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[600];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        names.name = realloc(names.name, (names.n + 1) * sizeof *names.name);
        names.name[names.n++] = strdup(path);
    }
    closedir(dir);
    qsort(names.name, names.n, sizeof *names.name, by_name);
    return names;
}

void test_names_free(test_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
}

test_bytes_of test_read_all(const char *folder)
{
    test_names names = test_names_of(folder);
    test_bytes_of all = {NULL, 0};

    for (size_t i = 0; i < names.n; i++) {
        const test_bytes_of one = test_read_file(names.name[i]);
        const size_t length = strlen(names.name[i]);
        all.bytes = realloc(all.bytes, all.size + length + one.size + 1);
        memcpy(all.bytes + all.size, names.name[i], length);
        memcpy(all.bytes + all.size + length, one.bytes, one.size);
        all.size += length + one.size;
        free(one.bytes);
    }
    test_names_free(&names);
    return all;
}

size_t test_header_size(const test_bytes_of *file)
{
    uint32_t size;

    memcpy(&size, file->bytes + 12, sizeof size);
    return size;
}

void test_write_at(const char *path, size_t at, const void *bytes, size_t n)
{
    const int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
    close(fd);
}

void test_lock_take(test_lock *lock, const char *path)
{
    lock->fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(lock->fd, LOCK_EX), 0);
}

void test_lock_give(test_lock *lock) { close(lock->fd); }
