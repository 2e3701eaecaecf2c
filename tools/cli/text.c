/* text.c - where the stages and parameters of a pipeline text stand
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/text.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

void text_parse(const char *text, text_stages *out)
{
    dp_text parsed;
    dp_error err;
    dp_status status;

    *out = (text_stages){.arena = {.alloc = &dp_libc_allocator}};
    status = dp_text_parse(text, strlen(text), &out->arena, &parsed, &err);
    if (status == DP_ENOMEM)
        exit(cli_fail_error(&err, NULL));
    if (status != DP_OK)
        return;
    out->stage = parsed.stages;
    out->n = parsed.n_stages;
}

void text_free(text_stages *stages)
{
    dp_arena_free(&stages->arena);
    *stages = (text_stages){0};
}

bool text_is(const dp_text_stage *stage, const char *name)
{
    return strcmp(stage->name, name) == 0;
}

const char *text_value(const dp_text_stage *stage, const char *name)
{
    for (uint32_t i = 0; i < stage->n_args; i++) {
        if (strcmp(stage->args[i].name, name) == 0)
            return stage->args[i].value;
    }
    return NULL;
}

void text_put_value(FILE *f, const char *value)
{
    const size_t size = 2 * strlen(value) + 3; /* each byte behind a backslash, in quotes */
    dp_out out = {xmalloc(size), size, 0};

    dp_out_value(&out, value);
    fwrite(out.text, 1, out.length, f);
    free(out.text);
}
