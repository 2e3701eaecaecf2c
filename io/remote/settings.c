/* settings.c - how far files are read: dp_options.remote, and the files that it names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/status.h"
#include "lang/stage.h"

#define MOST_HEADERS ((uint64_t)1 << 16) /* bytes of the file */
#define MOST_QUERIES ((uint64_t)1 << 26)

static const dp_param params[] = {
    DP_TEXT(dp_remote_settings, headers, "", "a file of lines NAME: VALUE that are sent along"),
    DP_TEXT(dp_remote_settings, query, "", "a file of what stands behind the '?', of all or each"),
    DP_TEXT(dp_remote_settings, ca, "", "a file of certificates in the place of the system's"),
    DP_INT(dp_remote_settings, timeout, "30", 1, 3600, "seconds without data (100 bytes a second)"),
    DP_INT(dp_remote_settings, connect, "10", 1, 3600, "seconds until there is a connection"),
    DP_INT(dp_remote_settings, wait, "30", 0, 3600, "most seconds between two tries"),
    DP_INT(dp_remote_settings, within, "600", 1, 86400, "seconds for a transfer, all tries of it"),
    DP_INT(dp_remote_settings, tries, "5", 1, 100, "of a transfer"),
    DP_INT(dp_remote_settings, transfers, "0", 0, 64, "at a time; 0: 8, more while they are small"),
    DP_INT(dp_remote_settings, redirects, "5", 0, 20, "that are followed; with headers none"),
    DP_TEXT(dp_remote_settings, mirrors, "", "a file of lines ADDRESS/ MIRROR/: asked in turn"),
    DP_PARAMS_END,
};

static const dp_stage_info info = {
    "setting", "remote", "how far files are read", 1, sizeof(dp_remote_settings), params};

static dp_status read_text(const char *path, uint64_t most, dp_arena *arena, char **out,
                           dp_error *err)
{
    dp_file file;
    uint8_t *bytes;
    dp_status status = dp_file_open(path, &file, err);

    if (status != DP_OK)
        return status;
    if (file.size > most)
        status = dp_fail(err, DP_ELIMIT, "%.120s is larger than %llu KiB", path,
                         (unsigned long long)most / 1024);
    else
        status = dp_file_read_whole(&file, path, arena, NULL, &bytes, err);
    dp_file_close(&file);
    if (status == DP_OK)
        *out = (char *)bytes;
    return status;
}

static bool is_printable(const char *text, bool blanks)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || (*text == ' ' && !blanks))
            return false;
    }
    return true;
}

/* The next line, ended in its place; NULL behind the last one. */
static char *take_line(char **rest)
{
    char *line = *rest;
    const size_t n = strcspn(line, "\n");

    if (*line == '\0')
        return NULL;
    *rest = line + n + (line[n] == '\n');
    line[n > 0 && line[n - 1] == '\r' ? n - 1 : n] = '\0';
    return line;
}

/* The next line that is neither empty nor a comment, and its number, of which *n is the last one's;
 * NULL as above. */
static char *take_entry(char **rest, uint32_t *n)
{
    char *line;

    do {
        line = take_line(rest);
        ++*n;
    } while (line != NULL && (line[0] == '\0' || line[0] == '#'));
    return line;
}

static dp_status read_headers(dp_remote_settings *s, dp_arena *arena, dp_error *err)
{
    char *rest, *line;
    uint32_t n = 0;
    dp_status status = read_text(s->headers, MOST_HEADERS, arena, &rest, err);

    s->lines = dp_arena_alloc(arena, DP_MAX_HEADERS, sizeof *s->lines);
    if (status == DP_OK && s->lines == NULL)
        return dp_arena_fail(arena, err, "headers");
    while (status == DP_OK && (line = take_entry(&rest, &n)) != NULL) {
        if (!is_printable(line, true) || strchr(line, ':') == NULL || line[0] == ':')
            return dp_fail(err, DP_ESPEC, "%.120s, line %u: a header is NAME: VALUE", s->headers,
                           n);
        if (s->n_lines == DP_MAX_HEADERS)
            return dp_fail(err, DP_ELIMIT, "%.120s has more than %d headers", s->headers,
                           DP_MAX_HEADERS);
        s->lines[s->n_lines++] = line;
    }
    return status;
}

/* Of addresses before their queries. */
static int compare(const void *a_, const void *b_)
{
    const char *a = *(const char *const *)a_, *b = *(const char *const *)b_;
    const size_t n = strcspn(a, "?"), m = strcspn(b, "?");
    const int order = memcmp(a, b, n < m ? n : m);

    return order != 0 ? order : (n > m) - (n < m);
}

const char *dp_remote_query(const dp_remote_settings *s, const char *url)
{
    const char *const *found;

    if (s->n_queries == 1 && !dp_path_is_url(s->queries[0]))
        return s->queries[0];
    found = s->n_queries > 0 ? bsearch(&url, s->queries, s->n_queries, sizeof *s->queries, compare)
                             : NULL;
    return found != NULL ? *found + strcspn(*found, "?") + 1 : NULL;
}

