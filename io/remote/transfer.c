/* transfer.c - ranges of far files: asked for, several at a time, again where that may help
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * One thread makes all transfers, so that they share connections (and an HTTP/2 one, where the
 * server has that) and go on while the reader's threads compute.  A fetch is its reader's until it
 * is started, and again once it is done; in between it is in the queue, under the lock, or the
 * transfers' own.  One that goes on where the last one in the queue ends joins its chain: a chain
 * is asked for at once, and each of it is done as soon as its bytes are there.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/status.h"
#include "base/workers.h"
#include "io/remote/curl.h"
#include "io/remote/remote.h"
#include "io/remote/settings.h"
#include "io/remote/transfer.h"

#define FIRST_WAIT 100 /* ms before the second try; twice as long before each other one */
#define SLOW       100 /* bytes a second: less is none */

#define BUFFER                                                                                     \
    ((size_t)1 << 18) /* libcurl's of a transfer; a quarter of it where it asks for less */

/* Transfers at a time where the settings do not say how many: so many, and more while what they
 * bring is little, as each of those waits more for its server than for its bytes. */
#define FEW    8
#define MANY   64
#define LITTLE ((uint64_t)8 << 20)
#define ALONE  1000 /* ms at most */

typedef struct transfer {
    CURL *easy;
    dp_fetch *first; /* what it brings now, and behind that; NULL = idle */
    uint64_t n;      /* bytes that it was asked for */
    dp_answer answer;
    int error; /* of this try; 0 = none */
    bool checked;
} transfer;

struct dp_remote {
    dp_curl curl;
    dp_remote_settings settings;
    dp_arena *arena;
    int64_t process;
    bool global, started;
    struct curl_slist *headers;
    CURLM *multi;
    transfer *transfers;
    int64_t n_transfers;
    /* The thread's own: what is on its way, and bytes that were asked for.  A large one that begins
     * when nothing is goes alone until it begins to come: others would share its way, and the first
     * of all is waited for. */
    int64_t n_active;
    uint64_t active, lone_until;
    const transfer *lone;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t done;
    dp_fetch *queue; /* each the first of its chain */
    uint32_t server; /* that is asked first: the last one that had what another had not */
    bool stop;
    bool finished;           /* something is, and whoever waits was not told yet */
    _Atomic uint32_t asleep; /* the thread has to be woken */
};

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- what libcurl brings ---- */

static const dp_far_file *file_of(const dp_fetch *f)
{
    return (const dp_far_file *)(const void *)f->far;
}

static size_t take_header(char *line, size_t size, size_t n, void *transfer_)
{
    transfer *t = transfer_;

    dp_answer_line(&t->answer, line, size * n);
    return size * n;
}

static uint64_t end_of(const dp_fetch *f)
{
    while (f->more != NULL)
        f = f->more;
    return f->at + f->n;
}

/* What is left of a chain. */
static dp_asked asked(const dp_fetch *f)
{
    return (dp_asked){f->at + f->got, end_of(f) - 1, file_of(f)->size, file_of(f)->version};
}

/* Called with the lock.  Whoever waits is told once a round of the thread: it may be many. */
static void finish(dp_remote *m, dp_fetch *f, int error)
{
    if (error == 0 && f->left > 0)
        m->server = f->server;
    f->error = error;
    f->more = NULL;
    atomic_store(&f->done, true);
    m->finished = true;
}

/* As many of the bytes as the first one takes; one that is whole is done, and the next one goes on,
 * but the last one waits for the end of the transfer. */
static size_t give_first(transfer *t, const char *bytes, size_t n)
{
    dp_fetch *f = t->first, *more = f->more;
    dp_remote *m = file_of(f)->remote;

    if (n > f->n - f->got)
        n = f->n - f->got;
    memcpy(f->out + f->got, bytes, n);
    f->got += n;
    if (f->got == f->n && more != NULL) {
        t->first = more;
        if (f->said != NULL)
            *f->said = t->answer;
        pthread_mutex_lock(&m->lock);
        finish(m, f, 0);
        pthread_mutex_unlock(&m->lock);
    }
    return n;
}

