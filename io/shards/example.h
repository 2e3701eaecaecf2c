/* example.h - tf.train.Example: named features, each a list of bytes, of floats or of integers
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A protocol buffer, read where it lies.  What could be understood in two ways (a feature that is
 * there twice, or has lists of two kinds) is refused.
 */
#ifndef IO_SHARDS_EXAMPLE_H
#define IO_SHARDS_EXAMPLE_H

#include "io/shards/fields.h"

typedef enum dp_feature_kind {
    DP_FEATURE_NONE, /* it is not there */
    DP_FEATURE_BYTES,
    DP_FEATURE_FLOATS,
    DP_FEATURE_INTS
} dp_feature_kind;

typedef struct dp_feature {
    dp_feature_kind kind;
    const uint8_t *list; /* its encoded elements */
    size_t size;
} dp_feature;

/* The features that the fields name, in their order.  NULL, or what is wrong: "has image, which
 * is there twice", in `why`. */
const char *dp_example_find(const uint8_t *bytes, size_t n, const dp_fields *,
                            dp_feature out[DP_MAX_COLUMNS], char why[100]);

/* What features there are, with blanks between, as far as they fit; NUL-ended. */
void dp_example_names(const uint8_t *bytes, size_t n, char *out, size_t size);

/* Whether it is a SequenceExample with lists of features; the rest of one is an Example. */
bool dp_example_is_sequence(const uint8_t *bytes, size_t n);

/* The bytes of a list of one.  NULL, or what is wrong, to stand behind the feature's name. */
const char *dp_feature_bytes(const dp_feature *, const uint8_t **value, size_t *n);

/* The numbers of a list as elements of the field's type, as many as it has.  NULL, or what is
 * wrong. *least and *most: of integers. */
const char *dp_feature_numbers(const dp_feature *, const dp_field *, void *out, int64_t *least,
                               int64_t *most);

#endif
