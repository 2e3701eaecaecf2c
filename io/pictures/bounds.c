/* bounds.c - the least and the most of pictures, in every way that they can be turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pictures/bounds.h"

void dp_bounds_widen(int64_t *least, int64_t *most, const int64_t *sizes, int n)
{
    for (int d = 0; d < n; d++) {
        least[d] = least[d] == 0 || sizes[d] < least[d] ? sizes[d] : least[d];
        most[d] = sizes[d] > most[d] ? sizes[d] : most[d];
    }
}

void dp_pictures_widen(dp_pictures *p, const dp_picture_head *head)
{
    int64_t sizes[3] = {0, 0, 3};

    for (int32_t turn = DP_TURN_APPLY; turn <= DP_TURN_IGNORE; turn++) {
        dp_picture_size(head, &(dp_picture_how){3, DP_AS_MINDSPORE, turn, false, 0}, sizes);
        dp_bounds_widen(p->least, p->most, sizes, 3);
    }
}
