/* curl.h - libcurl's calls, found when the first address is opened
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * It is not linked: it brings some thirty libraries along, which a program that reads files would
 * load for nothing, and its TLS has to be the one that the system keeps up to date.
 */
#ifndef IO_REMOTE_CURL_H
#define IO_REMOTE_CURL_H

#include <curl/curl.h>

#include "base/status.h"

#define DP_CURL_CALLS(X)                                                                           \
    X(curl_global_init)                                                                            \
    X(curl_global_cleanup)                                                                         \
    X(curl_version_info)                                                                           \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)                                                                         \
    X(curl_easy_init)                                                                              \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_strerror)                                                                          \
    X(curl_easy_cleanup)                                                                           \
    X(curl_multi_init)                                                                             \
    X(curl_multi_setopt)                                                                           \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_perform)                                                                          \
    X(curl_multi_info_read)                                                                        \
    X(curl_multi_poll)                                                                             \
    X(curl_multi_wakeup)                                                                           \
    X(curl_multi_cleanup)

/* The members have the functions' own names; (c->curl_easy_setopt)(...) passes by its macro. */
typedef struct dp_curl {
#define X(name) __typeof__(name) *name;
    DP_CURL_CALLS(X)
#undef X
} dp_curl;

/* DP_EIO when there is none, or one that is older than 7.85. */
dp_status dp_curl_find(dp_curl *, dp_error *);

#endif
