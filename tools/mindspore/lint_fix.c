/* lint_fix.c - which stages are random, and a pipeline without them
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

typedef struct lint_fixing {
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

static void without_shuffle(const fixing *f, const dp_text_stage *s)
{
    with_value(f, s, "shuffle", "false");
}

static void without_randomize(const fixing *f, const dp_text_stage *s)
{
    with_value(f, s, "randomize", "false");
}

/* As many rows, from the first on. */
static void fix_sampler(const fixing *f, const dp_text_stage *s)
{
    const char *count = text_value(s, "num_samples");

    if (strcmp(count, "0") != 0)
        fprintf(f->out, " | sequential_sampler num_samples=%s", count);
}

static void fix_subset(const fixing *f, const dp_text_stage *s)
{
    fprintf(f->out, " | subset_sampler indices=%s num_samples=%s", text_value(s, "indices"),
            text_value(s, "num_samples"));
}

/* ---- which they are ---- */

#define KEYED "seeded and keyed by row, so reproducible here"
#define DRAWS "draws numbers for every row; " KEYED

/* The first that matches; the last is of all others that draw. */
static const lint_rule transforms[] = {
    {"random_crop", NULL, NULL, DRAWS, "crop at a fixed place", fix_crop},
    {"random_resized_crop", NULL, NULL, DRAWS, "resize", fix_resized_crop},
    {"", NULL, NULL, DRAWS, "leave it out", NULL},
};

static const lint_rule orders[] = {
    {"distributed_sampler", "shuffle", "true", "shuffles before it deals out; " KEYED,
     "shuffle=false", without_shuffle},
    {"pk_sampler", NULL, NULL, "draws rows of every class; " KEYED, "take the rows as they come",
     fix_sampler},
    {"random_sampler", NULL, NULL, "draws the order of the rows; " KEYED,
     "leave it out, or use sequential_sampler", fix_sampler},
    {"shuffle", NULL, NULL, "draws the order of the rows; " KEYED, "leave it out", NULL},
    {"split", "randomize", "true", "cuts a random order; " KEYED, "randomize=false",
     without_randomize},
    {"subset_random_sampler", NULL, NULL, "draws the order of a list; " KEYED, "subset_sampler",
     fix_subset},
    {"weighted_random_sampler", NULL, NULL, "draws rows by weight; " KEYED,
     "take the rows as they come", fix_sampler},
};
#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const lint_rule *first_match(const lint_rule *rules, size_t n, const dp_text_stage *s)
{
    for (size_t k = 0; k < n; k++) {
        if (lint_matches(&rules[k], s))
            return &rules[k];
    }
    return NULL;
}

const lint_rule *lint_random_transform(const dp_text_stage *s)
{
    return text_value(s, "workers") != NULL ? first_match(transforms, COUNT(transforms), s) : NULL;
}

const lint_rule *lint_random_order(const dp_text_stage *s)
{
    return first_match(orders, COUNT(orders), s);
}

/* ---- a text without them ---- */

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
    text_put_value(f->out, text);
    free(text);
}

static void fix_stage(const fixing *f, const char *text, const dp_text_stage *s, bool first)
{
    const lint_rule *row = lint_random_transform(s);

    if (row == NULL)
        row = lint_random_order(s);
    if (text_value(s, "with") != NULL)
        fix_join(f, s);
    else if (row == NULL)
        fprintf(f->out, "%s%.*s", first ? "" : " | ", (int)(s->end - s->column),
                text + s->column - 1);
    else if (row->fix != NULL)
        row->fix(f, s);
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
