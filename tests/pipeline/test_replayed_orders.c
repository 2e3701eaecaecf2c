/* test_replayed_orders.c - orders that the real libraries delivered, replayed
 * (tests/golden/mindspore_orders.txt, library_orders.txt)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define MOST_ROWS 200000

static char folder[256];

/* Probabilities: row i has i * 7 % 97 of all. */
static void write_probabilities(int n)
{
    char name[32], *text = malloc((size_t)n * 32);
    size_t length = 0;
    int64_t sum = 0;

    assert_non_null(text);
    for (int i = 0; i < n; i++)
        sum += i * 7 % 97;
    for (int i = 0; i < n; i++)
        length +=
            (size_t)snprintf(text + length, 32, "%.17g\n", (double)(i * 7 % 97) / (double)sum);
    snprintf(name, sizeof name, "p%d.txt", n);
    test_write(folder, name, text, length);
    free(text);
}

/* Of row i weight i * 7 % 97, and row (i * 7 + 3) % n. */
static void write_lists(int n)
{
    char name[32], *weights = malloc((size_t)n * 4), *rows = malloc((size_t)n * 8);
    size_t length[2] = {0, 0};

    assert_non_null(weights);
    assert_non_null(rows);
    for (int i = 0; i < n; i++) {
        length[0] += (size_t)snprintf(weights + length[0], 4, "%d\n", i * 7 % 97);
        length[1] += (size_t)snprintf(rows + length[1], 8, "%d\n", (i * 7 + 3) % n);
    }
    snprintf(name, sizeof name, "w%d.txt", n);
    test_write(folder, name, weights, length[0]);
    snprintf(name, sizeof name, "i%d.txt", n);
    test_write(folder, name, rows, length[1]);
    free(weights);
    free(rows);
}

/* Folders triN: N records with the labels (i*i + i/3) % 5. */
static int write_labels(void **state)
{
    static const int sizes[] = {1, 2, 3, 5, 8, 12, 13, 20, 37};
    static uint8_t records[37][3073];

    (void)state;
    test_folder(folder, sizeof folder);
    for (int i = 0; i < 37; i++)
        records[i][0] = (uint8_t)((i * i + i / 3) % 5);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        char name[300];
        snprintf(name, sizeof name, "mkdir %s/tri%d", folder, sizes[s]);
        assert_int_equal(system(name), 0);
        snprintf(name, sizeof name, "tri%d/data_batch_1.bin", sizes[s]);
        test_write(folder, name, records, (size_t)sizes[s] * sizeof records[0]);
    }
    write_probabilities(301);
    write_probabilities(50000);
    write_probabilities(65537);
    write_lists(50000);
    write_lists(65537);
    return 0;
}

static int remove_labels(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static dp_status open_text(dp_pipeline **p, const char *seed, const char *spec)
{
    const dp_options options = {.size = sizeof options, .root = folder, .threads = 1};

    *p = NULL;
    return dp_open(p, spec, strtoull(seed, NULL, 10), &options, &test_error);
}

static dp_pipeline *open_line(const char *seed, const char *spec)
{
    dp_pipeline *p;

    if (open_text(&p, seed, spec) != DP_OK)
        fail_msg("seed %s, %s: %s", seed, spec, test_error.message);
    return p;
}

/* What the library raises is refused. */
static void check_refused(const char *seed, const char *spec)
{
    dp_pipeline *p;

    if (open_text(&p, seed, spec) != DP_ESPEC)
        fail_msg("seed %s, %s: the library raises", seed, spec);
    dp_close(p);
}

/* The records of one batch, readers that have none left out, one reader after another: "[1 2]+[5
 * 6]". */
static size_t print_batch(dp_pipeline *p, uint64_t batch, bool batched, char *out, size_t size)
{
    static int64_t records[MOST_ROWS];
    size_t n_rows, n_readers, n = 0;
    bool joined = false;

    assert_ok(dp_records(p, batch, records, MOST_ROWS, &n_rows, &n_readers, &test_error));
    for (size_t r = 0; r < n_readers; r++) {
        bool some = false;
        for (size_t i = 0; i < n_rows; i++) {
            const int64_t record = records[i * n_readers + r];
            if (record < 0)
                continue;
            n += (size_t)snprintf(out + n, size - n, "%s%lld",
                                  some      ? " "
                                  : joined  ? (batched ? "+[" : "+")
                                  : batched ? "["
                                            : "",
                                  (long long)record);
            some = joined = true;
        }
        if (some && batched)
            n += (size_t)snprintf(out + n, size - n, "]");
    }
    return n;
}

/* Rows of one concat branch do not fill a batch: the order of the rows counts, not the reader. */
static size_t print_concat(dp_pipeline *p, uint64_t batch, bool batched, char *out, size_t size)
{
    static int64_t records[MOST_ROWS];
    size_t n_rows, n_readers, n = 0;

    assert_ok(dp_records(p, batch, records, MOST_ROWS, &n_rows, &n_readers, &test_error));
    for (size_t i = 0; i < n_rows; i++) {
        size_t r = 0;
        while (records[i * n_readers + r] < 0)
            r++;
        n += (size_t)snprintf(out + n, size - n, "%s%lld",
                              i         ? " "
                              : batched ? "["
                                        : "",
                              (long long)records[i * n_readers + r]);
    }
    return n + (size_t)snprintf(out + n, size - n, batched ? "]" : "");
}

static char *trim(char *text)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == ' ')
        text[--n] = '\0';
    return text;
}