/* The answer is what was asked for; of a file whose size is not known it may end before. */
static void check(transfer *t)
{
    const dp_asked q = asked(t->first);

    if (t->checked)
        return;
    t->checked = true;
    t->error = dp_answer_check(&t->answer, &q);
    if (t->error == 0 && q.size == 0)
        t->first->n = (size_t)(t->answer.last + 1 - t->first->at);
}

/* Nothing is taken of an answer that is another than what was asked for. */
static size_t take_bytes(char *bytes, size_t size, size_t n, void *transfer_)
{
    transfer *t = transfer_;

    file_of(t->first)->remote->lone = NULL;
    check(t);
    t->error = dp_answer_reason(t->error, bytes, size * n);
    if (t->error == 0 && size * n > end_of(t->first) - t->first->at - t->first->got)
        t->error = DP_FAR_OTHER_RANGE;
    if (t->error != 0)
        return 0;
    for (size_t done = 0; done < size * n;)
        done += give_first(t, bytes + done, size * n - done);
    return size * n;
}

/* ---- one try ---- */

#define SET(option, value) (c->curl_easy_setopt)(t->easy, option, value)

/* A redirect is followed to http and https alone, from https to https alone. */
static CURLcode prepare(const dp_remote *m, transfer *t, dp_fetch *f, uint64_t now)
{
    const dp_curl *c = &m->curl;
    const dp_asked q = asked(f);
    const char *url = file_of(f)->urls[f->server];
    char range[64];
    CURLcode code;

    snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)q.first,
             (unsigned long long)q.last);
    t->answer = (dp_answer){.status = 0};
    t->checked = false;
    t->error = 0;
    t->first = f;
    t->n = q.last + 1 - q.first;
    /* A handle whose last connection had other transfers, too (HTTP/2), keeps its buffer and
     * refuses another size (libcurl 7.88): the one it has will do. */
    (void)SET(CURLOPT_BUFFERSIZE, t->n < BUFFER ? (long)BUFFER / 4 : (long)BUFFER);
    if ((code = SET(CURLOPT_URL, url)) != CURLE_OK ||
        (code = SET(CURLOPT_RANGE, range)) != CURLE_OK ||
        (code = SET(CURLOPT_TIMEOUT_MS, (long)(f->deadline - now))) != CURLE_OK ||
        (code = SET(CURLOPT_REDIR_PROTOCOLS_STR,
                    strncmp(url, "https:", 6) == 0 ? "https" : "http,https")) != CURLE_OK ||
        (code = SET(CURLOPT_WRITEDATA, t)) != CURLE_OK ||
        (code = SET(CURLOPT_HEADERDATA, t)) != CURLE_OK ||
        (code = SET(CURLOPT_PRIVATE, t)) != CURLE_OK)
        return code;
    return c->curl_multi_add_handle(m->multi, t->easy) == CURLM_OK ? CURLE_OK : CURLE_FAILED_INIT;
}

/* What libcurl's code means; a time-out by its name.  libcurl's clock is not ours to the
 * millisecond: what ends too late for another try has met its deadline. */
static int error_of(const dp_remote *m, const transfer *t, CURLcode code)
{
    curl_off_t sent = 0;

    (m->curl.curl_easy_getinfo)(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return clock_ms() + FIRST_WAIT >= t->first->deadline ? DP_FAR_WITHIN
               : sent > 0                                    ? DP_FAR_TIMEOUT
                                                             : DP_FAR_CONNECT;
    case CURLE_PARTIAL_FILE: return DP_FAR_CUT;
    case CURLE_UNSUPPORTED_PROTOCOL: return DP_FAR_REDIRECT;
    default: return DP_FAR_CURL + (int)code;
    }
}

static bool may_pass(int error)
{
    switch (error - DP_FAR_CURL) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_HTTP2:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2_STREAM: return true;
    default: return dp_far_passes(error);
    }
}

