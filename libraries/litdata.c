/* litdata.c - StreamingDataset(shuffle=True) of LitData 0.2.76, chunks of one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Chunks are put in an order, and dealt to the workers of one rank in turn; the
 * rows of what a worker has of a chunk are shuffled in blocks.  Batches come from the workers in
 * turn.  LitData counts epochs from 1.
 */
#include "base/random/mt19937.h"
#include "libraries/permute.h"

enum { CHUNK_SIZE, WINDOW, WORKERS, BATCH_SIZE };
#define RULES        "chunk_size:,window:,workers:,batch_size:"
#define MOST_WORKERS 256

/* The rows of a worker in the order of all workers' rows. */
typedef struct worker {
    uint32_t begin, end;
} worker;

typedef struct litdata {
    dp_mt19937 g;
    worker workers[MOST_WORKERS];
} litdata;

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static uint32_t given(const dp_ask *ask, int rule, uint32_t otherwise)
{
    const uint64_t number = ask->rule[rule].given ? ask->rule[rule].number : otherwise;

    return number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    if (given(ask, CHUNK_SIZE, 0) == 0)
        return dp_fail(err, DP_ESPEC, "order=litdata needs rule=chunk_size:N, the rows of a chunk");
    if (given(ask, WORKERS, 1) - 1 >= MOST_WORKERS)
        return dp_fail(err, DP_ESPEC, "rule=workers is out of range: 1 to %d", MOST_WORKERS);
    if (given(ask, BATCH_SIZE, 1) == 0)
        return dp_fail(err, DP_ESPEC, "rule=batch_size:0: a batch has rows");
    if (ask->rule[WORKERS].given != ask->rule[BATCH_SIZE].given)
        return dp_fail(err, DP_ESPEC, "rule=workers needs rule=batch_size beside it, and that it");
    return dp_check_seed_32(ask, "litdata", err);
}

/* A window of 0 or 1 is all rows. */
static void shuffle_blocks(litdata *l, uint32_t first, uint32_t n, uint32_t window, uint32_t *rows,
                           uint32_t *blocks, uint32_t *out)
{
    const uint32_t size = window <= 1 || window > n ? n : window;
    const uint32_t count = n / size + (n % size != 0);

    for (uint32_t i = 0; i < n; i++)
        rows[i] = first + i;
    for (uint32_t begin = 0; begin < n; begin += size)
        dp_shuffle_masked(rows + begin, n - begin < size ? n - begin : size, next, &l->g);
    dp_permute_masked(blocks, count, next, &l->g);
    for (uint32_t b = 0; b < count; b++) {
        const uint32_t begin = blocks[b] * size, end = n - begin < size ? n : begin + size;
        for (uint32_t i = begin; i < end; i++)
            *out++ = rows[i];
    }
}

/* Batches are dealt out evenly, one more to the first workers; rows that fill none go to the next
 * worker. */
static void deal(litdata *l, uint32_t rows, uint32_t workers, uint32_t batch)
{
    const uint32_t batches = rows / batch;
    uint32_t begin = 0;

    for (uint32_t w = 0; w < workers; w++) {
        uint32_t n = (batches / workers + (w < batches % workers)) * batch;
        n += w == batches % workers ? rows % batch : 0;
        l->workers[w] = (worker){begin, begin + n};
        begin += n;
    }
}

/* The rows of all workers, one worker after the other; the chunks' order is at `chunks`. */
static void put_rows(const dp_ask *ask, litdata *l, uint32_t workers, uint32_t *chunks,
                     uint32_t *out)
{
    const uint32_t n = (uint32_t)ask->rows, size = given(ask, CHUNK_SIZE, 0);
    const uint32_t count = n / size + (n % size != 0), window = given(ask, WINDOW, 256);
    const uint32_t epoch = (uint32_t)ask->epoch + 1, seed = (uint32_t)ask->seed;
    uint32_t *rows = chunks + n, *blocks = rows + n, w = 0, done = 0;

    dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, epoch}, 2);
    dp_permute_masked(chunks, count, next, &l->g);
    for (uint32_t c = 0; c < count; c++) {
        uint32_t first = chunks[c] * size, left = n - first < size ? n - first : size;
        while (left > 0) {
            while (l->workers[w].end == done && w + 1 < workers)
                w++;
            const uint32_t room = l->workers[w].end - done, taken = left < room ? left : room;
            dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, count, epoch, chunks[c]}, 4);
            shuffle_blocks(l, first, taken, window, rows, blocks, out + done);
            first += taken, left -= taken, done += taken;
        }
    }
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const uint32_t workers = given(ask, WORKERS, 1), batch = given(ask, BATCH_SIZE, 1);
    const uint32_t n = (uint32_t)ask->rows;
    litdata *l = ask->generator;
    uint32_t *all = ask->order;

    deal(l, n, workers, batch);
    put_rows(ask, l, workers, all + n, all);
    for (uint32_t done = 0, w = 0; done < n; w = w + 1 < workers ? w + 1 : 0) {
        worker *k = &l->workers[w];
        for (uint32_t i = 0; i < batch && k->begin < k->end; i++)
            table[done++] = all[k->begin++];
    }
}

static const dp_scheme shuffle = {.check = check, .rules = RULES, .keeps = 4, .make = make};

const dp_library dp_library_litdata = {
    .word = "litdata",
    .name = "LitData",
    .generator = sizeof(litdata),
    .shuffle = &shuffle,
};
