/* test_language.c - the cases of tests/language: a text, a question, the answer
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A case is three lines of a .txt file, cases are parted by empty lines, "#" begins a comment.  In
 * a text \xHH is a byte, and ^ the column that its error must have.  Questions:
 *     error       the message; the status is DP_ESPEC
 *     canonical   the text with every parameter, which means the same
 *     stages      their names
 *     length      batches, or "endless"
 *     digest      of the whole stream, seed 1, on the files of tests/golden/cifar10
 *     net         what a step of the net on float32[16, 3, 8, 8] says, or its canonical text
 * An answer that ends with ... is the beginning of one: lists of libraries grow.
 * DETPIPE_WRITE_GOLDEN=1 writes the answers in place of comparing.
 */
#include <glob.h>

#include "base/options.h"
#include "detpipe_net.h"
#include "lang/text.h"
#include "tests/support/test.h"

#define FOLDER    TEST_GOLDEN "/../language/"
#define MOST_LINE 4096

/* The text without its mark and with its bytes; the column that was marked, 0 = none. */
static uint32_t take_text(const char *line, char *out)
{
    uint32_t column = 0;
    char *to = out;

    while (*line != '\0') {
        unsigned byte;
        if (*line == '^') {
            column = (uint32_t)(to - out) + 1;
            line++;
        } else if (line[0] == '\\' && line[1] == 'x' && sscanf(line + 2, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            line += 4;
        } else {
            *to++ = *line++;
        }
    }
    *to = '\0';
    return column;
}

static void answer_error(const char *text, uint32_t column, char *answer)
{
    dp_pipeline *p = NULL;
    const dp_options options = {.size = sizeof options, .root = FIXTURE, .threads = 1};
    const dp_status status = dp_open(&p, text, 1, &options, &test_error);

    snprintf(answer, MOST_LINE, "%s",
             status == DP_ESPEC ? test_error.message : dp_status_name(status));
    if (status == DP_ESPEC && test_error.column != column)
        snprintf(answer, MOST_LINE, "column %u: %s", test_error.column, test_error.message);
    assert_true(status != DP_OK ? p == NULL : p != NULL);
    dp_close(p);
}

/* With and without the data, and again of what it says. */
static void answer_canonical(const char *text, char *answer)
{
    dp_pipeline *a = test_open(text, 1, 0), *b;
    uint8_t digest[2][16];
    size_t length;

    assert_ok(dp_canonical(text, answer, MOST_LINE, &length, &test_error));
    assert_int_equal(length, strlen(answer));
    assert_string_equal(answer, dp_spec(a));
    b = test_open(answer, 1, 0);
    assert_string_equal(answer, dp_spec(b));
    dp_fingerprint(a, digest[0]);
    dp_fingerprint(b, digest[1]);
    assert_memory_equal(digest[0], digest[1], 16);
    dp_close(a);
    dp_close(b);
}

static void answer_stages(const char *text, char *answer)
{
    dp_options options;
    dp_arena arena;
    dp_text parsed;
    size_t n = 0;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_text_parse(text, strlen(text), &arena, &parsed, &test_error));
    for (uint32_t i = 0; i < parsed.n_stages; i++)
        n += (size_t)snprintf(answer + n, MOST_LINE - n, i ? " %s" : "%s", parsed.stages[i].name);
    dp_arena_free(&arena);
}

static void answer_stream(const char *text, bool digest, char *answer)
{
    dp_pipeline *p = test_open(text, 1, 0);

    if (digest)
        strcpy(answer, test_stream_digest(p, UINT64_MAX).text);
    else if (dp_length(p) == UINT64_MAX)
        strcpy(answer, "endless");
    else
        snprintf(answer, MOST_LINE, "%llu", (unsigned long long)dp_length(p));
    dp_close(p);
}

