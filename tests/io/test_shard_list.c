/* test_shard_list.c - the names of shards, as the real library expands them, and lists in files
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/options.h"
#include "io/shards/list.h"
#include "tests/support/test.h"

static dp_arena arena;

static int begin(void **state)
{
    (void)state;
    arena = (dp_arena){.alloc = &dp_libc_allocator};
    return 0;
}

static int end(void **state)
{
    (void)state;
    dp_arena_free(&arena);
    return 0;
}

static dp_status expand(const char *text, const char *root, dp_shard_list *out)
{
    const dp_options options = {.size = sizeof options, .root = root};

    return dp_shard_list_read(text, &(dp_opener){.options = &options, .arena = &arena}, out,
                              &test_error);
}

/* "[a] [b]" */
static void print(const dp_shard_list *list, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < list->n; i++)
        n += (size_t)snprintf(out + n, size - n, "%s[%s]", i > 0 ? " " : "", list->paths[i]);
}

/* A brace that closes before one opens is refused even where the library takes it for a letter,
 * because another one opens later. */
static bool is_stricter(const char *text)
{
    int depth = 0;

    for (; *text != '\0' && depth >= 0; text++) {
        depth = strncmp(text, "::", 2) == 0 ? 0 : depth + (*text == '{') - (*text == '}');
        text += *text == '\\' && text[1] != '\0';
    }
    return depth < 0;
}

static void as_the_library(void **state)
{
    test_lines lines = test_lines_read("braces.txt");
    int n_stricter = 0;

    (void)state;
    assert_true(lines.n > 300);
    for (size_t i = 0; i < lines.n; i++) {
        char *arrow = strstr(lines.line[i], " -> "), text[1 << 14];
        dp_shard_list list;
        dp_status status;
        *arrow = '\0';
        status = expand(lines.line[i], NULL, &list);
        if (status == DP_OK)
            print(&list, text, sizeof text);
        if (status == DP_ESPEC && arrow[4] == '[' && is_stricter(lines.line[i])) {
            n_stricter++;
            continue;
        }
        if (strcmp(status == DP_OK ? text : "error", arrow + 4) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", lines.line[i],
                     status == DP_OK ? text : test_error.message, arrow + 4);
    }
    assert_true(n_stricter < 10);
    test_lines_free(&lines);
}

static void below_the_root(void **state)
{
    dp_shard_list list;
    char text[100];

    (void)state;
    assert_ok(expand("{a,/b}.tar", "r", &list));
    print(&list, text, sizeof text);
    assert_string_equal(text, "[r/a.tar] [/b.tar]");
    assert_ok(expand("https://host/x/{0..1}.tar::c.tar", "http://root", &list));
    print(&list, text, sizeof text);
    assert_string_equal(text, "[https://host/x/0.tar] [https://host/x/1.tar] [http://root/c.tar]");
}

static void refuse(const char *text, dp_status wanted, const char *why)
{
    dp_shard_list list;
    const dp_status status = expand(text, NULL, &list);

    if (status != wanted || strstr(test_error.message, why) == NULL)
        fail_msg("%.80s: %d \"%s\", not \"%s\"", text, status, test_error.message, why);
}

static void limits(void **state)
{
    char many[1000] = "", *long_name = malloc(DP_MOST_SHARD_NAME + 1);
    dp_shard_list list;

    (void)state;
    assert_ok(expand("{1..1048576}", NULL, &list));
    assert_int_equal(list.n, DP_MOST_SHARDS);
    refuse("{1..1048577}", DP_ELIMIT, "more than 1048576 files");
    refuse("{1..999999999999999999}", DP_ELIMIT, "more than 1048576 files");
    for (int i = 0; i < DP_MOST_BRACES; i++)
        strcat(many, "{a}");
    assert_ok(expand(many, NULL, &list));
    strcat(many, "{a}");
    refuse(many, DP_ELIMIT, "more than 64 braces");
    memset(long_name, 'x', DP_MOST_SHARD_NAME);
    long_name[DP_MOST_SHARD_NAME] = '\0';
    refuse(long_name, DP_ELIMIT, "more than 4095 bytes");
    assert_ok(expand(long_name + 1, NULL, &list));
    free(long_name);
    refuse("s3://host/{0..3}.tar", DP_ESPEC, "s3://host/0.tar is not a file, and not an address");
    refuse("pipe:cat x.tar", DP_ESPEC, "is not a file");
}

/* Names as they are, a line each. */
static void lists(void **state)
{
    char folder[256], text[600], wanted[600];
    dp_shard_list list;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "list", "a.tar\r\n\n{0..1} b.tar\n/c.tar", 27);
    assert_ok(expand("@list", folder, &list));
    print(&list, text, sizeof text);
    snprintf(wanted, sizeof wanted, "[%s/a.tar] [%s/{0..1} b.tar] [/c.tar]", folder, folder);
    assert_string_equal(text, wanted);
    test_write(folder, "list", "\n\n", 2);
    assert_int_equal(expand("@list", folder, &list), DP_ESPEC);
    assert_non_null(strstr(test_error.message, "names no file"));
    test_write(folder, "list", "a\0b\n", 4);
    assert_int_equal(expand("@list", folder, &list), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "is not a list of files"));
    assert_int_equal(expand("@nothing", folder, &list), DP_EIO);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(as_the_library, begin, end),
        cmocka_unit_test_setup_teardown(below_the_root, begin, end),
        cmocka_unit_test_setup_teardown(limits, begin, end),
        cmocka_unit_test_setup_teardown(lists, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