/* One query, or addresses with theirs. */
static dp_status read_queries(dp_remote_settings *s, dp_arena *arena, dp_error *err)
{
    char *rest, *line;
    size_t room = 0;
    bool right = true, all = false;
    dp_status status = read_text(s->query, MOST_QUERIES, arena, &rest, err);

    while (status == DP_OK && right && (line = take_line(&rest)) != NULL) {
        const bool one = dp_path_is_url(line);
        right = *line != '\0' && is_printable(line, false) && !all &&
                (one ? strchr(line, '?') != NULL : s->n_queries == 0);
        all = !one;
        if (s->n_queries == room) {
            s->queries = dp_arena_grow(arena, s->queries, s->n_queries, sizeof line, &room, 16);
            if (s->queries == NULL)
                return dp_arena_fail(arena, err, "queries");
        }
        s->queries[s->n_queries++] = line;
    }
    if (status == DP_OK && (!right || s->n_queries == 0))
        return dp_fail(err, DP_ESPEC,
                       "%.120s: a query is one line without blanks, or a line ADDRESS?QUERY of "
                       "each address",
                       s->query);
    if (status == DP_OK)
        qsort(s->queries, s->n_queries, sizeof *s->queries, compare);
    return status;
}

dp_status dp_url_check(const char *url, dp_error *err)
{
    const char *host = strstr(url, "://") + 3;
    const size_t length = strcspn(host, "/?#");

    if (memchr(host, '@', length) != NULL)
        return dp_fail(err, DP_ESPEC,
                       "an address of %.*s has a name or a password in it: put a line "
                       "'Authorization: ...' into a file, and headers=FILE into dp_options.remote",
                       (int)(strchr(url, ':') - url), url);
    if (strpbrk(host, "?#") != NULL)
        return dp_fail(err, DP_ESPEC,
                       "%.*s has a query: put what stands behind the '?' into a file, and "
                       "query=FILE into dp_options.remote",
                       (int)(strcspn(url, "?#") > 100 ? 100 : strcspn(url, "?#")), url);
    for (const char *c = host; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~')
            return dp_fail(err, DP_ESPEC, "%.100s: an address has no blanks: write %%20", url);
    }
    if (length == 0)
        return dp_fail(err, DP_ESPEC, "%.100s names no host", url);
    return DP_OK;
}

bool dp_remote_mirror(const dp_remote_settings *s, uint32_t i, const char *url, dp_arena *arena,
                      const char **out)
{
    const dp_remote_place *p = &s->places[i];
    const size_t n = strlen(p->from), size = strlen(p->to) + strlen(url) + 1;
    char *text;

    *out = NULL;
    if (strncmp(url, p->from, n) != 0)
        return true;
    *out = text = dp_arena_alloc(arena, size, 1);
    if (text != NULL)
        snprintf(text, size, "%s%s", p->to, url + n);
    return text != NULL;
}

static bool is_place(const char *url)
{
    const size_t n = url != NULL ? strlen(url) : 0;

    return n > 0 && strncmp(url, "http", 4) == 0 && dp_path_is_url(url) && url[n - 1] == '/';
}

static dp_status read_mirrors(dp_remote_settings *s, dp_arena *arena, dp_error *err)
{
    char *rest, *line;
    uint32_t n = 0;
    dp_status status = read_text(s->mirrors, MOST_HEADERS, arena, &rest, err);

    s->places = dp_arena_alloc(arena, DP_MAX_MIRRORS, sizeof *s->places);
    if (status == DP_OK && s->places == NULL)
        return dp_arena_fail(arena, err, "mirrors");
    while (status == DP_OK && (line = take_entry(&rest, &n)) != NULL) {
        char *blank = strchr(line, ' ');
        if (blank != NULL)
            *blank++ = '\0';
        if (!is_place(line) || !is_place(blank))
            return dp_fail(err, DP_ESPEC,
                           "%.120s, line %u: a mirror is ADDRESS/ MIRROR/: what lies below the one "
                           "lies below the other",
                           s->mirrors, n);
        if (s->n_mirrors == DP_MAX_MIRRORS)
            return dp_fail(err, DP_ELIMIT, "%.120s has more than %d mirrors", s->mirrors,
                           DP_MAX_MIRRORS);
        s->places[s->n_mirrors++] = (dp_remote_place){line, blank};
        status = dp_url_check(line, err);
        if (status == DP_OK)
            status = dp_url_check(blank, err);
    }
    return status;
}

dp_status dp_setting_read(const dp_stage_info *row, const char *given, const char *variable,
                          dp_arena *arena, void **out, dp_error *err)
{
    const dp_stage_list list = {"setting", &row, 1};
    const char *rest = given != NULL ? given : getenv(variable);
    const size_t size = strlen(row->name) + (rest != NULL ? strlen(rest) : 0) + 2;
    char *text = dp_arena_alloc(arena, size, 1);
    dp_bound bound;
    dp_status status;

    if (text == NULL)
        return dp_arena_fail(arena, err, "a setting");
    snprintf(text, size, "%s %s", row->name, rest != NULL ? rest : "");
    status = dp_stage_read(&list, text, NULL, arena, &bound, err);
    if (status != DP_OK) {
        if (err != NULL)
            err->column = 0; /* it is of another text than the stream's */
        return dp_stage_failed(row, 0, status, err);
    }
    *out = bound.params;
    return DP_OK;
}

dp_status dp_remote_settings_read(const dp_options *options, dp_arena *arena,
                                  dp_remote_settings *out, dp_error *err)
{
    void *read;
    dp_status status = dp_setting_read(&info, options->remote, "DETPIPE_REMOTE", arena, &read, err);

    if (status != DP_OK)
        return status;
    *out = *(dp_remote_settings *)read;
    if (out->headers[0] != '\0')
        status = read_headers(out, arena, err);
    if (status == DP_OK && out->query[0] != '\0')
        status = read_queries(out, arena, err);
    if (status == DP_OK && out->mirrors[0] != '\0')
        status = read_mirrors(out, arena, err);
    return status;
}
