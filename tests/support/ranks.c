/* ranks.c - a group whose ranks are threads of the test
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/ranks.h"

#include <pthread.h>

#include "tests/support/test.h"

typedef struct message {
    struct message *next;
    uint32_t from, to, channel;
    size_t size;
    uint8_t bytes[];
} message;

/* Transfers that are not done; after a failure nobody asks for them any more. */
typedef struct pending {
    struct pending *next;
    uint32_t channel;
    size_t n, done;
    dp_transfer transfers[];
} pending;

typedef struct switchboard {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    message *first, **end;
    pending *tickets;
    bool broken;
    unsigned fail_at;
} switchboard;

typedef struct seat {
    switchboard *board;
    uint32_t rank, ranks;
    unsigned n_begun, n_asked;
    void (*run)(const dp_group *, void *, uint32_t);
    void *ctx;
    uint64_t sent; /* bytes */
} seat;

static void send_message(const seat *s, uint32_t channel, const dp_transfer *t)
{
    message *m = malloc(sizeof *m + t->size);

    assert_non_null(m);
    *m = (message){.from = s->rank, .to = t->peer, .channel = channel, .size = t->size};
    memcpy(m->bytes, t->data, t->size);
    *s->board->end = m;
    s->board->end = &m->next;
    pthread_cond_broadcast(&s->board->arrived);
}

uint64_t test_rank_sent(const dp_group *group) { return ((const seat *)group->ctx)->sent; }

static dp_status begin(void *ctx, uint32_t channel, const dp_transfer *t, size_t n, void **ticket,
                       dp_error *err)
{
    seat *s = ctx;
    pending *p = malloc(sizeof *p + n * sizeof *t);

    (void)err;
    assert_non_null(p);
    pthread_mutex_lock(&s->board->lock);
    *p = (pending){.next = s->board->tickets, .channel = channel};
    s->board->tickets = p;
    if (++s->n_begun == s->board->fail_at && s->rank == s->ranks - 1) {
        s->board->broken = true;
        pthread_cond_broadcast(&s->board->arrived);
    }
    for (size_t i = 0; i < n; i++) {
        if (t[i].sends) {
            send_message(s, channel, &t[i]);
            s->sent += t[i].size;
        } else
            p->transfers[p->n++] = t[i];
    }
    pthread_mutex_unlock(&s->board->lock);
    *ticket = p;
    return DP_OK;
}

/* The first message of that channel from the peer, if it is there. */
static bool receive(const seat *s, uint32_t channel, const dp_transfer *t)
{
    for (message **at = &s->board->first; *at != NULL; at = &(*at)->next) {
        message *m = *at;
        if (m->from != t->peer || m->to != s->rank || m->channel != channel)
            continue;
        if (m->size != t->size)
            abort(); /* the two ranks do not agree on what is sent */
        memcpy(t->data, m->bytes, t->size);
        *at = m->next;
        if (s->board->end == &m->next)
            s->board->end = at;
        free(m);
        return true;
    }
    return false;
}

/* Says "not yet" more often than it must: two times of three. */
static dp_status finish(void *ctx, void *ticket, uint32_t wait, dp_error *err)
{
    seat *s = ctx;
    pending *p = ticket;
    bool broken;

    if (!wait && ++s->n_asked % 3 != 0)
        return DP_END;
    pthread_mutex_lock(&s->board->lock);
    for (;;) {
        while (p->done < p->n && receive(s, p->channel, &p->transfers[p->done]))
            p->done++;
        broken = s->board->broken;
        if (p->done == p->n || !wait || broken)
            break;
        pthread_cond_wait(&s->board->arrived, &s->board->lock);
    }
    pthread_mutex_unlock(&s->board->lock);
    if (p->done < p->n && !broken)
        return DP_END;
    if (broken && err != NULL)
        *err = (dp_error){DP_EIO, 0, -1, "the line is dead"};
    return broken ? DP_EIO : DP_OK;
}

static void *sit(void *arg)
{
    seat *s = arg;
    const dp_group group = {sizeof group, s, s->rank, s->ranks, begin, finish};
    s->run(&group, s->ctx, s->rank);
    return NULL;
}

void test_run_ranks(uint32_t ranks, unsigned fail_at,
                    void (*run)(const dp_group *, void *, uint32_t), void *ctx)
{
    switchboard board = {.lock = PTHREAD_MUTEX_INITIALIZER,
                         .arrived = PTHREAD_COND_INITIALIZER,
                         .end = &board.first,
                         .fail_at = fail_at};
    pthread_t threads[MOST_RANKS];
    seat seats[MOST_RANKS];

    for (uint32_t r = 0; r < ranks; r++) {
        seats[r] = (seat){.board = &board, .rank = r, .ranks = ranks, .run = run, .ctx = ctx};
        assert_int_equal(pthread_create(&threads[r], NULL, sit, &seats[r]), 0);
    }
    for (uint32_t r = 0; r < ranks; r++)
        pthread_join(threads[r], NULL);
    for (message *next; board.first != NULL; board.first = next) {
        next = board.first->next;
        free(board.first);
    }
    for (pending *next; board.tickets != NULL; board.tickets = next) {
        next = board.tickets->next;
        free(board.tickets);
    }
}
