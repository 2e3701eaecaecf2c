/* distributions.c - uniform and normal numbers for initial weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/number/num.h"
#include "libraries/distributions.h"

double dp_open_uniform(dp_rng *rng) { return ((double)(dp_rng_u32(rng) >> 8) + 0.5) * 0x1p-24; }

double dp_horner(const double *c, int n, double x)
{
    double y = c[n - 1];
    for (int i = n - 2; i >= 0; i--)
        y = y * x + c[i];
    return y;
}

double dp_normal_quantile(double p)
{
    static const double A[8] = {
        3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
        1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
        3.3430575583588128105e4, 2.5090809287301226727e3,
    };
    static const double B[8] = {
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    };
    static const double C[8] = {
        1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
        3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
        2.27238449892691845833e-2, 7.74545014278341407640e-4,
    };
    static const double D[8] = {
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    };
    const double q = p - 0.5;
    double r, z;

    if (q <= 0.425 && q >= -0.425) {
        r = 0.180625 - q * q;
        return q * DP_HORNER(A, r) / DP_HORNER(B, r);
    }
    r = sqrt(-dp_log_d(q < 0 ? p : 1.0 - p)) - 1.6;
    z = DP_HORNER(C, r) / DP_HORNER(D, r);
    return q < 0 ? -z : z;
}
