/* lines.c - what a program printed, line by line, as a reader of its terminal saw it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/lines.h"

#include <ctype.h>
#include <string.h>

#include "tools/cli/memory.h"

lines lines_of(char *text, size_t size)
{
    const bool mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;

    text[size] = '\0';
    return (lines){.at = text + (mark ? 3 : 0), .end = text + size};
}

/* ---- UTF-16 ---- */

/* 'l' and 'b' for little and big endian, by the mark or by two ASCII characters; '\0' for none. */
static char utf16_order(const char *text, size_t size)
{
    if (size >= 2 && memcmp(text, "\xff\xfe", 2) == 0)
        return 'l';
    if (size >= 2 && memcmp(text, "\xfe\xff", 2) == 0)
        return 'b';
    if (size < 4 || size % 2 != 0 || !text[0] + !text[1] != 1 || !text[2] + !text[3] != 1 ||
        !text[0] != !text[2])
        return '\0';
    return text[0] != '\0' ? 'l' : 'b';
}

/* One character in at most three bytes; half of a pair is a character of its own, in no number. */
static char *put_utf8(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
    } else {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (c & 0x3f));
    return to;
}

char *lines_of_utf16(const char *text, size_t *size)
{
    const char order = utf16_order(text, *size);
    char *out, *to;

    if (order == '\0')
        return NULL;
    to = out = xmalloc(*size / 2 * 3 + 1);
    for (size_t i = 0; i + 1 < *size; i += 2) {
        const unsigned char low = (unsigned char)text[i + (order == 'b')];
        const unsigned char high = (unsigned char)text[i + (order == 'l')];
        to = put_utf8(to, (unsigned)high << 8 | low);
    }
    *size = (size_t)(to - out);
    return out;
}

/* ---- escape sequences ---- */

/* A title: up to BEL or ESC \.  What has no end is none, and its text is read. */
static void pass_title(lines *l)
{
    char *const begin = l->at;

    while (l->at < l->end && *l->at != '\a' && *l->at != '\033' && *l->at != '\n')
        l->at++;
    if (l->at < l->end && *l->at == '\033' && l->at[1] == '\\')
        l->at += 2;
    else if (l->at < l->end && *l->at == '\a')
        l->at++;
    else if (l->at == l->end || *l->at == '\n')
        l->at = begin;
}

/* At ESC: passes over the sequence.  True when it moves the cursor to another place, which ends
 * the line. */
static bool escape(lines *l, char **to)
{
    char final;

    l->at++;
    if (l->at < l->end && *l->at == ']')
        pass_title(l);
    else if (l->at < l->end && *l->at != '[')
        l->at += *l->at != '\n' && *l->at != '\r';
    if (l->at == l->end || l->at[-1] != '\033' || *l->at != '[')
        return false;
    for (l->at++; l->at < l->end && ((*l->at >= '0' && *l->at <= '?') || *l->at == ' '); l->at++)
        ;
    final = l->at < l->end ? *l->at : '\n';
    l->at += final != '\n' && final != '\r';
    if (final == 'C')
        *(*to)++ = ' ';
    return strchr("ABEFGHJdf", final) != NULL;
}

/* ---- characters of more than one byte ---- */

typedef struct glyph {
    const char *bytes;
    char is; /* '\0': left out between digits, else a blank */
} glyph;

static const glyph glyphs[] = {
    {"\xe2\x94\x82", '|'},  {"\xe2\x94\x83", '|'},  {"\xe2\x95\x91", '|'}, {"\xe2\x94\x86", '|'},
    {"\xe2\x94\x8a", '|'},  {"\xe2\x95\x8e", '|'},  {"\xe2\x88\x92", '-'}, {"\xc2\xa0", '\0'},
    {"\xe2\x80\xaf", '\0'}, {"\xe2\x80\x89", '\0'}, {"\xef\xbc\x9a", ':'}, {"\xef\xbc\x8c", ','},
    {"\xef\xbc\x88", '('},  {"\xef\xbc\x89", ')'},  {"\xef\xbc\x9d", '='},
};

static const glyph *glyph_at(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof glyphs / sizeof glyphs[0]; i++) {
        const size_t n = strlen(glyphs[i].bytes);
        if ((size_t)(end - at) >= n && memcmp(at, glyphs[i].bytes, n) == 0)
            return &glyphs[i];
    }
    return NULL;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* One character to *to. */
static void copy(lines *l, char **to, const char *begin)
{
    const unsigned char c = (unsigned char)*l->at;
    const glyph *g = c >= 0x80 ? glyph_at(l->at, l->end) : NULL;

    if (g == NULL) {
        *(*to)++ = c == '\t' || (c >= ' ' && c != 0x7f) ? (char)c : ' ';
        l->at++;
        return;
    }
    l->at += strlen(g->bytes);
    if (g->is != '\0')
        *(*to)++ = g->is;
    else if (*to == begin || !is_digit((*to)[-1]) || !is_digit(*l->at))
        *(*to)++ = ' ';
}

/* ---- lines ---- */

#define MOST_REST 1024 /* bytes of a line that stay when its end is rubbed out */

/* How much of the last line is left before what follows backspaces: nothing, for it is a line of
 * its own, unless it is a number alone.  What is left is put before it. */
static char *rub_out(lines *l)
{
    const size_t n = strcspn(l->at, "\b\r\n");
    size_t rest = l->rubbed < l->n_last ? l->n_last - l->rubbed : 0;

    if (rest > MOST_REST || n == 0) /* all of it, in characters: a bar of Keras has more bytes */
        rest = 0;
    for (size_t i = 0; i < n && rest > 0; i++) {
        if (l->at[i] == '\033' && l->at[i + 1] == '[') /* a colour */
            i += 2 + strspn(l->at + i + 2, "0123456789;");
        else if (isalpha((unsigned char)l->at[i]) && strchr("eEdDxX", l->at[i]) == NULL)
            rest = 0;
    }
    memmove(l->at - rest, l->last, rest);
    return l->at - rest;
}

/* Passes over what ends a line, if that is here. */
static bool ends(lines *l)
{
    const char c = *l->at;

    if (c == '\n' || (c == '\r' && l->at[1] == '\n')) {
        l->at += c == '\r' ? 2 : 1;
        l->over = false;
        return true;
    }
    if (c == '\b')
        l->at += l->rubbed = strspn(l->at, "\b");
    else if (c == '\r')
        l->at++;
    else
        return false;
    return l->over = true;
}

bool lines_next(lines *l, line *out)
{
    char *begin = l->at, *to = l->at;

    if (l->at == l->end)
        return false;
    l->number += !l->over;
    *out = (line){.number = l->number, .over = l->over};
    if (l->rubbed > 0)
        begin = rub_out(l);
    l->rubbed = 0;
    while (l->at < l->end && !ends(l)) {
        if (*l->at != '\033') {
            copy(l, &to, begin);
        } else if (escape(l, &to)) {
            l->over = true;
            break;
        }
    }
    *to = '\0';
    l->last = out->text = begin;
    l->n_last = (size_t)(to - begin);
    return true;
}
