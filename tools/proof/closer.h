/* closer.h - a second look at where recorded runs part
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_CLOSER_H
#define TOOLS_PROOF_CLOSER_H

#include "tools/proof/verify_report.h"

/* Where ledgers differ that do not have everything (--why=weights,every=10): both runs once more,
 * with everything of the steps that may hold the cause.  Fills t->closer with what differs first.
 */
void closer_look(verify_trial *, const printed_verdict *);

#endif
