/* element.h - the numbers of a tensor: how many, and one of them as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_CLI_ELEMENT_H
#define TOOLS_CLI_ELEMENT_H

#include "detpipe_net.h"
#include "tools/cli/cli.h"

size_t element_count(const dp_tensor *);

/* Element i, with every digit that it takes to have it back; float16 as its bits. */
typedef struct element_text {
    char text[32];
} element_text;
element_text element_of(const dp_tensor *, size_t i);

cli_type_text element_type(const dp_tensor *); /* "float32[3, 4]" */

/* Of rows that may differ in shape: "uint8[3, 4] to uint8[5, 5]", or the type of all. */
typedef struct element_types_text {
    char text[456];
} element_types_text;
element_types_text element_types(const dp_tensor *least, const dp_tensor *most);

/* As files have it: data is a copy, least significant byte first, to be freed; the name is not
 * copied. */
dp_named_tensor element_copy(const char *name, const dp_tensor *);

#endif
