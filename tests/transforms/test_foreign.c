/* test_foreign.c - what transforms say of MindSpore's JSON is true of their rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"
#include "transforms/shared/transform.h"

static bool has_parameter(const dp_transform *t, const char *name, size_t length)
{
    for (const dp_param *p = t->info.params; p->name != NULL; p++) {
        if (strlen(p->name) == length && memcmp(p->name, name, length) == 0)
            return true;
    }
    return false;
}

static bool is_word(const char *word, size_t length)
{
    static const char *const words[] = {"null", "unread", "batches"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return true;
    }
    return false;
}

/* Each parameter is one of the stage's, but for what is nothing here; workers are carried over by
 * those that draw as MindSpore does, and by no other. */
static void check(const dp_transform *t)
{
    const char *word = strchr(t->foreign, ' ');
    bool workers = false;

    for (; word != NULL; word = strchr(word, ' ')) {
        size_t length = strcspn(++word, " :=!>");
        if (word[length] == '>') { /* what it is called here */
            word += length + 1;
            length = strcspn(word, " :=!");
        }
        workers = workers || (length == 7 && memcmp(word, "workers", length) == 0);
        if (word[length] != '!' && !is_word(word, length) && !has_parameter(t, word, length))
            fail_msg("%s has no parameter of the name: %s", t->info.name, word);
    }
    if (workers != (t->replay != NULL || t->replay_batch != NULL))
        fail_msg("%s: %s", t->info.name, workers ? "no replay" : "workers are not carried over");
}

static void rows(void **state)
{
    int n = 0;

    (void)state;
    for (size_t i = 0; dp_transforms[i] != NULL; i++) {
        assert_ptr_equal(dp_foreign(&dp_transforms[i]->info), dp_transforms[i]->foreign);
        if (dp_transforms[i]->foreign != NULL)
            check(dp_transforms[i]), n++;
    }
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
