/* pairs.h - verify --why: which ledger of one run is which of another
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A rank has a name.  Processes without a rank (subprocesses, fork, a pool) have numbers by chance,
 * as the first that trains takes the first: which is which is seen by what they recorded.  So two
 * runs are equal when each ledger of one has its equal in the other, and no process is ever
 * compared with another one's work while there is its own.
 */
#ifndef TOOLS_PROOF_PAIRS_H
#define TOOLS_PROOF_PAIRS_H

#include "tools/results/results.h"

#define PAIRS_RANK "ledger of rank " /* then its number, and what tells processes of it apart */

/* Of one rank, or of none that is known, those that begin most alike are a pair.  To be freed by
 * results_comparison_free. */
void pairs_compare(const results *a, const results *b, results_comparison *);

#endif
