/* fuzz_answer.c - any bytes as the header of a server's answer, a line at a time
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first four bytes are what was asked for: the first byte of the file, how many, its size, its
 * version.  An answer that is taken has those bytes of a file that is so long, and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "io/remote/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The line in memory of its own: what is read behind its end is a fault. */
static void give_line(dp_answer *a, const uint8_t *line, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, line, n);
    dp_answer_line(a, copy, n);
    free(copy);
    if (a->status >= 1000 || a->retry_after > 86400)
        abort();
}

static dp_answer read_answer(const uint8_t *data, size_t size)
{
    dp_answer a = {.status = 0};

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t n = end != NULL ? (size_t)(end - data) + 1 : size;
        give_line(&a, data, n);
        data += n;
        size -= n;
    }
    return a;
}

static void look(const dp_answer *a, const dp_asked *q)
{
    const int error = dp_answer_check(a, q);

    if (error != 0) {
        if (dp_far_words(error)[0] == '\0')
            abort();
        (void)dp_far_passes(error);
        return;
    }
    if (a->status != 206 || a->encoded || a->first != q->first || a->last != q->last ||
        a->last >= a->total || (q->size != 0 && a->total != q->size) ||
        (q->version != 0 && dp_answer_version(a) != q->version))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dp_answer a;
    dp_asked q;

    if (size < 4)
        return 0;
    a = read_answer(data + 4, size - 4);
    q = (dp_asked){.first = data[0],
                   .last = (uint64_t)data[0] + data[1],
                   .size = data[2],
                   .version = data[3] % 2 == 0 ? 0 : dp_answer_version(&a) ^ (data[3] / 2)};
    look(&a, &q);
    return 0;
}
