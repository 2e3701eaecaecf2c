/* fuzz_comparison.c - any bytes as the ledgers of two runs, and the first thing that differs
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte says how many of the rest are the first run's; a step is three bytes: its number
 * after the last one and its loss, which names it has, and its digests.
 */
#include "tests/fuzz/folder.h"

#include <math.h>

#include "tools/compare/comparison.h"

/* Both are linked in the place of the real ones (CMakeLists.txt): the tool would print every
 * failure.
 */
int __wrap_cli_fail(int status, const char *format, ...);
int __wrap_cli_fail(int status, const char *format, ...)
{
    (void)format;
    return status;
}

/* Thousands of ledgers a second need not survive a power cut. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

static const char *const names[] = {
    "rows",   "batch", "output conv1", "gradient conv1.weight", "gradients", "weight conv1.weight",
    "weights"};

static void write_run(const char *path, const uint8_t *data, size_t size)
{
    static const double losses[] = {2.5, 0.0, -0.0, INFINITY, NAN, 0.1, 2.5, 2.5};
    dp_ledger *l;
    uint64_t step = 0;

    unlink(path);
    if (dp_ledger_open(&l, path, "fuzz", NULL, NULL) != DP_OK)
        abort();
    for (; size >= 3; data += 3, size -= 3) {
        step += data[0] & 3;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            const uint8_t digest[16] = {data[2] >> (i / 2) & 1};
            if ((data[1] >> i & 1) != 0 && dp_ledger_digest(l, names[i], digest, NULL) != DP_OK)
                abort();
        }
        if (dp_ledger_step(l, step, losses[data[0] >> 2 & 7], NULL) != DP_OK)
            abort();
    }
    if (dp_ledger_close(l) != DP_OK)
        abort();
}

/* What there is to be said of a first difference; and nothing differs before it. */
static void look(const comparison *c)
{
    const char *name;
    bool equal;

    if ((c->cause == NULL) != (c->first == c->n) || (comparison_equal(c) && c->cause != NULL))
        abort();
    if (!comparison_equal(c) && c->meaning[0] == '\0')
        abort();
    for (size_t i = 0; i < c->first; i++) {
        for (size_t k = 0; (name = comparison_entry(&c->common[i], k, &equal)) != NULL; k++) {
            if (!equal)
                abort();
        }
    }
}

/* A comparison has to say the same of (a, b) and (b, a), but for which entry of the step is named:
 * each ledger has an order of its own. */
static void compare(const char *a, const char *b)
{
    comparison one = {.path = {a, b}}, back = {.path = {b, a}}, self = {.path = {a, a}};
    const int status = comparison_make(&one);

    if (comparison_make(&back) != status)
        abort();
    if (status == 0) {
        look(&one);
        if (comparison_equal(&one) != comparison_equal(&back) || one.first != back.first ||
            one.n != back.n || one.entries != back.entries || one.alone[0] != back.alone[1])
            abort();
    }
    if (comparison_make(&self) == 0 && !comparison_equal(&self))
        abort();
    comparison_free(&self);
    comparison_free(&back);
    comparison_free(&one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char a[96], b[96];
    size_t n;

    if (size < 2)
        return 0;
    make_folder();
    snprintf(a, sizeof a, "%s/a", root);
    snprintf(b, sizeof b, "%s/b", root);
    n = data[0] % size;
    write_run(a, data + 1, n);
    write_run(b, data + 1 + n, size - 1 - n);
    compare(a, b);
    return 0;
}
