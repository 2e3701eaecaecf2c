/* fuzz_results.c - any bytes as two files that two runs wrote, and the first thing that differs
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first byte says which kind of file it is and whether the second file is the rest of the
 * bytes, or the first one with another byte; the next three where, and which.
 */
#include "tests/fuzz/folder.h"

#include <ctype.h>

#include "tools/results/results.h"

#define HEAD 4

static const char *const names[] = {"w.npz", "w.pt",  "w.safetensors", "w.ckpt",
                                    "w.csv", "w.tsv", "w.bin"};

/* What a run that wrote the file has of it. */
static void take(const char *folder, const char *name, const uint8_t *data, size_t size,
                 results *out)
{
    char path[96], copies[96], why[RESULTS_TEXT];
    const cli_list patterns = {.v = {name}, .n = 1};
    const results none = {0};
    const results_place place = {.cwd = path, .without = "", .copies = copies, .most = 1 << 20};

    snprintf(path, sizeof path, "%s/%s", root, folder);
    snprintf(copies, sizeof copies, "%s.files", path);
    if (mkdir(path, 0700) != 0 && access(path, F_OK) != 0)
        abort();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, data, size);
    snprintf(path, sizeof path, "%s/%s", root, folder);
    if (results_take(&patterns, &place, &none, out, why) != 0 || out->n != 1)
        abort();
}

static void leave(const char *folder, results *r)
{
    char path[96];

    if (r->v[0].copy != NULL)
        unlink(r->v[0].copy);
    snprintf(path, sizeof path, "%s/%s.files", root, folder);
    if (rmdir(path) != 0)
        abort();
    results_free(r);
}

static void must_be_a_line(const result_pair *p)
{
    char *text = results_text(p, 2);

    if ((text[0] == '\0') != (p->verdict == RESULT_EQUAL))
        abort();
    for (const char *at = text; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at))
            abort();
    }
    free(text);
}

/* Equal bytes are equal; other ones are, too, in ZIP files alone, whose dates do not count. */
static void compare(const results *a, const results *b, bool same, bool archives)
{
    results_comparison c, back;

    results_compare(a, b, &c);
    results_compare(b, a, &back);
    if (c.n != 1 || c.unlike != back.unlike || (same && c.unlike) ||
        (!same && !archives && !c.unlike))
        abort();
    must_be_a_line(&c.pair[0]);
    must_be_a_line(&back.pair[0]);
    results_comparison_free(&c);
    results_comparison_free(&back);
}

static bool is_archive(const uint8_t *data, size_t size)
{
    return size >= 4 && memcmp(data, "PK\3\4", 4) == 0;
}

static void compare_files(const char *name, const uint8_t *a, size_t size_a, const uint8_t *b,
                          size_t size_b)
{
    results run_a, run_b;

    make_folder();
    take("a", name, a, size_a, &run_a);
    take("b", name, b, size_b, &run_b);
    compare(&run_a, &run_b, size_a == size_b && memcmp(a, b, size_a) == 0,
            is_archive(a, size_a) && is_archive(b, size_b));
    leave("a", &run_a);
    leave("b", &run_b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *bytes = data + HEAD;
    size_t place, n;
    uint8_t *other;
    char name[16];

    if (size <= HEAD)
        return 0;
    n = size - HEAD;
    place = (size_t)(data[1] | data[2] << 8) % n;
    snprintf(name, sizeof name, "%s", names[data[0] % 16 % (sizeof names / sizeof names[0])]);
    if ((data[0] & 16) != 0) {
        compare_files(name, bytes, place, bytes + place, n - place);
        return 0;
    }
    other = malloc(n);
    if (other == NULL)
        return 0;
    memcpy(other, bytes, n);
    other[place] ^= data[3];
    compare_files(name, bytes, n, other, n);
    free(other);
    return 0;
}