/* How the try ended: in t->error. */
static void judge(const dp_remote *m, transfer *t, CURLcode code)
{
    const dp_fetch *f = t->first;
    const bool whole = t->checked && f->more == NULL && f->got == f->n;

    if (t->error == 0 && whole)
        return; /* however the connection ended */
    if (t->error == 0 && code != CURLE_OK)
        t->error = error_of(m, t, code);
    if (t->error == 0) /* there was no body */
        check(t);
    if (t->error == 0)
        t->error = DP_FAR_CUT;
}

static void add_to_queue(dp_remote *m, dp_fetch *f)
{
    dp_fetch **end = &m->queue;

    while (*end != NULL)
        end = &(*end)->next;
    *end = f;
    f->next = NULL;
}

static void set_deadline(const dp_remote *m, dp_fetch *f, uint64_t now)
{
    if (f->deadline == 0)
        f->deadline = now + 1000 * (uint64_t)m->settings.within;
}

/* What came is not of what will come: of another server, or before the file's size was known. */
static void start_over(dp_fetch *f)
{
    f->got = 0;
    f->n = f->wanted;
}

/* Called with the lock.  Asks the next server, as a new transfer; false = there is none. */
static bool ask_next(dp_remote *m, dp_fetch *f, int error)
{
    if (f->left + 1 >= file_of(f)->n_urls)
        return false;
    if (f->left++ == 0)
        f->first_error = error;
    f->server = (f->server + 1) % file_of(f)->n_urls;
    f->tries = 0;
    f->not_before = f->deadline = 0;
    start_over(f);
    add_to_queue(m, f);
    return true;
}

/* Called with the lock.  What failed is done, or in the queue once more: what has come stays.  A
 * wait beyond the deadline would be for nothing.  The rest of its chain is asked for anew. */
static void settle(dp_remote *m, const transfer *t, dp_fetch *f)
{
    const uint64_t most = 1000 * (uint64_t)m->settings.wait;
    uint64_t wait = (uint64_t)FIRST_WAIT << (f->tries < 20 ? f->tries : 20);
    dp_fetch *rest = f->more;

    if (1000 * (uint64_t)t->answer.retry_after > wait)
        wait = 1000 * (uint64_t)t->answer.retry_after;
    f->not_before = clock_ms() + (wait < most ? wait : most);
    if (f->said != NULL)
        *f->said = t->answer;
    if (t->error != 0 && ++f->tries < m->settings.tries && may_pass(t->error) &&
        f->not_before < f->deadline) {
        if (file_of(f)->size == 0)
            start_over(f);
        add_to_queue(m, f);
        return;
    }
    f->more = NULL;
    if (t->error == 0 || !ask_next(m, f, t->error))
        finish(m, f, t->error != 0 && f->left > 0 ? f->first_error : t->error);
    if (rest != NULL)
        add_to_queue(m, rest);
}

static void count_in(dp_remote *m, const transfer *t, uint64_t now)
{
    if (m->n_active == 0 && t->n >= BUFFER) {
        m->lone = t;
        m->lone_until = now + ALONE;
    }
    m->n_active++;
    m->active += t->n;
}

static void count_out(dp_remote *m, const transfer *t)
{
    if (m->lone == t)
        m->lone = NULL;
    m->n_active--;
    m->active -= t->n;
}

/* Called with the lock.  What has waited for a transfer until its deadline gets none. */
static void begin(dp_remote *m, transfer *t, dp_fetch *f, uint64_t now)
{
    dp_fetch *rest = f->more;
    int error = DP_FAR_WITHIN;

    if (f->tries == 0 && f->left == 0)
        f->server = m->server % file_of(f)->n_urls;
    for (dp_fetch *each = f; each != NULL; each = each->more) {
        set_deadline(m, each, now);
        each->server = f->server;
    }
    if (now < f->deadline) {
        const CURLcode code = prepare(m, t, f, now);
        if (code == CURLE_OK) {
            count_in(m, t, now);
            return;
        }
        error = DP_FAR_CURL + (int)code;
    }
    t->first = NULL;
    finish(m, f, error);
    if (rest != NULL)
        add_to_queue(m, rest);
}

/* ---- the thread ---- */

