/* text.c - the one language: stages with parameters, joined by "|"
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lang/text.h"

#include <string.h>

#include "base/status.h"

typedef struct parser {
    const char *text;
    size_t length, at;
    char *strings; /* where the next copied token goes; length + 1 bytes are enough for all */
    dp_error *err;
} parser;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool is_name_start(char c) { return c >= 'a' && c <= 'z'; }
static bool is_name(char c) { return is_name_start(c) || (c >= '0' && c <= '9') || c == '_'; }
static bool is_bare(char c) { return c > ' ' && c <= '~' && c != '|' && c != '"'; }

static uint32_t column(const parser *p) { return (uint32_t)p->at + 1; }
static bool more(const parser *p) { return p->at < p->length; }

static void skip_blanks(parser *p)
{
    while (more(p) && is_blank(p->text[p->at]))
        p->at++;
}

/* Class names of the libraries: MSELoss. */
static dp_status capital(parser *p, const char *expected)
{
    size_t end = p->at;

    while (end < p->length && end - p->at < 40 &&
           (is_name(p->text[end]) || (p->text[end] >= 'A' && p->text[end] <= 'Z')))
        end++;
    return dp_fail_at(p->err, DP_ESPEC, column(p),
                      "'%.*s' stands where %s is expected: names are in small letters, as "
                      "random_crop; `detpipe stages` has them",
                      (int)(end - p->at), p->text + p->at, expected);
}

/* Says what stands at the cursor in place of what was expected. */
static dp_status unexpected(parser *p, const char *expected)
{
    const unsigned char c = more(p) ? (unsigned char)p->text[p->at] : 0;

    if (!more(p))
        return dp_fail_at(p->err, DP_ESPEC, column(p), "the text ends where %s is expected",
                          expected);
    if (c >= 0x80)
        return dp_fail_at(p->err, DP_ESPEC, column(p),
                          "byte 0x%02x is outside quotes: %s is expected", c, expected);
    if (c < ' ' || c == 0x7F)
        return dp_fail_at(p->err, DP_ESPEC, column(p), "control character 0x%02x: %s is expected",
                          c, expected);
    return dp_fail_at(p->err, DP_ESPEC, column(p), "'%c' stands where %s is expected", c, expected);
}

static const char *keep(parser *p, size_t from)
{
    char *copy = p->strings;
    memcpy(copy, p->text + from, p->at - from);
    p->strings += p->at - from;
    *p->strings++ = '\0';
    return copy;
}

static dp_status parse_name(parser *p, const char *what, const char **out)
{
    const size_t from = p->at;

    if (more(p) && p->text[p->at] >= 'A' && p->text[p->at] <= 'Z')
        return capital(p, what);
    if (!more(p) || !is_name_start(p->text[p->at]))
        return unexpected(p, what);
    while (more(p) && is_name(p->text[p->at]))
        p->at++;
    if (p->at - from > DP_MAX_NAME)
        return dp_fail_at(p->err, DP_ESPEC, (uint32_t)from + 1, "a name has at most %d characters",
                          DP_MAX_NAME);
    *out = keep(p, from);
    return DP_OK;
}

size_t dp_utf8_length(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char low, high, second_low, second_high, length;
    } forms[] = {
        {0x20, 0x7E, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        size_t i = 1;
        if (s[0] < forms[f].low || s[0] > forms[f].high || forms[f].length > left)
            continue;
        if (forms[f].length > 1 && (s[1] < forms[f].second_low || s[1] > forms[f].second_high))
            return 0;
        while (i < forms[f].length && (i == 1 || (s[i] & 0xC0) == 0x80))
            i++;
        return i == forms[f].length ? i : 0;
    }
    return 0;
}

bool dp_utf8_is_printable(const char *text, size_t length)
{
    for (size_t at = 0, n; at < length; at += n) {
        n = dp_utf8_length((const unsigned char *)text + at, length - at);
        if (n == 0)
            return false;
    }
    return true;
}

static dp_status parse_quoted(parser *p, const char **out)
{
    const uint32_t start = column(p);
    char *copy = p->strings;

    for (p->at++; more(p) && p->text[p->at] != '"';) {
        size_t n = 1;
        if (p->text[p->at] == '\\') {
            p->at++;
            if (!more(p) || (p->text[p->at] != '"' && p->text[p->at] != '\\'))
                return unexpected(p, "\" or \\ after \\");
        } else {
            n = dp_utf8_length((const unsigned char *)p->text + p->at, p->length - p->at);
            if (n == 0)
                return dp_fail_at(p->err, DP_ESPEC, column(p),
                                  "byte 0x%02x in quotes is a control character or not UTF-8",
                                  (unsigned char)p->text[p->at]);
        }
        memcpy(p->strings, p->text + p->at, n);
        p->strings += n;
        p->at += n;
    }
    if (!more(p))
        return dp_fail_at(p->err, DP_ESPEC, start, "this quote is not closed");
    p->at++;
    if (more(p) && !is_blank(p->text[p->at]) && p->text[p->at] != '|')
        return unexpected(p, "a blank or | after the closing quote");
    *p->strings++ = '\0';
    *out = copy;
    return DP_OK;
}

