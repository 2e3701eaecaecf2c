/* test_written.c - files that were written since a moment, and what run 1 leaves for run 2
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/test.h"
#include "tools/proof/leftovers.h"
#include "tools/proof/program.h"

static char folder[256];
static int back;

static void begin(void)
{
    back = open(".", O_RDONLY | O_DIRECTORY);
    test_folder(folder, sizeof folder);
    assert_int_equal(chdir(folder), 0);
}

static void end(void)
{
    assert_int_equal(fchdir(back), 0);
    close(back);
    assert_true(program_remove(folder));
}

/* A link: nobody can say whether it was read.  Its folders are made. */
static void make(const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "%s", name);
    for (char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    assert_int_equal(symlink("nothing", name), 0);
}

/* Run 1 makes one, run 2 the other: whether run 2 may have read the first. */
static bool may_be_read(const char *first, const char *second)
{
    leftovers l = {0};
    struct timespec began;
    bool found;

    begin();
    began = written_moment();
    make(first);
    leftovers_watch(&l, began, "/nonexistent", 0);
    began = written_moment();
    if (second != NULL)
        make(second);
    leftovers_judge(&l, began, "/nonexistent", NULL);
    found = l.read.n == 1 && strcmp(l.read.v[0].name, first) == 0;
    leftovers_free(&l);
    end();
    return found;
}

static void names_of_each_run_stand_for_each_other(void **state)
{
    static const struct {
        const char *first, *second;
        bool read;
    } rows[] = {
        {"log", NULL, true},
        {"log.1234", "log.567", false},
        {"cache", "log.567", true},
        {"cache", "cache.567", false},
        {"lightning_logs/version_0/m.csv", "lightning_logs/version_12/m.csv", false},
        {"lightning_logs/version_0/m.csv", "lightning_logs/version_12/n.csv", true},
        {"runs/Nov30_03-00-19_host/events.out.17.host.8.0",
         "runs/Dec01_00-00-02_host/events.out.18.host.9.0", false},
        {"c/epoch=0-step=10.ckpt", "c/epoch=0-step=10-v1.ckpt", false},
        {"wandb/run-20261130_030019-k3x9a1qz/a.log", "wandb/run-20261130_030112-abcdefgh/a.log",
         false},
        {"tmpk3x9a1qz", "tmpabcdefgh", false},
        {"tmpk3", "tmpab", true}, /* too short to be random */
        {"split", "tests1", true},
        {"splits", "tests1", false}, /* six letters may be random ones */
        {"a/b", "a7b", true},
        {"0f3a", "77", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (may_be_read(rows[i].first, rows[i].second) != rows[i].read)
            fail_msg("%s, then %s", rows[i].first, rows[i].second);
    }
}

static void only_what_is_new_is_found(void **state)
{
    struct timespec began;
    written w;

    (void)state;
    begin();
    make("old/a");
    make("old/b");
    make("changed");
    began = written_moment();
    make("old/new");
    make("new/.git/x");
    make("new/__pycache__/m.pyc");
    make("new/x");
    make("new-x");
    make("mine/run1.out"); /* verify's own */
    assert_int_equal(lchown("changed", getuid(), getgid()), 0);
    written_find(".", began, "mine", &w);
    assert_int_equal(w.n, 6);
    assert_string_equal(w.v[0].name, "changed");
    assert_false(w.v[0].fresh);
    assert_string_equal(w.v[1].name, "new-x");
    assert_true(w.v[1].fresh);
    assert_string_equal(w.v[2].name, "new/");
    assert_true(w.v[2].fresh);
    assert_string_equal(w.v[3].name, "new/x");
    assert_string_equal(w.v[4].name, "old/");
    assert_false(w.v[4].fresh);
    assert_string_equal(w.v[5].name, "old/new");
    assert_true(written_has(&w, "new/x") && !written_has(&w, "new/y"));
    assert_int_equal(written_place(&w, "new/"), 2);
    written_free(&w);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_each_run_stand_for_each_other),
        cmocka_unit_test(only_what_is_new_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
