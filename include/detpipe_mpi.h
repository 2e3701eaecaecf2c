/* detpipe_mpi.h - the ranks of an MPI program as a dp_group
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A library of its own, libdetpipe_mpi, so that libdetpipe needs no MPI: `pkg-config detpipe-mpi`,
 * or find_package(detpipe COMPONENTS mpi) and detpipe::mpi.  Only bytes are sent: MPI adds up
 * nothing (docs/distributed.md).
 */
#ifndef DETPIPE_MPI_H
#define DETPIPE_MPI_H

#include "detpipe_group.h"

DP_BEGIN_DECLS

/* MPI_COMM_WORLD, duplicated.  Initializes MPI where nobody did (and ends it at close).  All calls
 * with the group are to be made from this thread.  DP_EIO has MPI's words; DP_EINVAL: built without
 * MPI.  The group is the caller's, to close behind every handle that was opened with it. */
DP_CALL dp_status dp_mpi_open(dp_group **out, dp_error *);
DP_API void dp_mpi_close(dp_group *); /* NULL allowed */
/* How long the others are waited for in each exchange; 0 = for ever, as it is after open.  Then the
 * ranks that wait call the roll, and where one does not answer, each of them has DP_EIO with the
 * ranks that are missing: stopped, hanging, or away for longer than that.  A process that is
 * suspended meanwhile does not count the time.  To be the same on every rank. */
DP_API void dp_mpi_set_timeout(dp_group *, uint32_t seconds);
/* Ends all ranks, this one too: for one that cannot go on while the others wait for it.  NULL: of
 * MPI_COMM_WORLD.  The others hear of it in the exchange that they wait in (DP_EIO, which names
 * this rank); until they come here, too, or to dp_mpi_close, it waits, as long as for any exchange
 * (60 seconds, where that is for ever): so each can say what it has heard and keep what it has
 * done. */
DP_API void dp_mpi_abort(dp_group *, int exit_status);
DP_END_DECLS
#endif
