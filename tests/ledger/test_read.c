/* test_read.c - a ledger read back: what was recorded, what was torn, what is damage
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <unistd.h>

#include "detpipe_ledger.h"
#include "tests/support/test.h"

#define N_STEPS 8

static char folder[256], path[300];

static int make(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/run.ledger", folder);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static const double losses[N_STEPS] = {2.5, 0.1, -0.0, NAN, INFINITY, -INFINITY, 1e-300, 3};
static const char *const printed[N_STEPS] = {"2.5", "0.1",  "-0",     "nan",
                                             "inf", "-inf", "1e-300", "3"};
/* NULL: no test. */
static const char *const tested[N_STEPS] = {NULL, "2.5", "nan", NULL, "-0", "-inf", NULL, "0.1"};
static const double tests[N_STEPS] = {0, 2.5, NAN, 0, -0.0, -INFINITY, 0, 0.1};
static const uint64_t steps[N_STEPS] = {0, 1, 2, 3, (1ULL << 53) + 1, 7, UINT64_MAX, 3};

static void digest_of(size_t step, size_t entry, uint8_t digest[16])
{
    const size_t both[2] = {step, entry};
    dp_digest(both, sizeof both, digest);
}

/* Step i has i entries. */
static void write_all(void)
{
    dp_ledger *l = NULL;
    char name[64];
    uint8_t digest[16];

    assert_ok(dp_ledger_open(&l, path, "a run, seed 1", NULL, &test_error));
    for (size_t i = 0; i < N_STEPS; i++) {
        for (size_t k = 0; k < i; k++) {
            snprintf(name, sizeof name, "thing %zu, {of} %zu", k, i);
            digest_of(i, k, digest);
            assert_ok(dp_ledger_digest(l, name, digest, &test_error));
        }
        if (tested[i] != NULL)
            assert_ok(dp_ledger_test(l, tests[i], &test_error));
        assert_ok(dp_ledger_step(l, steps[i], losses[i], &test_error));
    }
    dp_ledger_close(l);
}

static dp_ledger_reader *open_it(void)
{
    dp_ledger_reader *r = NULL;

    assert_ok(dp_ledger_read_open(&r, path, NULL, &test_error));
    assert_string_equal(dp_ledger_read_about(r), "a run, seed 1");
    return r;
}

static void read_step(dp_ledger_reader *r, size_t i)
{
    const dp_ledger_record *record = NULL;
    char name[64];
    uint8_t digest[16];

    assert_ok(dp_ledger_read_next(r, &record, &test_error));
    assert_true(record->step == steps[i]);
    assert_string_equal(record->loss_text, printed[i]);
    assert_memory_equal(&record->loss, &losses[i], isnan(losses[i]) ? 0 : sizeof(double));
    assert_true(isnan(record->loss) == isnan(losses[i]));
    assert_true((record->test_text != NULL) == (tested[i] != NULL));
    if (tested[i] != NULL)
        assert_string_equal(record->test_text, tested[i]);
    assert_true(isnan(record->test) == isnan(tests[i]));
    assert_memory_equal(&record->test, &tests[i], isnan(tests[i]) ? 0 : sizeof(double));
    assert_int_equal(record->n_entries, i);
    for (size_t k = 0; k < i; k++) {
        snprintf(name, sizeof name, "thing %zu, {of} %zu", k, i);
        digest_of(i, k, digest);
        assert_string_equal(record->entries[k].name, name);
        assert_memory_equal(record->entries[k].digest, digest, 16);
    }
}

static void what_was_recorded(void **state)
{
    const dp_ledger_record *record = NULL;
    dp_ledger_reader *r;

    (void)state;
    write_all();
    r = open_it();
    for (size_t i = 0; i < N_STEPS; i++)
        read_step(r, i);
    assert_int_equal(dp_ledger_read_next(r, &record, &test_error), DP_END);
    assert_int_equal(dp_ledger_read_next(r, &record, &test_error), DP_END);
    assert_int_equal(dp_ledger_read_torn(r), 0);
    dp_ledger_read_close(r);
}

static void put_bytes(const uint8_t *bytes, size_t size)
{
    test_write(folder, "run.ledger", bytes, size);
}