static void check_passes(dp_pipeline *p, const char *spec, uint64_t epochs, const char *expected)
{
    static char made[1 << 16];
    const bool batched = strstr(spec, "batch batch_size") != NULL;
    const uint64_t a_pass = dp_length(p) / epochs;
    size_t n = 0;

    made[0] = '\0';
    for (uint64_t b = 0; b < dp_length(p); b++) {
        if (b != 0)
            n += (size_t)snprintf(made + n, sizeof made - n, b % a_pass == 0 ? " | " : " ");
        n += (strstr(spec, "concat") != NULL ? print_concat : print_batch)(p, b, batched, made + n,
                                                                           sizeof made - n);
    }
    for (uint64_t e = 1; a_pass == 0 && e < epochs; e++)
        n += (size_t)snprintf(made + n, sizeof made - n, " | ");
    if (strcmp(trim(made), expected) != 0)
        fail_msg("%s\nexpected: %s\ndetpipe:  %s", spec, expected, made);
}

/* count=N sha256=HEX first64=..., once for each pass */
static void check_big(dp_pipeline *p, const char *spec, uint64_t epochs, char *expected)
{
    const uint64_t a_pass = dp_length(p) / epochs;
    int32_t *rows = malloc((size_t)a_pass * sizeof *rows);
    char *pass = expected;

    for (uint64_t e = 0; e < epochs; e++) {
        char count[32], sha[80];
        test_word(pass, "count", count, sizeof count);
        test_word(pass, "sha256", sha, sizeof sha);
        assert_int_equal(strtoull(count, NULL, 10), a_pass);
        for (uint64_t i = 0; i < a_pass; i++) {
            int64_t record;
            size_t n_rows, n_readers;
            assert_ok(dp_records(p, e * a_pass + i, &record, 1, &n_rows, &n_readers, &test_error));
            rows[i] = (int32_t)record;
        }
        if (strcmp(test_sha256(rows, (size_t)a_pass * sizeof *rows).text, sha) != 0)
            fail_msg("another order than MindSpore's in pass %llu: %s", (unsigned long long)e + 1,
                     spec);
        pass = strstr(pass, " | ");
        pass = pass == NULL ? "" : pass + 3;
    }
    free(rows);
}

/* sum=N, once for each pass: of (i + 1) * row[i], of rows in batches of BATCH, which are faster */
#define BATCH       1000
#define BATCH_STAGE " | batch batch_size=1000"
static void check_sums(dp_pipeline *p, const char *spec, uint64_t epochs, const char *expected)
{
    const uint64_t a_pass = dp_length(p) / epochs;
    int64_t records[BATCH];

    for (uint64_t e = 0; e < epochs; e++) {
        uint64_t sum = 0, place = 0;
        for (uint64_t b = 0; b < a_pass; b++) {
            size_t n_rows, n_readers;
            assert_ok(
                dp_records(p, e * a_pass + b, records, BATCH, &n_rows, &n_readers, &test_error));
            for (size_t i = 0; i < n_rows; i++)
                sum += ++place * (uint64_t)records[i];
        }
        expected = strstr(expected, "sum=") + 4;
        if (strtoull(expected, NULL, 10) != sum)
            fail_msg("another order in pass %llu: %s", (unsigned long long)e + 1, spec);
    }
}

static void every_line(const char *file, size_t at_least)
{
    test_lines lines = test_lines_read(file);

    assert_true(lines.n >= at_least);
    for (size_t i = 0; i < lines.n; i++) {
        char seed[32], epochs[32], spec[8192], *rows;
        const char *text = strstr(lines.line[i], " : ") + 3;
        uint64_t n_epochs;
        dp_pipeline *p;
        test_word(lines.line[i], "seed", seed, sizeof seed);
        test_word(lines.line[i], "epochs", epochs, sizeof epochs);
        rows = strstr(text, " :") + 2;
        rows += *rows == ' ';
        n_epochs = strtoull(epochs, NULL, 10);
        snprintf(spec, sizeof spec, "%.*s%s | repeat count=%s", (int)(strstr(text, " :") - text),
                 text, strncmp(rows, "sum=", 4) == 0 ? BATCH_STAGE : "", epochs);
        if (strncmp(rows, "raises ", 7) == 0) {
            check_refused(seed, spec);
            continue;
        }
        p = open_line(seed, spec);
        if (strncmp(rows, "count=", 6) == 0)
            check_big(p, spec, n_epochs, rows);
        else if (strncmp(rows, "sum=", 4) == 0)
            check_sums(p, spec, n_epochs, rows);
        else
            check_passes(p, spec, n_epochs, trim(rows));
        dp_close(p);
    }
    test_lines_free(&lines);
}

static void mindspore(void **state)
{
    (void)state;
    every_line("mindspore_orders.txt", 1100);
}

static void other_libraries(void **state)
{
    (void)state;
    every_line("library_orders.txt", 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mindspore),
                                       cmocka_unit_test(other_libraries)};
    return cmocka_run_group_tests(tests, write_labels, remove_labels);
}
