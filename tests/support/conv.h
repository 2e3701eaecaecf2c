/* conv.h - a convolution to begin with
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_CONV_H
#define TESTS_SUPPORT_CONV_H

#include "compute/math/conv.h"

/* A square kernel of an odd size, and as many zeros around as keep the places of the input. */
static inline dp_conv test_conv(int64_t ic, int64_t oc, int64_t height, int64_t width,
                                int64_t kernel)
{
    const int64_t zeros = kernel / 2;

    return (dp_conv){.ic = ic,
                     .height = height,
                     .width = width,
                     .oc = oc,
                     .kh = kernel,
                     .kw = kernel,
                     .oh = height,
                     .ow = width,
                     .stride_h = 1,
                     .stride_w = 1,
                     .dilation_h = 1,
                     .dilation_w = 1,
                     .groups = 1,
                     .top = zeros,
                     .left = zeros,
                     .bottom = zeros,
                     .right = zeros};
}

#endif
