/* trace.h - all that a step took and made, by name, in the order in which it came to be
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     rows, image, label           the batch: record numbers, and its columns
 *     output conv1, ...            what each layer made (of layers in place, the last)
 *     loss
 *     gradient dense1, ...         of a layer's output, from the last layer to the first
 *     gradient dense1.weight, ...  of a layer's parameters, after that
 *     weight conv1.weight, ...     the parameters after the step
 */
#ifndef TOOLS_RUN_TRACE_H
#define TOOLS_RUN_TRACE_H

#include "tools/run/session.h"

/* Sees one of them; false ends the visit, which returns it. */
typedef bool (*trace_see)(void *ctx, const char *name, const dp_tensor *);

/* After a step: its batch; what came of it. */
bool trace_inputs(const session *, trace_see, void *ctx);
bool trace_results(const session *, const dp_net_result *, trace_see, void *ctx);

/* A copy of all of them. */
typedef struct trace {
    dp_named_tensor *v;
    size_t n;
    char **places; /* "relu1, or of conv1, in whose place it works": layers that share an output */
    size_t n_places;
} trace;

void trace_take(trace *, const session *, const dp_net_result *);
int trace_save(const trace *, const char *path); /* 0, or the exit status */
void trace_free(trace *);

/* The operation that made what has this name. */
void trace_operation(const trace *, const char *name, char *out, size_t size);

#endif
