/* weights.h - whether two files of weights hold the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_WEIGHTS_H
#define TOOLS_COMPARE_WEIGHTS_H

#include "detpipe_net.h"
#include "tools/cli/cli.h"

/* 0, or the exit status after saying why. */
int weights_open(dp_archive **, const char *path);

cli_type_text weights_type(const dp_named_tensor *); /* "float32[3, 4]" */

/* Says what differs, tensor by tensor, as text or as one JSON object.  The exit status. */
int weights_diff(const char *a, const char *b, bool json);

#endif
