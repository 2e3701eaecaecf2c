/* text.c - where the stages and parameters of a pipeline text stand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/text.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

static char *copy(const char *from, size_t n)
{
    char *out = xmalloc(n + 1);

    memcpy(out, from, n);
    out[n] = '\0';
    return out;
}

static void *grow(void *rows, size_t n, size_t size)
{
    char *more = xrealloc(rows, (n + 1) * size);

    memset(more + n * size, 0, size);
    return more;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* A value from text[*at] on, unquoted. */
static char *take_value(const char *text, size_t *at, size_t *start)
{
    const bool quoted = text[*at] == '"';
    char *out = xmalloc(strlen(text + *at) + 1);
    size_t n = 0;

    *at += quoted;
    *start = *at;
    while (text[*at] != '\0' &&
           (quoted ? text[*at] != '"' : !is_blank(text[*at]) && text[*at] != '|')) {
        if (quoted && text[*at] == '\\' && text[*at + 1] != '\0')
            ++*at;
        out[n++] = text[(*at)++];
    }
    *at += quoted && text[*at] == '"';
    out[n] = '\0';
    return out;
}

static void take_arg(const char *text, size_t *at, text_stage *stage)
{
    text_arg *arg;
    const size_t length = strcspn(text + *at, "=");

    stage->arg = grow(stage->arg, stage->n, sizeof *stage->arg);
    arg = &stage->arg[stage->n++];
    arg->start = *at;
    arg->name = copy(text + *at, length);
    *at += length + (text[*at + length] == '=');
    arg->value = take_value(text, at, &arg->value_start);
    arg->end = *at;
}

static void take_stage(const char *text, size_t *at, text_stages *out)
{
    text_stage *stage;
    size_t length;

    out->stage = grow(out->stage, out->n, sizeof *out->stage);
    stage = &out->stage[out->n++];
    length = strcspn(text + *at, " \t\r\n|");
    stage->start = *at;
    stage->name = copy(text + *at, length);
    *at += length;
    stage->end = *at;
    for (;;) {
        while (is_blank(text[*at]))
            ++*at;
        if (text[*at] == '\0' || text[*at] == '|')
            return;
        take_arg(text, at, stage);
        stage->end = *at;
    }
}

void text_parse(const char *text, text_stages *out)
{
    size_t at = 0;

    *out = (text_stages){0};
    for (;;) {
        while (is_blank(text[at]) || text[at] == '|')
            at++;
        if (text[at] == '\0')
            return;
        take_stage(text, &at, out);
    }
}

void text_free(text_stages *stages)
{
    for (size_t i = 0; i < stages->n; i++) {
        text_stage *stage = &stages->stage[i];
        for (size_t j = 0; j < stage->n; j++) {
            free(stage->arg[j].name);
            free(stage->arg[j].value);
        }
        free(stage->arg);
        free(stage->name);
    }
    free(stages->stage);
    *stages = (text_stages){0};
}

bool text_is(const text_stage *stage, const char *name) { return strcmp(stage->name, name) == 0; }

const text_arg *text_find(const text_stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->n; i++) {
        if (strcmp(stage->arg[i].name, name) == 0)
            return &stage->arg[i];
    }
    return NULL;
}

const char *text_value(const text_stage *stage, const char *name)
{
    const text_arg *arg = text_find(stage, name);

    return arg != NULL ? arg->value : NULL;
}

/* ---- values ---- */

void text_put_quoted(FILE *f, const char *value)
{
    fputc('"', f);
    for (; *value != '\0'; value++)
        fprintf(f, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    fputc('"', f);
}

void text_put_value(FILE *f, const char *value)
{
    if (value[0] != '\0' && strpbrk(value, " \t\r\n|\"\\") == NULL)
        fputs(value, f);
    else
        text_put_quoted(f, value);
}
