/* augment.h - the operations that rand_augment and its like choose from, by their strength
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/transforms.md has what each makes of its magnitude; MindSpore's bits.
 */
#ifndef TRANSFORMS_SHARED_AUGMENT_H
#define TRANSFORMS_SHARED_AUGMENT_H

#include "transforms/shared/chance.h"

/* In the order in which rand_augment and trivial_augment_wide number them, and invert. */
typedef enum dp_edit {
    DP_EDIT_AUTO_CONTRAST,
    DP_EDIT_BRIGHTNESS,
    DP_EDIT_COLOR,
    DP_EDIT_CONTRAST,
    DP_EDIT_EQUALIZE,
    DP_EDIT_IDENTITY,
    DP_EDIT_POSTERIZE,
    DP_EDIT_ROTATE,
    DP_EDIT_SHARPNESS,
    DP_EDIT_SHEAR_X,
    DP_EDIT_SHEAR_Y,
    DP_EDIT_SOLARIZE,
    DP_EDIT_TRANSLATE_X,
    DP_EDIT_TRANSLATE_Y,
    DP_EDITS,
    DP_EDIT_INVERT = DP_EDITS
} dp_edit;

/* The parameters that such a transform ends with. */
#define DP_AUGMENT_PARAMS                                                                          \
    int32_t interpolation;                                                                         \
    dp_ints fill_value
#define DP_AUGMENT_PIXELS(owner)                                                                   \
    DP_CHOICE(owner, interpolation, "nearest", "linear,nearest", "how pixels are mixed"),          \
        DP_INTS(owner, fill_value, "0", 0, 255, "of what lies outside")
dp_status dp_check_augment(const dp_ints *fill_value, const dp_column *in, dp_error *);

/* The greatest magnitudes. */
typedef struct dp_strengths {
    float color; /* brightness, color, contrast, sharpness: so much more or less than 1 */
    float posterize, shear, degrees, solarize;
    float shift[2]; /* pixels, or parts of the side; x, y */
    bool parts;
} dp_strengths;

/* One operation on one image, of magnitude number `bin` of `bins`, from none to the greatest. */
typedef struct dp_augment {
    dp_edit edit;
    const dp_strengths *most;
    int64_t bin, bins;
    bool back; /* the other way, if its magnitudes have one */
    bool linear;
    const dp_ints *fill_value;
    /* MindSpore's: a translation is of so many sides, not whole pixels; what a rotation leaves
     * empty is green, blue, red of fill_value. */
    bool as_mindspore;
} dp_augment;

/* Whether there are magnitudes of it. */
bool dp_edit_has_magnitude(dp_edit);
void dp_augment_run(const dp_augment *, const dp_tensor *in, const dp_tensor *out);

#endif
