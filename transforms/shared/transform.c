/* transform.c - what is asked of every transform
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/transform.h"

#include <string.h>

#include "base/number/num.h"

uint32_t dp_n_draws(const dp_transform *t)
{
    uint32_t n = dp_draws_numbers(t);

    for (const char *c = n != 0 ? t->drawn : ""; *c != '\0'; c++)
        n += *c == ',';
    return n;
}

size_t dp_transform_space(const dp_transform *t, const void *params)
{
    return t->space != NULL ? t->space(params) : 0;
}

void dp_transform_apply(const dp_transform *t, const void *params, const double *draws,
                        const dp_tensor *in, const dp_tensor *out, const dp_workspace *space)
{
    if (t->apply_in != NULL)
        t->apply_in(params, draws, in, out, space);
    else
        t->apply(params, draws, in, out);
}

bool dp_always(const void *params)
{
    (void)params;
    return true;
}

/* {name} */
static void fill(const dp_fixing *f, const char *name, size_t length)
{
    const double *number = f->draws;

    for (const char *c = f->drawn;; c++, number++) {
        const size_t n = strcspn(c, ",");
        char text[DP_NUMBER_SIZE];
        if (n == length && memcmp(c, name, n) == 0) {
            dp_print_number(text, *number);
            dp_out_text(f->out, text);
            return;
        }
        c += n;
        if (*c == '\0')
            break;
    }
    for (const dp_param *p = f->info->params; p->name != NULL; p++) {
        if (strlen(p->name) == length && memcmp(p->name, name, length) == 0)
            dp_param_print(p, f->params, f->out);
    }
}

static void open_stage(const dp_fixing *f, const char *name, size_t length)
{
    const char *column = *(const char *const *)f->params;

    dp_out_text(f->out, " | ");
    dp_out_part(f->out, name, length);
    if (strcmp(column, "image") != 0) {
        dp_out_text(f->out, " column=");
        dp_out_value(f->out, column);
    }
}

bool dp_fix(const dp_fixing *f, const char *stages)
{
    bool open = false;

    for (const char *c = stages; *c != '\0';) {
        const size_t length = strcspn(c, " {}");
        if (*c == '{') {
            fill(f, c + 1, strcspn(c + 1, "}"));
            c += strcspn(c, "}") + 1;
        } else if (strncmp(c, " | ", 3) == 0) {
            open = false;
            c += 3;
        } else if (!open) {
            open_stage(f, c, length);
            open = true;
            c += length;
        } else {
            dp_out_part(f->out, c++, 1);
        }
    }
    return true;
}
