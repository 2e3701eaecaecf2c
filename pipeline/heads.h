/* heads.h - the header of the picture that each record is the file of
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that follow from the sizes of all rows before one need them at once.  A reader may know
 * them; of another one each record is read, once for a stream.
 */
#ifndef PIPELINE_HEADS_H
#define PIPELINE_HEADS_H

#include "pipeline/graph.h"

/* Takes them, of a column whose pictures the step decodes: dp_heads_get may be called from now on.
 * It fails as reading a record does, naming it, or when there is no memory. */
dp_status dp_heads_read(dp_graph *, const dp_branch *, uint32_t column, const dp_step *,
                        dp_error *);

/* That of a record of the branch's reader. */
dp_picture_head dp_heads_get(const dp_branch *, uint32_t column, uint64_t record);

#endif
