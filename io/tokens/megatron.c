/* megatron.c - the order of Megatron's GPTDataset (megatron/core/datasets/gpt_dataset.py)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Epochs are added until there are tokens for num_samples windows.  The sequences of all epochs are
 * shuffled together; those of the last one by themselves where few of its windows are wanted.  So
 * the text is laid out, and cut in windows; these are shuffled, those of such a last epoch by
 * themselves.  One numpy.random.RandomState draws all.
 */
#include "base/number/num.h"
#include "base/random/mt19937.h"
#include "io/tokens/tokens.h"
#include "libraries/permute.h"

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

/* Cut at running sums of shares of the sum, rounded to whole sequences, half to even. */
dp_status dp_megatron_split(dp_megatron *m, const double *shares, int32_t n, int32_t part,
                            dp_error *err)
{
    const double all = (double)m->file->n_sequences;
    double sum = 0, before = 0;
    uint64_t end = 0;

    for (int32_t i = 0; i < n; i++)
        sum += shares[i];
    for (int32_t i = 0; i < part && sum > 0; i++)
        before += shares[i] / sum;
    if (sum > 0) {
        m->first = (uint64_t)dp_round_even(before * all);
        end = (uint64_t)dp_round_even((before + shares[part] / sum) * all);
    }
    end = end < m->file->n_sequences ? end : m->file->n_sequences;
    if (end <= m->first)
        return dp_fail(err, DP_ESPEC, "part %d of the split has no sequences of %llu", part,
                       (unsigned long long)m->file->n_sequences);
    m->n_sequences = end - m->first;
    m->n_tokens = m->file->starts[end] - m->file->starts[m->first];
    return DP_OK;
}

typedef struct epochs {
    uint64_t n, tokens; /* of one */
    bool last_apart;
    uint64_t windows_before; /* of the epochs but the last one */
} epochs;

static epochs count_epochs(const dp_megatron *m, uint64_t num_samples)
{
    epochs e = {.n = 1, .tokens = m->n_tokens};
    const uint64_t wanted = num_samples * m->length + 1;
    uint64_t in_one, in_last;

    if (num_samples > 0 && wanted > e.tokens)
        e.n = wanted / e.tokens + (wanted % e.tokens != 0);
    if (e.n == 1)
        return e;
    in_one = (e.tokens - 1) / m->length;
    e.windows_before = ((e.n - 1) * e.tokens - 1) / m->length;
    in_last = num_samples - e.windows_before;
    e.last_apart = in_last < (uint64_t)(0.80 * (double)in_one);
    return e;
}

static dp_status take_memory(dp_megatron *m, dp_arena *arena, dp_error *err)
{
    m->sequences = dp_arena_alloc_raw(arena, (size_t)m->n_laid, sizeof *m->sequences);
    m->ends = dp_arena_alloc_raw(arena, (size_t)m->n_laid, sizeof *m->ends);
    m->samples = dp_arena_alloc_raw(arena, (size_t)m->n_samples, sizeof *m->samples);
    return m->sequences == NULL || m->ends == NULL || m->samples == NULL
               ? dp_arena_fail(arena, err, "the order of the samples")
               : DP_OK;
}

/* 0 .. n - 1 again and again, shuffled. */
static void shuffle_sequences(uint32_t *out, uint64_t n, uint64_t times, dp_mt19937 *g)
{
    for (uint64_t i = 0; i < times; i++)
        dp_identity(out + i * n, n);
    dp_shuffle_masked(out, (uint32_t)(n * times), next, g);
}

static void shuffle_samples(uint32_t *out, uint64_t first, uint64_t n, dp_mt19937 *g)
{
    for (uint64_t i = 0; i < n; i++)
        out[i] = (uint32_t)(first + i);
    dp_shuffle_masked(out, (uint32_t)n, next, g);
}

static void lay_out(dp_megatron *m, const epochs *e, uint32_t seed)
{
    const uint64_t n = m->n_sequences, apart = e->last_apart,
                   before = apart ? e->windows_before : m->n_samples;
    uint64_t end = 0;
    dp_mt19937 g;

    dp_mt19937_seed(&g, seed);
    shuffle_sequences(m->sequences, n, e->n - apart, &g);
    if (apart)
        shuffle_sequences(m->sequences + n * (e->n - 1), n, 1, &g);
    shuffle_samples(m->samples, 0, before, &g);
    if (apart)
        shuffle_samples(m->samples + before, before, m->n_samples - before, &g);
    for (uint64_t i = 0; i < m->n_laid; i++) {
        const uint64_t *start = m->file->starts + (m->sequences[i] += (uint32_t)m->first);
        end += start[1] - start[0];
        m->ends[i] = end;
    }
}

dp_status dp_megatron_plan(dp_megatron *m, uint32_t seed, uint64_t num_samples, dp_arena *arena,
                           dp_error *err)
{
    epochs e;
    dp_status status;

    if (m->n_tokens == 0 || num_samples > UINT64_MAX / 4 / m->length)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu tokens: too few for num_samples=%llu",
                       m->file->path, (unsigned long long)m->n_tokens,
                       (unsigned long long)num_samples);
    e = count_epochs(m, num_samples);
    m->n_laid = e.n * m->n_sequences;
    m->n_samples = (e.n * e.tokens - 1) / m->length;
    if (m->n_laid > INT32_MAX || m->n_samples >= UINT32_MAX)
        return dp_fail(err, DP_ELIMIT, "%llu epochs of %llu sequences are more than 2^31",
                       (unsigned long long)e.n, (unsigned long long)m->n_sequences);
    if (m->n_samples == 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu tokens: fewer than a window of %llu",
                       m->file->path, (unsigned long long)m->n_tokens,
                       (unsigned long long)m->length + 1);
    status = take_memory(m, arena, err);
    if (status == DP_OK)
        lay_out(m, &e, seed);
    return status;
}

/* The first sequence of the text that ends behind a token. */
static uint64_t find(const dp_megatron *m, uint64_t token)
{
    uint64_t low = 0, high = m->n_laid - 1;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (m->ends[middle] > token)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

dp_status dp_megatron_read(const dp_megatron *m, dp_tokens_part part, dp_error *err)
{
    const uint64_t begin = m->samples[part.record] * m->length, size = m->length + 1;
    dp_status status = DP_OK;

    for (uint64_t i = find(m, begin); part.place < size && status == DP_OK; i++) {
        const uint64_t left = m->ends[i] - (begin + part.place), wanted = size - part.place;
        part.n = left < wanted ? left : wanted;
        part.at = m->file->starts[m->sequences[i] + 1] - left;
        if (part.n > 0)
            status = dp_tokens_read(m->file, &part, err);
        part.place += part.n;
    }
    return status;
}
