/* trace.c - all that a step took and made, by name, in the order in which it came to be
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/trace.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/element.h"
#include "tools/cli/memory.h"
#include "tools/cli/output.h"

#define NAME_SIZE 128

/* ---- visits ---- */

bool trace_inputs(const session *s, trace_see see, void *ctx)
{
    const dp_tensor *rows = dp_batch_get(s->batch, "id");
    const char *name;
    bool on = rows == NULL || see(ctx, "rows", rows);

    for (size_t i = 0; on && (name = dp_column_name(s->pipeline, i)) != NULL; i++)
        on = strcmp(name, "id") == 0 || see(ctx, name, dp_batch_get(s->batch, name));
    return on;
}

static bool see_one(const char *kind, const char *of, const dp_tensor *t, trace_see see, void *ctx)
{
    char name[NAME_SIZE];

    if (t == NULL || t->data == NULL)
        return true;
    snprintf(name, sizeof name, "%s %.110s", kind, of);
    return see(ctx, name, t);
}

/* The gradients of the parameters of a layer. */
static bool see_parameters(const session *s, const char *layer, trace_see see, void *ctx)
{
    const size_t length = strlen(layer);
    const char *name;
    bool on = true;

    for (size_t i = 0; on && dp_net_parameter(s->net, i, &name) != NULL; i++) {
        if (strncmp(name, layer, length) == 0 && name[length] == '.')
            on = see_one("gradient", name, dp_net_gradient(s->net, i), see, ctx);
    }
    return on;
}

bool trace_results(const session *s, const dp_net_result *r, trace_see see, void *ctx)
{
    float loss = r->loss;
    const dp_tensor scalar = {&loss, DP_F32, 1, {1}};
    const dp_tensor *value;
    const char *name;
    dp_tensor t;
    size_t n = 0;
    bool on = true;

    for (; on && (name = dp_net_layer(s->net, n, &t, NULL)) != NULL; n++)
        on = see_one("output", name, &t, see, ctx);
    on = on && see(ctx, "loss", &scalar);
    while (on && n-- > 0) {
        name = dp_net_layer(s->net, n, NULL, &t);
        on = see_one("gradient", name, &t, see, ctx) && see_parameters(s, name, see, ctx);
    }
    for (size_t i = 0; on && (value = dp_net_parameter(s->net, i, &name)) != NULL; i++)
        on = see_one("weight", name, value, see, ctx);
    return on;
}

/* ---- copies ---- */

static bool copy(void *ctx, const char *name, const dp_tensor *t)
{
    trace *out = ctx;

    out->v = xrealloc(out->v, (out->n + 1) * sizeof *out->v);
    out->v[out->n++] = element_copy(xstrdup(name), t);
    return true;
}

/* A layer without numbers has one behind it that worked in its place. */
static void copy_places(trace *out, const dp_net *net)
{
    char before[NAME_SIZE] = "", *place;
    const char *name;
    dp_tensor t;

    for (size_t i = 0; (name = dp_net_layer(net, i, &t, NULL)) != NULL; i++) {
        const size_t n = strlen(before), size = n + strlen(name) + 64;
        if (t.data == NULL) {
            snprintf(before + n, sizeof before - n, "%s%s", n > 0 ? ", " : "", name);
            continue;
        }
        if (n > 0) {
            place = xmalloc(size);
            snprintf(place, size, "%s, or of %s, in whose place it works", name, before);
            out->places = xrealloc(out->places, (out->n_places + 1) * sizeof *out->places);
            out->places[out->n_places++] = place;
        }
        before[0] = '\0';
    }
}

void trace_take(trace *out, const session *s, const dp_net_result *r)
{
    trace_free(out);
    trace_inputs(s, copy, out);
    trace_results(s, r, copy, out);
    copy_places(out, s->net);
}

int trace_save(const trace *t, const char *path) { return output_tensors(t->v, t->n, path); }

void trace_free(trace *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free((void *)(uintptr_t)t->v[i].name);
        free((void *)(uintptr_t)t->v[i].data);
    }
    free(t->v);
    for (size_t i = 0; i < t->n_places; i++)
        free(t->places[i]);
    free(t->places);
    *t = (trace){.n = 0};
}

/* ---- what it means ---- */

/* The layer of this name, with those whose output it has, too. */
static const char *layers_of(const trace *t, const char *layer)
{
    const size_t n = strlen(layer);

    for (size_t i = 0; i < t->n_places; i++) {
        if (strncmp(t->places[i], layer, n) == 0 && t->places[i][n] == ',')
            return t->places[i];
    }
    return layer;
}

void trace_operation(const trace *t, const char *name, char *out, size_t size)
{
    const char *of = strchr(name, ' ');

    if (strcmp(name, "loss") == 0)
        snprintf(out, size, "the loss of the outputs");
    else if (of == NULL)
        snprintf(out, size, "the pipeline: column %s of the batch", name);
    else if (strncmp(name, "output", 6) == 0)
        snprintf(out, size, "the forward pass of %s", layers_of(t, of + 1));
    else if (strncmp(name, "weight", 6) == 0)
        snprintf(out, size, "the optimizer's update of%s", of);
    else if (strchr(of, '.') != NULL)
        snprintf(out, size, "the backward pass to%s", of);
    else
        snprintf(out, size, "the backward pass of what reads%s", of);
}
