/* xavier.c - what xavier_uniform and xavier_normal share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "compute/initializers/xavier.h"

double dp_xavier_scale(const dp_xavier *p, const dp_init_source *source, double part)
{
    return p->gain * sqrt(part / (double)(source->fan_in + source->fan_out));
}
