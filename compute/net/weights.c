/* weights.c - initial weights from another program's file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/weights.h"

#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "base/bytes.h"
#include "lang/text.h"

/* All that is wrong: the first words of it for the message, every line for the log. */
typedef struct complaints {
    const dp_options *options;
    dp_out out;
    size_t n;
} complaints;

static void complain(complaints *c, const char *what, const char *name, const char *detail)
{
    char line[DP_MAX_TENSOR_NAME + 512];

    snprintf(line, sizeof line, "%s %s%s", what, name, detail);
    if (c->options->log != NULL)
        c->options->log(c->options->log_ctx, line);
    dp_out_text(&c->out, c->n++ > 0 ? ", " : "");
    dp_out_text(&c->out, line);
}

/* The parameter as the file should have it. */
static dp_named_tensor wanted(const dp_parameter *p)
{
    dp_named_tensor t = {.name = p->name, .type = "float32", .rank = p->value.rank};

    for (int32_t d = 0; d < t.rank; d++)
        t.shape[d] = p->value.shape[d];
    return t;
}

static void check_parameter(complaints *c, const dp_archive *a, const dp_parameter *p)
{
    const dp_named_tensor want = wanted(p), *have = dp_archive_find(a, p->name);
    const char *what = NULL;
    char detail[512];

    if (have == NULL) {
        complain(c, "missing", p->name, "");
        return;
    }
    if (strcmp(have->type, want.type) != 0)
        what = "another type:";
    else if (have->rank != want.rank || memcmp(have->shape, want.shape, sizeof want.shape) != 0)
        what = "another shape:";
    snprintf(detail, sizeof detail, " is %s, not %s", dp_tensor_shape(have).text,
             dp_tensor_shape(&want).text);
    if (what != NULL)
        complain(c, what, p->name, detail);
}

static bool is_parameter(const dp_net *net, const char *name)
{
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        if (strcmp(net->parameters[i].name, name) == 0)
            return true;
    }
    return false;
}

static dp_status check_all(const dp_net *net, const dp_archive *a, dp_error *err)
{
    char text[180];
    complaints c = {&net->handle.options, {text, sizeof text, 0}, 0};

    for (uint32_t i = 0; i < net->n_parameters; i++)
        check_parameter(&c, a, &net->parameters[i]);
    for (size_t i = 0; i < a->n; i++) {
        if (!is_parameter(net, a->tensors[i].name))
            complain(&c, "extra", a->tensors[i].name, "");
    }
    if (c.n == 0)
        return DP_OK;
    return dp_fail(err, DP_ESTATE, "not this net's weights (%zu wrong): %s%s", c.n, text,
                   c.out.length >= sizeof text ? " ..." : "");
}

static void take_parameter(dp_parameter *p, const dp_named_tensor *t)
{
    float *value = p->value.data;

    for (int64_t i = 0; i < p->count; i++) {
        const uint32_t bits = (uint32_t)dp_load_le(t->data + 4 * i, 4);
        memcpy(&value[i], &bits, sizeof bits);
    }
    for (int i = 0; i < DP_MAX_MOMENTS && p->moments[i] != NULL; i++)
        memset(p->moments[i], 0, sizeof(float) * (size_t)p->count);
}

dp_status dp_net_load_weights(dp_net *net, const char *path, dp_error *err)
{
    dp_arena arena = {.alloc = net->handle.options.alloc};
    dp_archive a = {.arena = &arena, .path = path, .options = &net->handle.options, .err = err};
    dp_status status = dp_archive_read(&a);

    if (status == DP_OK)
        status = check_all(net, &a, err);
    for (uint32_t i = 0; status == DP_OK && i < net->n_parameters; i++)
        take_parameter(&net->parameters[i], dp_archive_find(&a, net->parameters[i].name));
    if (status == DP_OK) {
        net->step = 0;
        net->note[0] = '\0';
    }
    dp_arena_free(&arena);
    return status;
}
