/* format.h - the literals of a ledger's lines (docs/ledger.md), for its writer and its reader
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LEDGER_FORMAT_H
#define LEDGER_FORMAT_H

#include "detpipe_ledger.h"

#define DP_LEDGER_HEAD    DP_LEDGER_MAGIC "1,\"about\":\""
#define DP_LEDGER_STEP    "{\"step\":"
#define DP_LEDGER_LOSS    ",\"loss\":\""
#define DP_LEDGER_TEST    "\",\"test\":\"" /* where there was one */
#define DP_LEDGER_TENSORS "\",\"tensors\":{"
#define DP_LEDGER_SUM     ",\"xxh3_128\":\"" /* of what is before it; then 32 digits */
#define DP_LEDGER_END     "\"}"

#define DP_LEDGER_LINE  ((size_t)1 << 20)
#define DP_LEDGER_ABOUT 255
#define DP_LEDGER_NAME  127

#endif
