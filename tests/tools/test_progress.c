/* test_progress.c - what takes long says how far it is: on a terminal, after a second, in one line
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _XOPEN_SOURCE 600
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/test.h"
#include "tools/cli/cli.h"

/* ---- when ---- */

static void after_a_second(void **state)
{
    cli_work w = {0};

    (void)state;
    assert_false(cli_work_long(&w, 100, "step", 1));
    assert_false(cli_work_long(&w, 100.9, "step", 2));
    assert_true(cli_work_long(&w, 101.1, "step", 3));
    assert_true(cli_work_long(&w, 105, "step", 4));
}

/* Nothing is told of the end of the work before: its time is not that of the next. */
static void other_work(void **state)
{
    cli_work w = {0};

    (void)state;
    assert_false(cli_work_long(&w, 100, "file", 64));
    assert_false(cli_work_long(&w, 102, "identity", 128));
    assert_true(cli_work_long(&w, 104, "identity", 256));
    assert_false(cli_work_long(&w, 105, "identity", 64)); /* of another data set */
    assert_false(cli_work_long(&w, 105.5, "identity", 128));
}

/* ---- where ---- */

/* What is written to standard error while it is `end`. */
static void write_there(int end, void (*write_lines)(void))
{
    const int before = dup(STDERR_FILENO);

    assert_true(before >= 0 && dup2(end, STDERR_FILENO) >= 0);
    write_lines();
    fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
}

static void lines_of_long_work(void)
{
    cli_work w = {"step", 2, cli_seconds() - 100, 1};

    cli_progress(&w, "step", 3, 20); /* two of them in 100 seconds */
    cli_progress_end();
}

static void lines_of_short_work(void)
{
    cli_work w = {0};
    const dp_options options = cli_options();

    cli_progress(&w, "step", 1, 2);
    cli_progress(&w, "batch", 1, 2);
    assert_non_null(options.progress);
    assert_int_equal(options.progress(options.progress_ctx, "file", 1, 2), 0);
    assert_int_equal(options.progress(options.progress_ctx, "tensors", 1, 1), 0);
}

/* All that was written to a terminal or pipe whose other end is closed. */
static void read_all(int from, char *out, size_t size)
{
    size_t n = 0;
    ssize_t got;

    while (n < size - 1 && (got = read(from, out + n, size - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    close(from);
}

static void on_a_terminal(void **state)
{
    char seen[256];
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    int end;

    (void)state;
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(end >= 0);
    write_there(end, lines_of_long_work);
    write_there(end, lines_of_short_work);
    close(end);
    read_all(terminal, seen, sizeof seen);
    /* shown, taken away; and taken away once more at the end of "tensors" */
    assert_string_equal(seen, "\rstep 3 of 20, 0.02 a second, 14 min left\033[K"
                              "\r\033[K\r\033[K");
}

static void not_in_a_pipe(void **state)
{
    char seen[16];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    write_there(ends[1], lines_of_long_work);
    write_there(ends[1], lines_of_short_work);
    close(ends[1]);
    read_all(ends[0], seen, sizeof seen);
    assert_string_equal(seen, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_second),
        cmocka_unit_test(other_work),
        cmocka_unit_test(on_a_terminal),
        cmocka_unit_test(not_in_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
