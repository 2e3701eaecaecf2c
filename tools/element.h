/* element.h - the numbers of a tensor: how many, and one of them as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_ELEMENT_H
#define TOOLS_ELEMENT_H

#include "detpipe_base.h"

size_t element_count(const dp_tensor *);

/* Element i, with every digit that it takes to have it back; float16 as its bits. */
void element_print(const dp_tensor *, size_t i);

#endif
