/* none.c - in place of mpi.c where there is no MPI to build with
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "detpipe_mpi.h"

dp_status dp_mpi_open(dp_group **out, dp_error *err)
{
    (void)out;
    if (err != NULL)
        *err = (dp_error){
            DP_EINVAL, 0, -1,
            "built without MPI: install libopenmpi-dev and build again, or run one rank"};
    return DP_EINVAL;
}

void dp_mpi_close(dp_group *group) { (void)group; }

void dp_mpi_set_timeout(dp_group *group, uint32_t seconds) { (void)group, (void)seconds; }

void dp_mpi_abort(dp_group *group, int exit_status)
{
    (void)group;
    exit(exit_status);
}
