/* status.h - filling the caller's dp_error
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "detpipe_base.h"

/* Each returns `status`, so that `return dp_fail(...)` reads well.  err may be NULL. */
__attribute__((format(printf, 3, 4))) dp_status dp_fail(dp_error *err, dp_status status,
                                                        const char *format, ...);

__attribute__((format(printf, 4, 5))) dp_status dp_fail_at(dp_error *err, dp_status status,
                                                           uint32_t column, const char *format,
                                                           ...);

__attribute__((format(printf, 4, 5))) dp_status dp_fail_record(dp_error *err, dp_status status,
                                                               uint64_t record, const char *format,
                                                               ...);

/* What names of files bring along: new lines and what a terminal would obey become '?'. */
void dp_one_line(char *text);

/* What may be secret in an address, of whatever kind, becomes stars: what stands before its '@',
 * or looks like a password that was cut before it, and behind its '?'. */
void dp_hide_secrets(char *text);

#endif