static dp_status parse_value(parser *p, const char **out)
{
    const size_t from = p->at;

    if (more(p) && p->text[p->at] == '"')
        return parse_quoted(p, out);
    while (more(p) && is_bare(p->text[p->at]))
        p->at++;
    if (p->at == from || (more(p) && !is_blank(p->text[p->at]) && p->text[p->at] != '|'))
        return unexpected(p, "a value");
    *out = keep(p, from);
    return DP_OK;
}

static dp_status parse_arg(parser *p, dp_text_stage *stage)
{
    dp_text_arg *arg = &stage->args[stage->n_args];
    dp_status status;

    arg->column = column(p);
    status = parse_name(p, "a parameter", &arg->name);
    if (status != DP_OK)
        return status;
    if (!more(p) || p->text[p->at] != '=')
        return unexpected(p, "'=' (stages are joined by '|')");
    p->at++;
    arg->value_column = column(p);
    status = parse_value(p, &arg->value);
    if (status != DP_OK)
        return status;
    for (uint32_t i = 0; i < stage->n_args; i++) {
        if (strcmp(stage->args[i].name, arg->name) == 0)
            return dp_fail_at(p->err, DP_ESPEC, arg->column, "%s is given twice", arg->name);
    }
    stage->n_args++;
    return DP_OK;
}

static dp_status parse_stage(parser *p, dp_text_stage *stage)
{
    dp_status status;

    skip_blanks(p);
    stage->column = column(p);
    status = parse_name(p, "a stage", &stage->name);
    if (status == DP_OK && more(p) && !is_blank(p->text[p->at]) && p->text[p->at] != '|')
        status = unexpected(p, "a blank or |");
    stage->end = column(p);
    for (skip_blanks(p); status == DP_OK && more(p) && p->text[p->at] != '|'; skip_blanks(p)) {
        status = parse_arg(p, stage);
        stage->end = column(p);
    }
    return status;
}

static size_t occurrences(const char *text, size_t length, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += text[i] == c;
    return n;
}

dp_status dp_text_parse(const char *text, size_t length, dp_arena *arena, dp_text *out,
                        dp_error *err)
{
    const size_t n_args = occurrences(text, length < DP_MAX_TEXT ? length : DP_MAX_TEXT, '=') + 1;
    parser p = {text, length, 0, NULL, err};
    dp_text_arg *args;

    if (length > DP_MAX_TEXT)
        return dp_fail_at(err, DP_ESPEC, DP_MAX_TEXT + 1,
                          "a text has at most %d bytes, this one has %zu", DP_MAX_TEXT, length);
    out->n_stages = 0;
    out->stages = dp_arena_alloc(arena, DP_MAX_STAGES, sizeof *out->stages);
    args = dp_arena_alloc(arena, n_args, sizeof *args);
    p.strings = dp_arena_alloc(arena, 2 * length + 1, 1);
    if (out->stages == NULL || args == NULL || p.strings == NULL)
        return dp_arena_fail(arena, err, "the text");
    for (;;) {
        dp_text_stage *stage = &out->stages[out->n_stages++];
        stage->args = args;
        const dp_status status = parse_stage(&p, stage);
        if (status != DP_OK)
            return status;
        args += stage->n_args;
        if (!more(&p))
            return DP_OK;
        if (out->n_stages == DP_MAX_STAGES)
            return dp_fail_at(err, DP_ESPEC, column(&p), "a text has at most %d stages",
                              DP_MAX_STAGES);
        p.at++;
    }
}

static void append(dp_out *out, char c)
{
    if (out->length + 1 < out->size)
        out->text[out->length] = c, out->text[out->length + 1] = '\0';
    out->length++;
}

void dp_out_part(dp_out *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        append(out, text[i]);
}

void dp_out_text(dp_out *out, const char *text) { dp_out_part(out, text, strlen(text)); }

void dp_out_value(dp_out *out, const char *text)
{
    bool bare = text[0] != '\0';

    for (const char *c = text; *c != '\0'; c++)
        bare = bare && is_bare(*c);
    if (bare) {
        dp_out_text(out, text);
        return;
    }
    append(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            append(out, '\\');
        append(out, *text);
    }
    append(out, '"');
}

char *dp_out_arena(dp_arena *arena, void (*print)(const void *ctx, dp_out *), const void *ctx,
                   size_t *length)
{
    dp_out out = {NULL, 0, 0};

    print(ctx, &out);
    out.size = out.length + 1;
    out.text = dp_arena_alloc(arena, out.size, 1);
    if (out.text == NULL)
        return NULL;
    out.length = 0;
    print(ctx, &out);
    if (length != NULL)
        *length = out.length;
    return out.text;
}