/* Every length: the whole lines are read, the rest is torn. */
static void cut_anywhere(void **state)
{
    const dp_ledger_record *record = NULL;
    test_bytes_of file;
    size_t head;

    (void)state;
    write_all();
    file = test_read_file(path);
    head = (size_t)((uint8_t *)memchr(file.bytes, '\n', file.size) - file.bytes);
    for (size_t cut = 0; cut <= file.size; cut++) {
        dp_ledger_reader *r = NULL;
        size_t whole = 0;

        put_bytes(file.bytes, cut);
        if (cut < head) {
            assert_int_equal(dp_ledger_read_open(&r, path, NULL, &test_error), DP_ECORRUPT);
            assert_non_null(strstr(test_error.message, ": line 1 is damaged"));
            continue;
        }
        r = open_it();
        for (size_t at = head + 1; at < cut; at++) /* without its new line a line is whole, too */
            whole += file.bytes[at] == '\n' ||
                     (file.bytes[at] == '}' && at + 1 == cut && file.bytes[at + 1] == '\n');
        for (size_t i = 0; i < whole; i++)
            read_step(r, i);
        assert_int_equal(dp_ledger_read_next(r, &record, &test_error), DP_END);
        assert_int_equal(dp_ledger_read_torn(r),
                         cut > head + 1 && file.bytes[cut - 1] != '\n' && file.bytes[cut] != '\n');
        dp_ledger_read_close(r);
    }
    free(file.bytes);
}

/* Any byte that changes before the last line is damage, with its line; and is said again. */
static void changed_anywhere(void **state)
{
    test_bytes_of file;
    size_t line = 1;

    (void)state;
    write_all();
    file = test_read_file(path);
    for (size_t at = 0; line < N_STEPS + 1; at++) {
        const dp_ledger_record *record = NULL;
        dp_ledger_reader *r = NULL;
        dp_status status;
        char says[64];
        const bool ends = file.bytes[at] == '\n';

        if (ends && line == N_STEPS)
            break; /* then it is the last line that is torn */
        file.bytes[at] ^= 1;
        put_bytes(file.bytes, file.size);
        status = dp_ledger_read_open(&r, path, NULL, &test_error);
        while (status == DP_OK)
            status = dp_ledger_read_next(r, &record, &test_error);
        assert_int_equal(status, DP_ECORRUPT);
        snprintf(says, sizeof says, ": line %zu is damaged", line);
        assert_non_null(strstr(test_error.message, says));
        if (r != NULL)
            assert_int_equal(dp_ledger_read_next(r, &record, &test_error), DP_ECORRUPT);
        dp_ledger_read_close(r);
        file.bytes[at] ^= 1;
        line += ends;
    }
    free(file.bytes);
}

/* A step of as many bytes as a writer takes. */
static void long_line(void **state)
{
    const dp_ledger_record *record = NULL;
    dp_ledger *l = NULL;
    dp_ledger_reader *r;
    char name[128];
    uint8_t digest[16] = {1};
    dp_status status = DP_OK;
    size_t n = 0;

    (void)state;
    unlink(path);
    assert_ok(dp_ledger_open(&l, path, "a run, seed 1", NULL, &test_error));
    while (status == DP_OK) {
        snprintf(name, sizeof name, "%0127zu", n);
        status = dp_ledger_digest(l, name, digest, &test_error);
        n += status == DP_OK;
    }
    assert_int_equal(status, DP_ELIMIT);
    assert_ok(dp_ledger_step(l, 1, 0.5, &test_error));
    assert_ok(dp_ledger_close(l));
    r = open_it();
    assert_ok(dp_ledger_read_next(r, &record, &test_error));
    assert_int_equal(record->n_entries, n);
    assert_int_equal(dp_ledger_read_next(r, &record, &test_error), DP_END);
    assert_int_equal(dp_ledger_read_torn(r), 0);
    dp_ledger_read_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_recorded, make, drop),
        cmocka_unit_test_setup_teardown(cut_anywhere, make, drop),
        cmocka_unit_test_setup_teardown(changed_anywhere, make, drop),
        cmocka_unit_test_setup_teardown(long_line, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