static bool is_alone(const dp_remote *m, uint64_t now)
{
    return m->lone != NULL && now < m->lone_until;
}

/* NULL = no other one is to be made now. */
static transfer *find_idle(const dp_remote *m, uint64_t now)
{
    const bool room = m->settings.transfers != 0 || m->n_active < FEW || m->active < LITTLE;

    for (int64_t i = 0; i < m->n_transfers && room && !is_alone(m, now); i++) {
        if (m->transfers[i].first == NULL)
            return &m->transfers[i];
    }
    return NULL;
}

/* Called with the lock.  Takes what may begin now; the ms until more may. */
static int start_some(dp_remote *m)
{
    const uint64_t now = clock_ms();
    uint64_t wait = 1000;
    transfer *t;

    for (dp_fetch **at = &m->queue; *at != NULL;) {
        dp_fetch *f = *at;
        if (f->not_before > now) {
            wait = f->not_before - now < wait ? f->not_before - now : wait;
            at = &f->next;
            continue;
        }
        t = find_idle(m, now);
        if (t == NULL)
            break;
        *at = f->next;
        begin(m, t, f, now);
    }
    if (is_alone(m, now) && m->lone_until - now < wait)
        wait = m->lone_until - now;
    return (int)wait;
}

static void end_some(dp_remote *m)
{
    const dp_curl *c = &m->curl;
    CURLMsg *message;
    int left;

    while ((message = c->curl_multi_info_read(m->multi, &left)) != NULL) {
        const CURLcode code = message->data.result;
        transfer *t = NULL;
        dp_fetch *f;
        (c->curl_easy_getinfo)(message->easy_handle, CURLINFO_PRIVATE, &t);
        judge(m, t, code);
        c->curl_multi_remove_handle(m->multi, t->easy);
        count_out(m, t);
        f = t->first;
        t->first = NULL;
        pthread_mutex_lock(&m->lock);
        settle(m, t, f);
        pthread_mutex_unlock(&m->lock);
    }
}

static void tell(dp_remote *m)
{
    if (m->finished)
        pthread_cond_broadcast(&m->done);
    m->finished = false;
}

static void wake(dp_remote *m)
{
    if (atomic_exchange(&m->asleep, false))
        m->curl.curl_multi_wakeup(m->multi);
}

