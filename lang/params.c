/* params.c - typed parameters of a stage, from its table
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lang/params.h"

#include <stdio.h>
#include <string.h>

#include "base/number/num.h"
#include "base/status.h"

const dp_param dp_no_params[] = {DP_PARAMS_END};

static void *field_of(const dp_param *p, const void *params)
{
    return (char *)(uintptr_t)params + (p->offset & ~(DP_LATER | DP_LONG));
}

static const char *file_of(const dp_list *list)
{
    return dp_list_is_file(list->text) ? list->text : NULL;
}

static bool is_long(const dp_param *p) { return (p->offset & DP_LONG) != 0; }

static dp_status bad_value(const dp_binding *b, const char *expected)
{
    return dp_fail_at(b->err, DP_ESPEC, b->column, "%s: %s=%.60s is not %s", b->info->name,
                      b->param->name, b->value, expected);
}

static dp_status out_of_range(const dp_binding *b)
{
    char lo[DP_NUMBER_SIZE], hi[DP_NUMBER_SIZE];
    dp_print_number(lo, b->param->min);
    dp_print_number(hi, b->param->max);
    return dp_fail_at(b->err, DP_ESPEC, b->column, "%s: %s=%.60s is out of range: %s to %s",
                      b->info->name, b->param->name, b->value, lo, hi);
}

static dp_status bind_int(const dp_binding *b, const char *text, size_t length, int64_t *out)
{
    if (!dp_parse_int(text, length, out))
        return bad_value(b, "an integer");
    if ((double)*out < b->param->min || (double)*out > b->param->max)
        return out_of_range(b);
    return DP_OK;
}

static dp_status bind_number(const dp_binding *b, const char *text, size_t length, double *out)
{
    if (!dp_parse_number(text, length, out))
        return bad_value(b, "a number such as 0.5, 1e-3 or 1/255");
    if (*out < b->param->min || *out > b->param->max)
        return out_of_range(b);
    return DP_OK;
}

static dp_status bind_list(const dp_binding *b, void *field)
{
    const bool ints = b->param->type == DP_PARAM_INTS;
    dp_ints *i = field;
    dp_numbers *d = field;
    dp_list list;
    const dp_status status =
        dp_list_bind(b, is_long(b->param) ? DP_MAX_NUMBERS : DP_MAX_LIST, &list);

    if (status != DP_OK)
        return status;
    if (is_long(b->param))
        *(dp_list *)field = list;
    else if (ints)
        *i = (dp_ints){.n = (int32_t)list.n, .file = file_of(&list)};
    else
        *d = (dp_numbers){.n = (int32_t)list.n, .file = file_of(&list)};
    if (!is_long(b->param) && list.n > 0)
        memcpy(ints ? (void *)i->v : d->v, list.ints, list.n * sizeof *list.ints);
    return DP_OK;
}

static dp_status bind_choice(const dp_binding *b, int32_t *out)
{
    const size_t length = strlen(b->value);
    char expected[200];

    *out = 0;
    for (const char *word = b->param->choices;; ++*out) {
        const size_t n = strcspn(word, ",");
        if (n == length && memcmp(word, b->value, n) == 0)
            return DP_OK;
        if (word[n] == '\0')
            break;
        word += n + 1;
    }
    snprintf(expected, sizeof expected, "one of %s", b->param->choices);
    return bad_value(b, expected);
}

static dp_status bind_bool(const dp_binding *b, bool *out)
{
    *out = strcmp(b->value, "true") == 0;
    return *out || strcmp(b->value, "false") == 0 ? DP_OK : bad_value(b, "true or false");
}

static dp_status bind_text(const dp_binding *b, const char **out)
{
    *out = b->value;
    if ((double)strlen(b->value) > b->param->max)
        return dp_fail_at(b->err, DP_ESPEC, b->column, "%s: %s is longer than %.0f bytes",
                          b->info->name, b->param->name, b->param->max);
    return DP_OK;
}

static dp_status bind_one(const dp_binding *b, void *params)
{
    void *field = field_of(b->param, params);

    switch (b->param->type) {
    case DP_PARAM_INT: return bind_int(b, b->value, strlen(b->value), field);
    case DP_PARAM_NUMBER: return bind_number(b, b->value, strlen(b->value), field);
    case DP_PARAM_BOOL: return bind_bool(b, field);
    case DP_PARAM_CHOICE: return bind_choice(b, field);
    case DP_PARAM_TEXT: return bind_text(b, field);
    case DP_PARAM_INTS:
    case DP_PARAM_NUMBERS: return bind_list(b, field);
    }
    return DP_EINVAL;
}

static const dp_text_arg *find_arg(const dp_text_stage *stage, const char *name)
{
    for (uint32_t i = 0; i < stage->n_args; i++) {
        if (strcmp(stage->args[i].name, name) == 0)
            return &stage->args[i];
    }
    return NULL;
}

static dp_status unknown_arg(const dp_stage_info *info, const dp_text_arg *arg, dp_error *err)
{
    char names[160] = "no parameters";
    size_t n = 0;

    for (const dp_param *p = info->params; p->name != NULL && n < sizeof names; p++)
        n += (size_t)snprintf(names + n, sizeof names - n, n ? " %s" : "%s", p->name);
    return dp_fail_at(err, DP_ESPEC, arg->column, "%s has no parameter '%s'; it takes %s",
                      info->name, arg->name, names);
}

/* A list whose default is none, or that is long. */
static bool may_be_empty(const dp_param *p)
{
    return is_long(p) ||
           (p->type != DP_PARAM_TEXT && p->default_value != NULL && p->default_value[0] == '\0');
}

