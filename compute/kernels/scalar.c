/* scalar.c - the kernels in portable C
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define vf            float
#define VL            1
#define NV            4
#define MR            4
#define v_zero()      0.0f
#define v_load(p)     (*(p))
#define v_store(p, v) (*(p) = (v))
#define v_set1(x)     (x)
#define v_add(a, b)   ((a) + (b))
#define v_sub(a, b)   ((a) - (b))
#define v_mul(a, b)   ((a) * (b))
#define v_fma         dp_fma32
#define vd            double
#define v_widen(p)    ((double)*(p))
#define v_set1d(x)    (x)
#define KERNELS       dp_kernels_scalar
#define KERNELS_NAME  "scalar"
#include "compute/kernels/template.h"
