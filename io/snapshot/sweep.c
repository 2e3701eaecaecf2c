/* sweep.c - a far file that is read from its beginning to its end, some MiB of it at a time
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Blocks may be small, and a transfer for each would wait for the server each time.
 */
#include "io/snapshot/sweep.h"

#include <string.h>

#include "io/remote/remote.h"

/* Takes as many bytes from a place on as there are pieces for.  How many pieces. */
static uint64_t start(dp_far_sweep *s, uint64_t at)
{
    const uint64_t left = at < s->file->size ? s->file->size - at : 0;
    uint64_t n = 0;

    for (; n < DP_SWEEP_PIECES && n * DP_SWEEP_PIECE < left; n++) {
        const uint64_t from = n * DP_SWEEP_PIECE, rest = left - from;
        s->pieces[n] = (dp_fetch){.far = s->file->far,
                                  .at = at + from,
                                  .n = rest < DP_SWEEP_PIECE ? (size_t)rest : DP_SWEEP_PIECE,
                                  .out = s->bytes + from};
        dp_fetch_start(&s->pieces[n]);
    }
    return n;
}

/* As many bytes from a place on as can be had without a gap; returns what ended them. */
static int fill(dp_far_sweep *s, uint64_t at)
{
    const uint64_t n = start(s, at);
    int error = 0;

    s->at = at;
    s->n = 0;
    for (uint64_t i = 0; i < n; i++) { /* all of them: they write to the memory */
        const int ended = dp_fetch_wait(&s->pieces[i]);
        error = error != 0 ? error : ended;
        s->n += error == 0 ? s->pieces[i].n : 0;
    }
    return error;
}

static bool has(const dp_far_sweep *s, uint64_t at, size_t n)
{
    return at >= s->at && at - s->at <= s->n && n <= s->n - (at - s->at);
}

static int read_at(const dp_far *far, uint64_t at, void *out, size_t n, size_t *got)
{
    dp_far_sweep *s = ((const struct dp_sweep_file *)(const void *)far)->sweep;
    const int error = has(s, at, n) || n > DP_SWEEP_PIECES * DP_SWEEP_PIECE ? 0 : fill(s, at);

    if (!has(s, at, n))
        return error != 0 ? error : dp_file_read_at(s->file, at, out, n, got);
    memcpy(out, s->bytes + (at - s->at), n);
    *got = n;
    return 0;
}

static const char *why(const dp_far *far, int error)
{
    return dp_file_why(((const struct dp_sweep_file *)(const void *)far)->sweep->file, error);
}

dp_status dp_far_sweep_open(dp_far_sweep *s, dp_arena *arena, dp_error *err)
{
    s->bytes = dp_arena_alloc_raw(arena, DP_SWEEP_PIECES, DP_SWEEP_PIECE);
    return s->bytes == NULL ? dp_arena_fail(arena, err, "a far file") : DP_OK;
}

dp_file dp_far_sweep_file(dp_far_sweep *s, const dp_file *file)
{
    if (s->bytes == NULL)
        return *file;
    if (s->file != file)
        s->n = 0;
    s->file = file;
    s->far = (struct dp_sweep_file){.far = {read_at, why}, .sweep = s};
    return (dp_file){.fd = -1, .far = &s->far.far, .size = file->size};
}
