/* tensor.h - sizes, types and elements of a dp_tensor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TENSOR_H
#define BASE_TENSOR_H

#include <stdbool.h>

#include "detpipe_base.h"

/* Elements of a checked shape; bytes of it.  dp_tensor_fits says whether both fit a size_t at all.
 */
bool dp_tensor_fits(const dp_tensor *);
uint64_t dp_tensor_count(const dp_tensor *);
size_t dp_tensor_bytes(const dp_tensor *);
bool dp_tensor_same_type(const dp_tensor *a, const dp_tensor *b); /* dtype, rank and shape */

/* A tensor of the caller's, before anything reads it: DP_EINVAL, naming `what`, unless it is there,
 * has a dtype, a rank and sizes whose bytes fit memory; dp_tensor_check_data: and elements, if its
 * shape has any. */
dp_status dp_tensor_check(const dp_tensor *, const char *what, dp_error *);
dp_status dp_tensor_check_data(const dp_tensor *, const char *what, dp_error *);

/* "float32[32, 3, 32, 32]", for messages, of any tensor */
typedef struct dp_type_text {
    char text[96];
} dp_type_text;
dp_type_text dp_tensor_type(const dp_tensor *);

bool dp_dtype_is_integer(dp_dtype); /* bool is not one */
bool dp_dtype_is_float(dp_dtype);

/* Element i as another type.  Integers are read by dp_load_int (uint64 wraps), others by
 * dp_load_f64. */
int64_t dp_load_int(const void *data, dp_dtype, size_t i);
double dp_load_f64(const void *data, dp_dtype, size_t i);
float dp_load_f32(const void *data, dp_dtype, size_t i); /* rounded once */

/* An integer for messages: uint64 does not wrap. */
typedef struct dp_integer {
    char text[24];
} dp_integer;
dp_integer dp_print_int(const void *data, dp_dtype, size_t i);

#endif