static dp_status check_names(const dp_stage_info *info, const dp_text_stage *stage, dp_error *err)
{
    for (uint32_t i = 0; i < stage->n_args; i++) {
        const dp_param *p = info->params;
        while (p->name != NULL && strcmp(p->name, stage->args[i].name) != 0)
            p++;
        if (p->name == NULL)
            return unknown_arg(info, &stage->args[i], err);
    }
    return DP_OK;
}

static void clear_list(const dp_param *p, void *field)
{
    if (is_long(p))
        *(dp_list *)field = (dp_list){.n = 0};
    else if (p->type == DP_PARAM_INTS)
        *(dp_ints *)field = (dp_ints){.n = 0};
    else
        *(dp_numbers *)field = (dp_numbers){.n = 0};
}

/* From what was given, or from the default. */
static dp_status bind_param(const dp_binding *from, const dp_text_stage *stage, void *params)
{
    const dp_text_arg *arg = find_arg(stage, from->param->name);
    dp_binding b = *from;

    b.value = arg ? arg->value : b.param->default_value;
    b.column = arg ? arg->value_column : stage->column;
    if (b.value == NULL)
        return dp_fail_at(b.err, DP_ESPEC, stage->column, "%s needs %s= (%s)", b.info->name,
                          b.param->name, b.param->help);
    if (!may_be_empty(b.param) || b.value[0] != '\0')
        return bind_one(&b, params);
    clear_list(b.param, field_of(b.param, params));
    return DP_OK;
}

static dp_status bind_params(dp_binding *b, const dp_text_stage *stage, bool given_only,
                             void *params)
{
    dp_status status = check_names(b->info, stage, b->err);

    for (b->param = b->info->params; b->param->name != NULL && status == DP_OK; b->param++) {
        if (!given_only || find_arg(stage, b->param->name) != NULL)
            status = bind_param(b, stage, params);
    }
    return status;
}

dp_status dp_params_bind(const dp_stage_info *info, const dp_text_stage *stage,
                         const dp_options *files, dp_arena *arena, void *params, dp_error *err)
{
    dp_binding b = {.info = info, .arena = arena, .files = files, .err = err};
    return bind_params(&b, stage, false, params);
}

dp_status dp_params_replace(const dp_stage_info *info, const dp_text_stage *stage,
                            const dp_options *files, dp_arena *arena, void *params, dp_error *err)
{
    dp_binding b = {.info = info, .arena = arena, .files = files, .err = err};
    return bind_params(&b, stage, true, params);
}

dp_status dp_params_idle(const char *param, const char *needs, dp_error *err)
{
    return dp_fail(err, DP_ESPEC, "%s does nothing here: it needs %s", param, needs);
}

static void print_int(dp_out *out, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    dp_out_text(out, text);
}

static void print_number(dp_out *out, double value)
{
    char text[DP_NUMBER_SIZE];
    dp_print_number(text, value);
    dp_out_text(out, text);
}

static void print_choice(dp_out *out, const char *choices, int32_t index)
{
    for (; index > 0; choices++)
        index -= *choices == ',';
    dp_out_part(out, choices, strcspn(choices, ","));
}

static void print_list(dp_out *out, const dp_param *p, const void *field)
{
    const bool whole = p->type == DP_PARAM_INTS;
    const dp_ints *ints = field;
    const dp_numbers *numbers = field;
    const int32_t n = whole ? ints->n : numbers->n;
    const char *text = is_long(p) ? ((const dp_list *)field)->text
                       : whole    ? ints->file
                                  : numbers->file;

    if (text != NULL) {
        dp_out_value(out, text);
        return;
    }
    dp_out_text(out, n == 0 ? "\"\"" : "");
    for (int32_t i = 0; i < n; i++) {
        dp_out_text(out, i > 0 ? "," : "");
        if (whole)
            print_int(out, ints->v[i]);
        else
            print_number(out, numbers->v[i]);
    }
}

void dp_param_print(const dp_param *p, const void *params, dp_out *out)
{
    const void *field = field_of(p, params);

    switch (p->type) {
    case DP_PARAM_INT: print_int(out, *(const int64_t *)field); break;
    case DP_PARAM_NUMBER: print_number(out, *(const double *)field); break;
    case DP_PARAM_BOOL: dp_out_text(out, *(const bool *)field ? "true" : "false"); break;
    case DP_PARAM_CHOICE: print_choice(out, p->choices, *(const int32_t *)field); break;
    case DP_PARAM_TEXT: dp_out_value(out, *(const char *const *)field); break;
    case DP_PARAM_INTS:
    case DP_PARAM_NUMBERS: print_list(out, p, field); break;
    }
}

bool dp_param_is_later(const dp_param *p) { return (p->offset & DP_LATER) != 0; }

/* A later row that has its default: "" is that of a text. */
static bool left_out(const dp_param *p, const void *params)
{
    char text[DP_NUMBER_SIZE];
    dp_out out = {text, sizeof text, 0};

    if (!dp_param_is_later(p))
        return false;
    dp_param_print(p, params, &out);
    return strcmp(text, p->type == DP_PARAM_TEXT ? "\"\"" : p->default_value) == 0;
}

void dp_params_print(const dp_stage_info *info, const void *params, dp_out *out)
{
    dp_out_text(out, info->name);
    for (const dp_param *p = info->params; p->name != NULL; p++) {
        if (left_out(p, params))
            continue;
        dp_out_text(out, " ");
        dp_out_text(out, p->name);
        dp_out_text(out, "=");
        dp_param_print(p, params, out);
    }
}
