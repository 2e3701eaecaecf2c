/* color.h - the arithmetic of colours, for the stages that change them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * uint8 images <H,W> or <H,W,C>.  docs/transforms.md has each formula; those that docs/mindspore.md
 * has too are MindSpore's bits.
 */
#ifndef TRANSFORMS_SHARED_COLOR_H
#define TRANSFORMS_SHARED_COLOR_H

#include "base/number/gray.h"
#include "transforms/shared/transform.h"

/* uint8 images of any channels, or of exactly `channels`; not empty. */
dp_status dp_check_color(const dp_column *in, int64_t channels, dp_error *);
/* The `plan` of a transform that takes them and plans nothing else: of any channels; of three. */
dp_status dp_plan_color(void *params, const dp_column *in, dp_column *out, dp_arena *, dp_error *);
dp_status dp_plan_rgb(void *params, const dp_column *in, dp_column *out, dp_arena *, dp_error *);

uint8_t dp_clamp_u8(double v); /* rounded half to even */

/* Every value through a table. */
void dp_lut(const uint8_t table[256], const dp_tensor *in, const dp_tensor *out);

void dp_invert(const dp_tensor *in, const dp_tensor *out);
void dp_equalize(const dp_tensor *in, const dp_tensor *out);
/* cutoff: per cent of the pixels left out at each end; ignored: values that do not count. */
void dp_auto_contrast(double cutoff, const dp_ints *ignored, const dp_tensor *in,
                      const dp_tensor *out);
void dp_posterize(int64_t bits, const dp_tensor *in, const dp_tensor *out);
/* Values low..high are inverted; with low = high all from there on. */
void dp_solarize(double low, double high, const dp_tensor *in, const dp_tensor *out);

void dp_adjust_brightness(double factor, const dp_tensor *in, const dp_tensor *out);
void dp_adjust_contrast(double factor, const dp_tensor *in, const dp_tensor *out);
void dp_adjust_saturation(double factor, const dp_tensor *in, const dp_tensor *out);
/* adjust_saturation of MindSpore's RandomColor: the other one of the two products is rounded. */
void dp_color(double factor, const dp_tensor *in, const dp_tensor *out);
void dp_adjust_hue(double factor, const dp_tensor *in, const dp_tensor *out); /* turns */
void dp_adjust_sharpness(double factor, const dp_tensor *in, const dp_tensor *out);

#endif