static void answer_net(const char *text, uint32_t column, char *answer)
{
    static float x[16 * 3 * 8 * 8];
    static int32_t classes[16];
    const dp_tensor input = {x, DP_F32, 4, {16, 3, 8, 8}}, labels = {classes, DP_I32, 1, {16}};
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_net *net = NULL;
    dp_status status = dp_net_open(&net, text, 1, &input, &options, &test_error);

    if (status == DP_OK)
        status = dp_net_step(net, &input, &labels, NULL, &test_error);
    snprintf(answer, MOST_LINE, "%s",
             status == DP_OK      ? dp_net_spec(net)
             : status == DP_ESPEC ? test_error.message
                                  : dp_status_name(status));
    if (status == DP_ESPEC && test_error.column != column)
        snprintf(answer, MOST_LINE, "column %u: %s", test_error.column, test_error.message);
    dp_net_close(net);
}

static void ask(const char *line, const char *question, char *answer)
{
    char text[MOST_LINE];
    const uint32_t column = take_text(line, text);

    if (strcmp(question, "error") == 0)
        answer_error(text, column, answer);
    else if (strcmp(question, "canonical") == 0)
        answer_canonical(text, answer);
    else if (strcmp(question, "stages") == 0)
        answer_stages(text, answer);
    else if (strcmp(question, "length") == 0 || strcmp(question, "digest") == 0)
        answer_stream(text, question[0] == 'd', answer);
    else if (strcmp(question, "net") == 0)
        answer_net(text, column, answer);
    else
        fail_msg("there is no question '%s': error, canonical, stages, length, digest, net",
                 question);
}

static bool fits(const char *answer, const char *expected)
{
    const char *dots = strstr(expected, "...");

    return dots != NULL && dots[3] == '\0'
               ? strncmp(answer, expected, (size_t)(dots - expected)) == 0
               : strcmp(answer, expected) == 0;
}

static bool take_line(FILE *f, char *line)
{
    if (fgets(line, MOST_LINE, f) == NULL)
        return false;
    assert_non_null(strchr(line, '\n'));
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* How many answers of a file are wrong; all of it with the right ones goes to `out`, if it is
 * there. */
static int check_file(const char *path, FILE *out, int *cases)
{
    char text[MOST_LINE], question[MOST_LINE], expected[MOST_LINE], answer[MOST_LINE] = "";
    FILE *f = fopen(path, "r");
    int wrong = 0;

    assert_non_null(f);
    while (take_line(f, text)) {
        if (text[0] == '\0' || text[0] == '#') {
            if (out != NULL)
                fprintf(out, "%s\n", text);
            continue;
        }
        assert_true(take_line(f, question) && take_line(f, expected));
        ask(text, question, answer);
        ++*cases;
        if (out != NULL)
            fprintf(out, "%s\n%s\n%s\n", text, question,
                    fits(answer, expected) ? expected : answer);
        else if (!fits(answer, expected))
            print_error("%s: %s\n  %s: %s\n  not: %s\n", path, text, question, answer, expected),
                wrong++;
    }
    fclose(f);
    return wrong;
}

static void rewrite(const char *path)
{
    char new_path[MOST_LINE];
    int cases = 0;
    FILE *out;

    snprintf(new_path, sizeof new_path, "%s.new", path);
    out = fopen(new_path, "w");
    assert_non_null(out);
    check_file(path, out, &cases);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(rename(new_path, path), 0);
}

static void every_case(void **state)
{
    int wrong = 0, cases = 0;
    glob_t files;

    (void)state;
    assert_int_equal(glob(FOLDER "*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (getenv("DETPIPE_WRITE_GOLDEN") != NULL)
            rewrite(files.gl_pathv[i]);
        else
            wrong += check_file(files.gl_pathv[i], NULL, &cases);
    }
    globfree(&files);
    if (getenv("DETPIPE_WRITE_GOLDEN") != NULL)
        skip();
    print_message("%d cases\n", cases);
    assert_true(cases > 0);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
