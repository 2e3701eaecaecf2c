/* erase.c - a rectangle of the image overwritten
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/chance.h"
#include "transforms/shared/color.h"
#include "transforms/shared/patch.h"

typedef struct erase {
    const char *column;
    int64_t top, left, height, width;
    dp_ints value;
} erase;

static const dp_param params[] = {
    DP_COLUMN(erase),
    DP_INT(erase, top, NULL, 0, 16777216, "first row"),
    DP_INT(erase, left, NULL, 0, 16777216, "first column"),
    DP_INT(erase, height, NULL, 1, 16777216, "rows"),
    DP_INT(erase, width, NULL, 1, 16777216, "columns"),
    DP_INTS(erase, value, "0", 0, 255, "one, or one for each of three channels"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const erase *p = params_;

    (void)out, (void)arena;
    if (p->value.n != 1 && p->value.n != 3)
        return dp_fail(err, DP_ESPEC, "value takes 1 or 3 numbers");
    return dp_check_color(in, 0, err);
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const erase *p = params_;

    (void)draws;
    dp_copy(in, out);
    dp_patch(out, p->top, p->left, p->height, p->width, &p->value);
}

const dp_transform dp_transform_erase = {
    .info = {"transform", "erase", "overwrite a rectangle", 1, sizeof(erase), params},
    .foreign = "Erase top left height width value unread",
    .plan = plan,
    .apply = apply,
};
