/* rows.h - the readers by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include "io/reader.h"

#define DP_READER(name) extern const dp_reader dp_reader_##name;
#include "io/list.def"
#undef DP_READER

#endif
