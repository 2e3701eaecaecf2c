/* transfer.c - ranges of far files: asked for, several at a time, again where that may help
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * One thread makes all transfers, so that they share connections (and an HTTP/2 one, where the
 * server has that) and go on while the reader's threads compute.  A request lies on the stack of
 * the thread that waits for it: under the lock it is in the queue or done, else the transfers' own.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/workers.h"
#include "io/remote/answer.h"
#include "io/remote/curl.h"
#include "io/remote/remote.h"
#include "io/remote/settings.h"

#define FIRST_WAIT 100 /* ms before the second try; twice as long before each other one */
#define SLOW       100 /* bytes a second: less is none */

typedef struct far_file {
    dp_far far; /* first: what dp_file has */
    dp_remote *remote;
    const char *url; /* with the query: in no message */
    uint64_t size, version;
} far_file;

typedef struct request {
    const far_file *file;
    uint64_t at;
    size_t n, got;
    uint8_t *out;
    dp_answer answer;
    int error; /* of the last try; 0 = none */
    bool checked, done;
    uint32_t tries;
    uint64_t not_before, deadline; /* ms of the clock */
    struct request *next;
} request;

typedef struct transfer {
    CURL *easy;
    request *request; /* NULL = idle */
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
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t done;
    request *queue;
    bool stop;
};

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- what libcurl brings ---- */

static size_t take_header(char *line, size_t size, size_t n, void *request_)
{
    request *r = request_;

    dp_answer_line(&r->answer, line, size * n);
    return size * n;
}

static dp_asked asked(const request *r)
{
    const far_file *f = r->file;

    return (dp_asked){r->at + r->got, r->at + r->n - 1, f->size, f->version};
}

/* Nothing is taken of an answer that is another than what was asked for. */
static size_t take_bytes(char *bytes, size_t size, size_t n, void *request_)
{
    request *r = request_;
    const dp_asked q = asked(r);

    if (!r->checked)
        r->error = dp_answer_check(&r->answer, &q);
    r->checked = true;
    if (r->error == 0 && size * n > r->n - r->got)
        r->error = DP_FAR_OTHER_RANGE;
    if (r->error != 0)
        return 0;
    memcpy(r->out + r->got, bytes, size * n);
    r->got += size * n;
    return size * n;
}

/* ---- one try ---- */

#define SET(option, value) (c->curl_easy_setopt)(t->easy, option, value)

/* A redirect is followed to http and https alone, from https to https alone. */
static bool prepare(const dp_remote *m, transfer *t, request *r, uint64_t now)
{
    const dp_curl *c = &m->curl;
    const dp_asked q = asked(r);
    char range[64];

    snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)q.first,
             (unsigned long long)q.last);
    r->answer = (dp_answer){.status = 0};
    r->checked = false;
    r->error = 0;
    t->request = r;
    return SET(CURLOPT_URL, r->file->url) == CURLE_OK && SET(CURLOPT_RANGE, range) == CURLE_OK &&
           SET(CURLOPT_TIMEOUT_MS, (long)(r->deadline - now)) == CURLE_OK &&
           SET(CURLOPT_REDIR_PROTOCOLS_STR,
               strncmp(r->file->url, "https:", 6) == 0 ? "https" : "http,https") == CURLE_OK &&
           SET(CURLOPT_WRITEDATA, r) == CURLE_OK && SET(CURLOPT_HEADERDATA, r) == CURLE_OK &&
           SET(CURLOPT_PRIVATE, t) == CURLE_OK && c->curl_multi_add_handle(m->multi, t->easy) == 0;
}

/* What libcurl's code means; a time-out by its name.  libcurl's clock is not ours to the
 * millisecond: what ends too late for another try has met its deadline. */
