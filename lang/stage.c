/* stage.c - a stage of a text: the row that its name means, its parameters, where it fails
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lang/stage.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/status.h"

bool dp_stage_is(const dp_stage_info *info, const char *kind)
{
    return strcmp(info->kind, kind) == 0;
}

dp_status dp_stage_find(const dp_stage_list *list, const dp_text_stage *stage,
                        const dp_stage_info **out, dp_error *err)
{
    dp_nearest near = {stage->name, NULL, 0};

    for (size_t i = 0; i < list->n; i++) {
        *out = list->rows[i];
        if (strcmp(stage->name, list->rows[i]->name) == 0)
            return DP_OK;
        dp_nearest_look(&near, list->rows[i]->name);
    }
    if (near.name != NULL)
        return dp_fail_at(err, DP_ESPEC, stage->column, "there is no %s '%s': did you mean %s?",
                          list->what, stage->name, near.name);
    return dp_fail_at(err, DP_ESPEC, stage->column,
                      "there is no %s '%s' (`detpipe stages` lists them)", list->what, stage->name);
}

dp_status dp_stage_bind(const dp_stage_info *info, const dp_text_stage *stage,
                        const dp_options *files, dp_arena *arena, dp_bound *out, dp_error *err)
{
    out->info = info;
    out->params = dp_arena_alloc(arena, 1, info->size > 0 ? info->size : 1);
    return out->params != NULL ? dp_params_bind(info, stage, files, arena, out->params, err)
                               : dp_arena_fail(arena, err, "the stages");
}

dp_status dp_stage_read(const dp_stage_list *list, const char *text, const dp_options *files,
                        dp_arena *arena, dp_bound *out, dp_error *err)
{
    dp_text parsed;
    const dp_stage_info *info;
    dp_status status = dp_text_parse(text, strlen(text), arena, &parsed, err);

    if (status == DP_OK && parsed.n_stages != 1)
        status =
            dp_fail_at(err, DP_ESPEC, parsed.stages[1].column, "one %s is expected", list->what);
    if (status == DP_OK)
        status = dp_stage_find(list, parsed.stages, &info, err);
    return status == DP_OK ? dp_stage_bind(info, parsed.stages, files, arena, out, err) : status;
}

dp_status dp_stage_failed(const dp_stage_info *info, uint32_t column, dp_status status,
                          dp_error *err)
{
    char said[sizeof err->message];
    int length;

    if (status == DP_OK || err == NULL || err->column != 0)
        return status;
    memcpy(said, err->message, sizeof said);
    length = snprintf(err->message, sizeof err->message, "%s: ", info->name);
    snprintf(err->message + length, sizeof err->message - (size_t)length, "%.*s",
             (int)sizeof said - length - 1, said);
    err->column = column;
    return status;
}
