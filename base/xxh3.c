/* xxh3.c - XXH3 in the instructions that every machine of the kind has
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define DP_XXH3 dp_xxh3_portable
#include "base/xxh3_lines.h"