static int error_of(const dp_remote *m, const transfer *t, CURLcode code)
{
    curl_off_t sent = 0;

    (m->curl.curl_easy_getinfo)(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return clock_ms() + FIRST_WAIT >= t->request->deadline ? DP_FAR_WITHIN
               : sent > 0                                      ? DP_FAR_TIMEOUT
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

/* How the try ended: in r->error. */
static void judge(const dp_remote *m, const transfer *t, request *r, CURLcode code)
{
    const dp_asked q = asked(r);

    if (r->error == 0 && code != CURLE_OK)
        r->error = error_of(m, t, code);
    if (r->error == 0 && !r->checked) /* there was no body */
        r->error = dp_answer_check(&r->answer, &q);
    if (r->error == 0 && r->got < r->n)
        r->error = DP_FAR_CUT;
}

static void add_to_queue(dp_remote *m, request *r)
{
    request **end = &m->queue;

    while (*end != NULL)
        end = &(*end)->next;
    r->next = NULL;
    *end = r;
}

/* Called with the lock. */
static void finish(dp_remote *m, request *r)
{
    r->done = true;
    pthread_cond_broadcast(&m->done);
}

/* Called with the lock.  Done, or in the queue once more: what has come stays.  A wait beyond the
 * deadline would be for nothing. */
static void settle(dp_remote *m, request *r)
{
    const uint64_t most = 1000 * (uint64_t)m->settings.wait;
    uint64_t wait = (uint64_t)FIRST_WAIT << (r->tries < 20 ? r->tries : 20);

    if (1000 * (uint64_t)r->answer.retry_after > wait)
        wait = 1000 * (uint64_t)r->answer.retry_after;
    r->not_before = clock_ms() + (wait < most ? wait : most);
    if (r->error == 0 || ++r->tries >= m->settings.tries || !may_pass(r->error) ||
        r->not_before >= r->deadline)
        finish(m, r);
    else
        add_to_queue(m, r);
}

/* Called with the lock.  What has waited for a transfer until its deadline gets none. */
static void begin(dp_remote *m, transfer *t, request *r, uint64_t now)
{
    if (now < r->deadline && prepare(m, t, r, now))
        return;
    t->request = NULL;
    r->error = now < r->deadline ? DP_FAR_CURL + CURLE_OUT_OF_MEMORY : DP_FAR_WITHIN;
    finish(m, r);
}

/* ---- the thread ---- */

static transfer *find_idle(const dp_remote *m)
{
    for (int64_t i = 0; i < m->settings.transfers; i++) {
        if (m->transfers[i].request == NULL)
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

    for (request **at = &m->queue; *at != NULL;) {
        request *r = *at;
        if (r->not_before > now) {
            wait = r->not_before - now < wait ? r->not_before - now : wait;
            at = &r->next;
            continue;
        }
        t = find_idle(m);
        if (t == NULL)
            break;
        *at = r->next;
        begin(m, t, r, now);
    }
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
        request *r;
        (c->curl_easy_getinfo)(message->easy_handle, CURLINFO_PRIVATE, &t);
        r = t->request;
        judge(m, t, r, code);
        c->curl_multi_remove_handle(m->multi, t->easy);
        t->request = NULL;
        pthread_mutex_lock(&m->lock);
        settle(m, r);
        pthread_mutex_unlock(&m->lock);
    }
}

static void *run(void *remote)
{
    dp_remote *m = remote;
    int running;

    pthread_mutex_lock(&m->lock);
    while (!m->stop) {
        const int wait = start_some(m);
        pthread_mutex_unlock(&m->lock);
        m->curl.curl_multi_poll(m->multi, NULL, 0, wait, NULL); /* or until it is woken */
        m->curl.curl_multi_perform(m->multi, &running);
        end_some(m);
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* ---- reading ---- */

/* Until it is done, which is bounded by the settings. */
static void wait_for(dp_remote *m, request *r)
{
    r->deadline = clock_ms() + 1000 * (uint64_t)m->settings.within;
    pthread_mutex_lock(&m->lock);
    add_to_queue(m, r);
    m->curl.curl_multi_wakeup(m->multi);
    while (!r->done)
        pthread_cond_wait(&m->done, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

static int read_at(const dp_far *far, uint64_t offset, void *buffer, size_t n, size_t *got)
{
    const far_file *f = (const far_file *)(const void *)far;
    request r = {.file = f, .at = offset, .n = n, .out = buffer};

    *got = 0;
    if (f->remote->process != (int64_t)getpid()) /* where there is no thread that would read */
        return DP_FAR_FORKED;
    if (offset >= f->size || n == 0)
        return 0;
    if (n > f->size - offset)
        r.n = (size_t)(f->size - offset);
    wait_for(f->remote, &r);
    if (r.error == 0)
        *got = r.got;
    return r.error;
}

static const char *why(const dp_far *far, int error)
{
    const far_file *f = (const far_file *)(const void *)far;

    return error >= DP_FAR_CURL && error < DP_FAR_OWN
               ? f->remote->curl.curl_easy_strerror((CURLcode)(error - DP_FAR_CURL))
               : dp_far_words(error);
}

/* ---- opening ---- */

/* The first byte says how many there are, and of which version (a HEAD may be forbidden where a GET
 * is signed). */
static dp_status probe(far_file *f, dp_opener *o, const char *url, dp_error *err)
{
    uint8_t byte;
    request r = {.file = f, .n = 1, .out = &byte};

    wait_for(f->remote, &r);
    o->missing = r.error == DP_FAR_HTTP + 404 || r.error == DP_FAR_HTTP + 410;
    f->size = r.answer.total;
    f->version = o->any_version ? 0 : dp_answer_version(&r.answer);
    if (r.error == 0 && !o->any_version && f->version == 0)
        r.error = DP_FAR_NO_VERSION;
    return r.error == 0
               ? DP_OK
               : dp_fail(err, DP_EIO, "cannot open %.120s: %s", url, why(&f->far, r.error));
}

/* What is known of it says as much as a file's times do: the address is without the query. */
static uint64_t stamp_of(const far_file *f, const char *url)
{
    return dp_stamp_add(dp_stamp_add(dp_hash64(url, strlen(url)), f->size), f->version);
}

dp_status dp_remote_file(dp_remote *m, dp_opener *o, const char *url, dp_file *out, dp_error *err)
{
    const char *query = m->settings.query_text;
    const size_t size = strlen(url) + (query != NULL ? strlen(query) : 0) + 2;
    far_file *f = dp_arena_alloc(m->arena, 1, sizeof *f);
    char *whole = dp_arena_alloc(m->arena, size, 1);
    dp_status status;

    if (f == NULL || whole == NULL)
        return dp_arena_fail(m->arena, err, "an address");
    snprintf(whole, size, "%s%s%s", url, query != NULL ? "?" : "", query != NULL ? query : "");
    *f = (far_file){.far = {read_at, why}, .remote = m, .url = whole};
    status = probe(f, o, url, err);
    if (status == DP_OK)
        *out = (dp_file){.fd = -1, .far = &f->far, .size = f->size, .stamp = stamp_of(f, url)};
    return status;
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
           SET(CURLOPT_BUFFERSIZE, 1L << 18) == CURLE_OK &&
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
    (m->curl.curl_multi_setopt)(m->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                                (long)m->settings.transfers);
    for (int64_t i = 0; i < m->settings.transfers; i++) {
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
    m->transfers = dp_arena_alloc(arena, (size_t)m->settings.transfers, sizeof *m->transfers);
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
    m->curl.curl_multi_wakeup(m->multi);
    pthread_join(m->thread, NULL);
}

/* In a process that was forked there is no thread, and the connections are the other one's. */
void dp_remote_close(dp_remote *m)
{
    if (m == NULL || m->process != (int64_t)getpid())
        return;
    if (m->started)
        stop(m);
    for (int64_t i = 0; i < m->settings.transfers; i++) {
        if (m->transfers[i].request != NULL)
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