static void *run(void *remote)
{
    dp_remote *m = remote;
    int running;

    pthread_mutex_lock(&m->lock);
    while (!m->stop) {
        const int wait = start_some(m);
        tell(m);
        atomic_store(&m->asleep, true);
        pthread_mutex_unlock(&m->lock);
        m->curl.curl_multi_poll(m->multi, NULL, 0, wait, NULL); /* or until it is woken */
        atomic_store(&m->asleep, false);
        m->curl.curl_multi_perform(m->multi, &running);
        end_some(m);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* ---- reading ---- */

#define CHAIN ((uint64_t)1 << 20) /* bytes that are asked for at once, of several fetches */

/* Called with the lock.  The last one in the queue, if this one goes on where that ends. */
static dp_fetch *find_last(dp_remote *m, const dp_fetch *f)
{
    dp_fetch *last = m->queue;

    while (last != NULL && last->next != NULL)
        last = last->next;
    return last != NULL && last->far == f->far && last->tries == 0 && end_of(last) == f->at &&
                   f->at + f->n - last->at <= CHAIN
               ? last
               : NULL;
}

/* Where there is no thread, in a process that was forked, it fails at once. */
static bool set_out(dp_fetch *f)
{
    f->wanted = f->n;
    f->got = f->tries = f->server = f->left = 0;
    f->not_before = f->deadline = 0;
    f->more = f->next = NULL;
    f->error = DP_FAR_FORKED;
    atomic_store(&f->done, file_of(f)->remote->process != (int64_t)getpid());
    return atomic_load(&f->done) == 0;
}

void dp_fetch_start(dp_fetch *f)
{
    dp_remote *m = file_of(f)->remote;
    dp_fetch *last;

    if (!set_out(f))
        return;
    pthread_mutex_lock(&m->lock);
    last = find_last(m, f);
    while (last != NULL && last->more != NULL)
        last = last->more;
    if (last != NULL)
        last->more = f;
    else
        add_to_queue(m, f);
    pthread_mutex_unlock(&m->lock);
    if (last == NULL)
        wake(m);
}

/* Until it is done, which is bounded by the settings. */
int dp_fetch_wait(dp_fetch *f)
{
    dp_remote *m = file_of(f)->remote;

    if (dp_fetch_is_done(f))
        return f->error;
    pthread_mutex_lock(&m->lock);
    set_deadline(m, f, clock_ms());
    while (!dp_fetch_is_done(f))
        pthread_cond_wait(&m->done, &m->lock);
    pthread_mutex_unlock(&m->lock);
    return f->error;
}

int dp_fetch_now(dp_fetch *f)
{
    dp_remote *m = file_of(f)->remote;

    if (!set_out(f))
        return f->error;
    pthread_mutex_lock(&m->lock);
    f->next = m->queue;
    m->queue = f;
    pthread_mutex_unlock(&m->lock);
    wake(m);
    return dp_fetch_wait(f);
}

int dp_fetch_past(const dp_file *file, uint64_t at, uint8_t *out, size_t n, size_t *got)
{
    dp_fetch f = {.far = file->far, .at = at, .n = n, .out = out};
    int error;

    if (file->far == NULL)
        return dp_file_read_at(file, at, out, n, got);
    *got = 0;
    if (at >= file->size || n == 0)
        return 0;
    if (n > file->size - at)
        f.n = (size_t)(file->size - at);
    error = dp_fetch_now(&f);
    if (error == 0)
        *got = f.got;
    return error;
}

static const char *why(const dp_far *far, int error)
{
    const dp_far_file *f = (const dp_far_file *)(const void *)far;

    return error >= DP_FAR_CURL && error < DP_FAR_OWN
               ? f->remote->curl.curl_easy_strerror((CURLcode)(error - DP_FAR_CURL))
               : dp_far_words(error);
}

/* ---- opening ---- */

static bool add_url(const dp_remote *m, dp_far_file *f, const char *url)
{
    const char *query = dp_remote_query(&m->settings, url);
    const size_t size = strlen(url) + (query != NULL ? strlen(query) : 0) + 2;
    char *whole = dp_arena_alloc(m->arena, size, 1);

    if (whole == NULL)
        return false;
    snprintf(whole, size, "%s%s%s", url, query != NULL ? "?" : "", query != NULL ? query : "");
    f->urls[f->n_urls++] = whole;
    return true;
}

dp_status dp_remote_file(dp_remote *m, const char *url, dp_far_file **out, dp_error *err)
{
    dp_far_file *f = dp_arena_alloc(m->arena, 1, sizeof *f);
    bool room = f != NULL;

    if (room) {
        *f = (dp_far_file){.far = {.why = why}, .remote = m};
        f->urls = dp_arena_alloc(m->arena, (size_t)m->settings.n_mirrors + 1, sizeof *f->urls);
        room = f->urls != NULL && add_url(m, f, url);
    }
    for (uint32_t i = 0; i < m->settings.n_mirrors && room; i++) {
        const char *mirror;
        room = dp_remote_mirror(&m->settings, i, url, m->arena, &mirror) &&
               (mirror == NULL || add_url(m, f, mirror));
    }
    if (!room)
        return dp_arena_fail(m->arena, err, "an address");
    *out = f;
    return DP_OK;
}

/* What is the same for all requests. */
static bool set_up(const dp_remote *m, const transfer *t)
{
    const dp_curl *c = &m->curl;
    const dp_remote_settings *s = &m->settings;
    const bool follows = m->headers == NULL; /* headers may be secrets of this host */

    return SET(CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           SET(CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           SET(CURLOPT_FOLLOWLOCATION, follows ? 1L : 0L) == CURLE_OK &&
           SET(CURLOPT_MAXREDIRS, (long)s->redirects) == CURLE_OK &&
           SET(CURLOPT_CONNECTTIMEOUT, (long)s->connect) == CURLE_OK &&
           SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOW) == CURLE_OK &&
           SET(CURLOPT_LOW_SPEED_TIME, (long)s->timeout) == CURLE_OK &&
           SET(CURLOPT_HTTPHEADER, m->headers) == CURLE_OK &&
           SET(CURLOPT_USERAGENT, "detpipe/" DETPIPE_VERSION) == CURLE_OK &&
           SET(CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           SET(CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (s->ca[0] == '\0' || SET(CURLOPT_CAINFO, s->ca) == CURLE_OK) &&
           SET(CURLOPT_PIPEWAIT, 1L) == CURLE_OK && SET(CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           SET(CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           SET(CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK;
}

static bool add_headers(dp_remote *m)
{
    for (uint32_t i = 0; i < m->settings.n_lines; i++) {
        struct curl_slist *more = m->curl.curl_slist_append(m->headers, m->settings.lines[i]);
        if (more == NULL)
            return false;
        m->headers = more;
    }
    return true;
}

static bool make_handles(dp_remote *m)
{
    m->multi = m->curl.curl_multi_init();
    if (m->multi == NULL || !add_headers(m))
        return false;
    (m->curl.curl_multi_setopt)(m->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)m->n_transfers);
    for (int64_t i = 0; i < m->n_transfers; i++) {
        m->transfers[i].easy = m->curl.curl_easy_init();
        if (m->transfers[i].easy == NULL || !set_up(m, &m->transfers[i]))
            return false;
    }
    return true;
}

static dp_status start(dp_remote *m, dp_error *err)
{
    dp_status status = dp_curl_find(&m->curl, err);
    int error;

    if (status != DP_OK)
        return status;
    m->global = m->curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!m->global || !make_handles(m))
        return dp_fail(err, DP_ENOMEM, "out of memory for libcurl");
    error = dp_thread_start(&m->thread, run, m);
    m->started = error == 0;
    return error == 0 ? DP_OK
                      : dp_fail(err, DP_ENOMEM, "cannot start a thread: %s", strerror(error));
}

dp_status dp_remote_open(dp_remote **out, const dp_options *options, dp_arena *arena, dp_error *err)
{
    dp_remote *m = dp_arena_alloc(arena, 1, sizeof *m);
    dp_status status;

    if (m == NULL)
        return dp_arena_fail(arena, err, "an address");
    m->arena = arena;
    m->process = (int64_t)getpid();
    status = dp_remote_settings_read(options, arena, &m->settings, err);
    if (status != DP_OK)
        return status;
    m->n_transfers = m->settings.transfers != 0 ? m->settings.transfers : MANY;
    m->transfers = dp_arena_alloc(arena, (size_t)m->n_transfers, sizeof *m->transfers);
    if (m->transfers == NULL)
        return dp_arena_fail(arena, err, "transfers");
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->done, NULL);
    status = start(m, err);
    if (status == DP_OK)
        *out = m;
    else
        dp_remote_close(m);
    return status;
}

static void stop(dp_remote *m)
{
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_mutex_unlock(&m->lock);
    wake(m);
    pthread_join(m->thread, NULL);
}

/* In a process that was forked there is no thread, and the connections are the other one's. */
void dp_remote_close(dp_remote *m)
{
    if (m == NULL || m->process != (int64_t)getpid())
        return;
    if (m->started)
        stop(m);
    for (int64_t i = 0; i < m->n_transfers; i++) {
        if (m->transfers[i].first != NULL)
            m->curl.curl_multi_remove_handle(m->multi, m->transfers[i].easy);
        if (m->transfers[i].easy != NULL)
            m->curl.curl_easy_cleanup(m->transfers[i].easy);
    }
    if (m->multi != NULL)
        m->curl.curl_multi_cleanup(m->multi);
    if (m->headers != NULL)
        m->curl.curl_slist_free_all(m->headers);
    if (m->global)
        m->curl.curl_global_cleanup();
    pthread_cond_destroy(&m->done);
    pthread_mutex_destroy(&m->lock);
}
