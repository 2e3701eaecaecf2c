/* leftovers.h - what run 1 leaves in the working directory, and whether run 2 reads it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A run that prints what the last one left is equal to it and proves nothing.  What run 1 wrote is
 * watched: the time of access says whether run 2 read it before it wrote it again, and where the
 * disk keeps no such time, all that run 2 did not write may have been read.
 */
#ifndef TOOLS_PROOF_LEFTOVERS_H
#define TOOLS_PROOF_LEFTOVERS_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "tools/proof/written.h"
#include "tools/results/results.h"

#define LEFTOVERS_TEXT 1000
typedef struct leftovers {
    written made;             /* by run 1 */
    bool *watched;            /* of each */
    written read;             /* of these, what run 2 may have read; names are those of `made` */
    int without;              /* the run that began without it, 0 = there is none */
    char why[LEFTOVERS_TEXT]; /* that proves nothing; "" = it does, or nothing was read */
    results files;            /* plain ones of `made`, digested when run 1 has ended */
    written unlike;           /* of these, what run 2 wrote otherwise; names are those of `files` */
} leftovers;

/* When run 1 has ended; `began` is when it began, folder verify's.  Up to `most` bytes of what it
 * wrote are digested, to see what run 2 writes otherwise. */
void leftovers_watch(leftovers *, struct timespec began, const char *folder, uint64_t most);
/* When run 2 has ended, which began then, in the working directory `cwd` (NULL: this one). */
void leftovers_judge(leftovers *, struct timespec began, const char *folder, const char *cwd);
/* Whether a run without what is new is worth its while: it makes that once more, so up to `most`
 * bytes of it.  Else `why`. */
bool leftovers_may_go(leftovers *, uint64_t most);
/* Such a run has ended; in its working directory it must have made all of it again. */
void leftovers_confirm(leftovers *, int run, const char *cwd);
void leftovers_free(leftovers *);

/* Run 2 may be equal for what run 1 left. */
bool leftovers_weak(const leftovers *);
/* In a sentence; "" = nothing was read. */
void leftovers_text(const leftovers *, char out[LEFTOVERS_TEXT]);
void leftovers_to_json(const leftovers *, cJSON *to);

#endif
