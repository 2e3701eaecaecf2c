/* settings.h - how far files are read: dp_options.remote, and the files that it names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_REMOTE_SETTINGS_H
#define IO_REMOTE_SETTINGS_H

#include "base/alloc.h"
#include "lang/stage.h"

#define DP_MAX_HEADERS 64 /* lines of a file of headers */
#define DP_MAX_MIRRORS 64 /* lines of a file of mirrors */

/* What lies below `from` lies below `to` as well; both end in '/'. */
typedef struct dp_remote_place {
    const char *from, *to;
} dp_remote_place;

typedef struct dp_remote_settings {
    const char *headers, *query, *ca, *mirrors; /* files; "" = none */
    int64_t timeout, connect, wait, within;     /* seconds */
    int64_t tries, transfers, redirects;
    /* What the files hold; secret: in no message. */
    uint32_t n_lines;
    const char **lines;
    uint32_t n_mirrors;
    dp_remote_place *places; /* of the mirrors, in their order */
    size_t n_queries;
    const char **queries; /* sorted: ADDRESS?QUERY each, or one of all addresses without one */
} dp_remote_settings;

/* Whether it may stand in a text, which is printed, kept in states as a fingerprint, and given to
 * others: DP_ESPEC where something secret is in it, which the message does not show. */
dp_status dp_url_check(const char *url, dp_error *);

/* The address, in the arena, under which mirror i has what is at `url`; *out NULL = it has it not.
 * False when out of memory. */
bool dp_remote_mirror(const dp_remote_settings *, uint32_t i, const char *url, dp_arena *,
                      const char **out);

/* What stands behind the '?' of an address; NULL = nothing. */
const char *dp_remote_query(const dp_remote_settings *, const char *url);

/* Parameters of a row, in the arena: as an option of the caller's has them or, where that is NULL,
 * an environment variable.  DP_ESPEC with the row's name. */
dp_status dp_setting_read(const dp_stage_info *row, const char *given, const char *variable,
                          dp_arena *, void **out, dp_error *);

/* Of dp_options.remote, or where that is NULL of the environment variable DETPIPE_REMOTE. */
dp_status dp_remote_settings_read(const dp_options *, dp_arena *, dp_remote_settings *, dp_error *);

#endif
