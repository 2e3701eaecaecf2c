/* lint_fix.c - a pipeline without what is random
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * random_crop becomes a crop in the middle or at a given place, random_resized_crop a resize; other
 * random transforms keep the type of the image and are left out.  Rows come in the order of the
 * data set, as many as before.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/mindspore/lint.h"
#include "tools/cli/memory.h"

typedef struct fixing {
    const char *at; /* "x,y" of the crops, or NULL */
    FILE *out;
} fixing;

/* " | name" and the column, when it is not the usual one. */
static void open_stage(const fixing *f, const char *name, const dp_text_stage *s)
{
    const char *column = text_value(s, "column");

    fprintf(f->out, " | %s", name);
    if (column != NULL && strcmp(column, "image") != 0)
        fprintf(f->out, " column=%s", column);
}

static void fix_crop(const fixing *f, const dp_text_stage *s)
{
    const char *comma = f->at != NULL ? strchr(f->at, ',') : NULL;

    if (strcmp(text_value(s, "padding"), "0") != 0) {
        open_stage(f, "pad", s);
        fprintf(f->out, " padding=%s fill_value=%s padding_mode=%s", text_value(s, "padding"),
                text_value(s, "fill_value"), text_value(s, "padding_mode"));
    }
    open_stage(f, comma != NULL ? "crop" : "center_crop", s);
    if (comma != NULL)
        fprintf(f->out, " coordinates=%s,%.*s", comma + 1, (int)(comma - f->at), f->at);
    fprintf(f->out, " size=%s", text_value(s, "size"));
}

static void fix_resized_crop(const fixing *f, const dp_text_stage *s)
{
    const char *size = text_value(s, "size");

    open_stage(f, "resize", s);
    fprintf(f->out, strchr(size, ',') != NULL ? " size=%s" : " size=%s,%s", size, size);
    fprintf(f->out, " interpolation=%s", text_value(s, "interpolation"));
}

/* The stage as it is, but for one value. */
static void with_value(const fixing *f, const dp_text_stage *s, const char *name, const char *value)
{
    fprintf(f->out, " | %s", s->name);
    for (uint32_t i = 0; i < s->n_args; i++) {
        const char *v = strcmp(s->args[i].name, name) == 0 ? value : s->args[i].value;
        fprintf(f->out, v[0] != '\0' ? " %s=%s" : " %s=\"%s\"", s->args[i].name, v);
    }
}

/* Samplers that draw: as many rows, from the first on. */
static bool fix_sampler(const fixing *f, const dp_text_stage *s)
{
    const char *count = text_value(s, "num_samples");

    if (text_is(s, "subset_random_sampler")) {
        fprintf(f->out, " | subset_sampler indices=%s num_samples=%s", text_value(s, "indices"),
                count);
        return true;
    }
    if (text_is(s, "distributed_sampler")) {
        with_value(f, s, "shuffle", "false");
        return true;
    }
    if (text_is(s, "split")) {
        with_value(f, s, "randomize", "false");
        return true;
    }
    if (!text_is(s, "random_sampler") && !text_is(s, "weighted_random_sampler") &&
        !text_is(s, "pk_sampler"))
        return false;
    if (strcmp(count, "0") != 0)
        fprintf(f->out, " | sequential_sampler num_samples=%s", count);
    return true;
}

static void fix_text(const char *text, const char *at, FILE *out);

/* A join, with the other stream fixed as well. */
static void fix_join(const fixing *f, const dp_text_stage *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *inner = xopen_memstream(&text, &size);

    fix_text(text_value(s, "with"), f->at, inner);
    xclose_memstream(inner, &text);
    fprintf(f->out, " | %s with=", s->name);
    text_put_quoted(f->out, text);
    free(text);
}

static void fix_stage(const fixing *f, const char *text, const dp_text_stage *s, bool first)
{
    if (text_value(s, "with") != NULL)
        fix_join(f, s);
    else if (text_is(s, "random_crop"))
        fix_crop(f, s);
    else if (text_is(s, "random_resized_crop"))
        fix_resized_crop(f, s);
    else if (text_value(s, "workers") == NULL && !text_is(s, "shuffle") && !fix_sampler(f, s))
        fprintf(f->out, "%s%.*s", first ? "" : " | ", (int)(s->end - s->column),
                text + s->column - 1);
}

static void fix_text(const char *text, const char *at, FILE *out)
{
    const fixing f = {at, out};
    text_stages stages;

    text_parse(text, &stages);
    for (size_t i = 0; i < stages.n; i++)
        fix_stage(&f, text, &stages.stage[i], i == 0);
    text_free(&stages);
}

/* Opens the text that was made, with the data set where it is here. */
static int check_fixed(const session *s, const char *text)
{
    dp_options options = cli_options();
    dp_pipeline *again = NULL;
    dp_error err;
    int status = 0;

    if (s->pipeline == NULL) {
        free(lint_canonical(text, &status));
        return status;
    }
    options.root = s->data;
    options.threads = 1;
    if (dp_open(&again, text, s->recipe.seed, &options, &err) != DP_OK)
        return cli_fail_error(&err, text);
    dp_close(again);
    return 0;
}

int lint_fix(const session *s, const char *at, char **out)
{
    size_t size = 0;
    int status = 0;
    char *canonical;
    FILE *f;

    if (at != NULL && (strspn(at, "0123456789,") != strlen(at) || strchr(at, ',') == NULL ||
                       strchr(at, ',') != strrchr(at, ',')))
        return cli_fail(EXIT_MALFORMED, "lint: --at takes x,y, not '%s'", at);
    canonical = lint_canonical(s->recipe.data, &status);
    if (canonical == NULL)
        return status;
    f = xopen_memstream(out, &size);
    fix_text(canonical, at, f);
    xclose_memstream(f, out);
    free(canonical);
    return check_fixed(s, *out);
}
