/* conformance.c - the golden digests without a test framework, for machines that are emulated
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     conformance GOLDEN_DIR
 * Compares every line of stages.txt, nets.txt and ops.txt (tests/golden/README.md) and runs the
 * self-test; `tools/dev cross` compiles it for other machines and runs it under qemu.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "detpipe.h"
#include "detpipe_net.h"
#include "detpipe_ops.h"
#include "tests/cross/without_libraries.h"
#include "tests/support/arrays.h"

#define STEPS 3
#define DATA                                                                                       \
    "cifar10 strict=false usage=train | shuffle | rescale rescale=1/255"                           \
    " | normalize mean=0.5 std=0.25 | hwc2chw | batch batch_size=25 | repeat"
#define BYTES                                                                                      \
    "cifar10 strict=false usage=train | shuffle | type_cast data_type=float32 | hwc2chw"           \
    " | batch batch_size=25 | repeat"

static char root[4096];
static dp_error err;

static dp_options options(void)
{
    return (dp_options){.size = sizeof(dp_options),
                        .root = root,
                        .threads = 2,
                        .prefetch = 1,
                        .arrays = test_arrays};
}

static void print_hex(const uint8_t digest[16], char *out)
{
    for (int i = 0; i < 16; i++)
        sprintf(out + 2 * i, "%02x", digest[i]);
}

static dp_status stream(const char *text, char *out)
{
    const dp_options o = options();
    uint8_t both[32] = {0};
    dp_batch *batch = NULL;
    dp_pipeline *p = NULL;
    dp_status status = dp_open(&p, text, 1, &o, &err);

    while (status == DP_OK && (status = dp_next(p, &batch, &err)) == DP_OK) {
        dp_batch_digest(batch, both + 16);
        dp_digest(both, sizeof both, both);
    }
    print_hex(both, out);
    dp_close(p);
    return status == DP_END ? DP_OK : status;
}

static dp_status run(const char *text, char *out)
{
    const dp_options o = options();
    dp_pipeline *p = NULL;
    dp_batch *batch = NULL;
    dp_net *net = NULL;
    dp_net_result r;
    uint8_t digest[16];
    uint32_t bits;
    dp_status status = dp_open(&p, strstr(text, "embedding") ? BYTES : DATA, 1, &o, &err);

    if (status == DP_OK)
        status = dp_net_open(&net, text, 1, dp_output(p, "image"), &o, &err);
    for (int i = 0; i < STEPS && status == DP_OK; i++) {
        status = dp_next(p, &batch, &err);
        if (status == DP_OK)
            status = dp_net_step(net, dp_batch_get(batch, "image"), dp_batch_get(batch, "label"),
                                 &r, &err);
        memcpy(&bits, &r.loss, sizeof bits);
        out += sprintf(out, "%08x-", bits);
    }
    if (status == DP_OK) {
        dp_net_digest(net, digest, NULL);
        print_hex(digest, out);
    }
    dp_net_close(net);
    dp_close(p);
    return status;
}

/* "backward layer_norm" */
static dp_status operator(const char *text, char *out)
{
    const dp_options o = options();
    const bool backward = strncmp(text, "backward ", 9) == 0;
    uint8_t digest[16];
    size_t n, i = 0;
    const dp_op_info *const *ops = dp_ops(&n);
    dp_status status;

    while (i + 1 < n && strcmp(ops[i]->stage.name, strchr(text, ' ') + 1) != 0)
        i++;
    status = dp_op_example(ops[i], backward ? DP_BACKWARD : DP_FORWARD, &o, digest, &err);
    print_hex(digest, out);
    return status;
}

typedef struct tally {
    int lines, wrong, left_out;
} tally;

/* What asks for a library that is not in this build (without_libraries.c) is left out. */
static void check_line(tally *t, const char *expected, const char *text,
                       dp_status (*make)(const char *, char *))
{
    char seen[256];
    bool made;

    library_missed = false;
    made = make(text, seen) == DP_OK;
    t->lines++;
    if (!made && library_missed) {
        t->left_out++;
    } else if (!made || strcmp(seen, expected) != 0) {
        printf("%s, not %s: %s %s\n", seen, expected, text, err.message);
        t->wrong++;
    }
}

static int check(const char *folder, const char *name, dp_status (*make)(const char *, char *))
{
    char path[4200], line[4096];
    tally t = {0};
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *text = strstr(line, " : ");
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || text == NULL)
            continue;
        *text = '\0';
        check_line(&t, line, text + 3, make);
    }
    if (f != NULL)
        fclose(f);
    printf("%s: %d lines, %d wrong, %d need a library that is not in this build\n", name, t.lines,
           t.wrong, t.left_out);
    return t.wrong + (t.lines == t.left_out);
}

int main(int argc, char **argv)
{
    int wrong = 0;

    if (argc != 2)
        return 2;
    snprintf(root, sizeof root, "%s/cifar10", argv[1]);
    if (dp_numeric_check(NULL, &err) != DP_OK || dp_net_selftest(&err) != DP_OK) {
        printf("%s\n", err.message);
        wrong++;
    }
    wrong += check(argv[1], "stages.txt", stream);
    wrong += check(argv[1], "nets.txt", run);
    wrong += check(argv[1], "ops.txt", operator);
    return wrong != 0;
}
