/* test_golden.c - the digests of detpipe's own streams and runs, for every thread count and
 * instruction set
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * DETPIPE_WRITE_GOLDEN=1 prints the files anew in place of comparing (tests/golden/README.md).
 */
#include "base/cpu.h"
#include "tests/support/test.h"

#define STEPS 3
#define DATA                                                                                       \
    SMALL_CIFAR                                                                                    \
    " usage=train | shuffle | rescale rescale=1/255 | normalize mean=0.5 std=0.25 | hwc2chw"       \
    " | batch batch_size=25 | repeat"
#define BYTES                                                                                      \
    SMALL_CIFAR                                                                                    \
    " usage=train | shuffle | type_cast data_type=float32 | hwc2chw | batch batch_size=25 | repeat"

typedef test_hex make(const char *text, uint32_t threads, uint32_t prefetch);

static test_hex stream(const char *text, uint32_t threads, uint32_t prefetch)
{
    dp_pipeline *p = test_open(text, threads, prefetch);
    const test_hex h = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return h;
}

/* An embedding takes whole numbers. */
static test_hex run(const char *text, uint32_t threads, uint32_t prefetch)
{
    const dp_options options = {.size = sizeof options, .threads = threads};
    dp_pipeline *p = test_open(strstr(text, "embedding") ? BYTES : DATA, threads, prefetch);
    dp_batch *b = NULL;
    dp_net_result r;
    dp_net *net;
    uint8_t digest[16];
    uint32_t bits;
    test_hex h = {""};

    assert_ok(dp_net_open(&net, text, 1, dp_output(p, "image"), &options, &test_error));
    for (int i = 0; i < STEPS; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_ok(
            dp_net_step(net, dp_batch_get(b, "image"), dp_batch_get(b, "label"), &r, &test_error));
        memcpy(&bits, &r.loss, sizeof bits);
        snprintf(h.text + strlen(h.text), 10, "%08x-", bits);
    }
    dp_net_digest(net, digest, NULL);
    strcat(h.text, test_hex_of(digest, 16).text);
    dp_net_close(net);
    dp_close(p);
    return h;
}

static void rewrite(const char *name, const test_lines *lines, make *of)
{
    char path[4096], head[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", TEST_GOLDEN, name);
    f = fopen(path, "r");
    assert_non_null(fgets(head, sizeof head, f));
    fclose(f);
    f = fopen(path, "w");
    fputs(head, f);
    for (size_t i = 0; i < lines->n; i++) {
        const char *text = strstr(lines->line[i], " : ") + 3;
        fprintf(f, "%s : %s\n", of(text, 1, 0).text, text);
    }
    fclose(f);
}

static void check(const char *name, make *of)
{
    static const uint32_t threads[] = {1, 2, 7}, prefetches[] = {0, 3, 1};
    test_lines lines = test_lines_read(name);

    assert_true(lines.n > 0);
    if (getenv("DETPIPE_WRITE_GOLDEN") != NULL) {
        rewrite(name, &lines, of);
        skip();
    }
    for (size_t i = 0; i < lines.n; i++) {
        char *text = strstr(lines.line[i], " : ");
        *text = '\0';
        for (int t = 0; t < 3; t++) {
            const test_hex h = of(text + 3, threads[t], prefetches[t]);
            if (strcmp(h.text, lines.line[i]) != 0)
                fail_msg("%u threads: %s, not %s: %s", threads[t], h.text, lines.line[i], text + 3);
        }
    }
    test_lines_free(&lines);
}

static void streams(void **state)
{
    (void)state;
    check("stages.txt", stream);
}

static void runs(void **state)
{
    (void)state;
    check("nets.txt", run);
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        dp_cpu_level got;
        setenv("DETPIPE_CPU", dp_cpu_level_name((dp_cpu_level)level), 1);
        if (dp_cpu_level_get(NULL, &got, NULL) == DP_OK)
            check("nets.txt", run);
        unsetenv("DETPIPE_CPU");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(streams), cmocka_unit_test(runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
