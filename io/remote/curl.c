/* curl.c - libcurl's calls, found when the first address is opened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/curl.h"

#include <dlfcn.h>

#define LIBRARY "libcurl.so.4"
#define OLDEST  0x075500 /* 7.85.0: its start is safe in several threads, protocols are named */

/* It stays loaded: what it registered with other libraries cannot be undone. */
dp_status dp_curl_find(dp_curl *out, dp_error *err)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const curl_version_info_data *version;

    if (library == NULL)
        return dp_fail(
            err, DP_EIO,
            "an address is read by libcurl, which is not here (Debian: libcurl4): %.120s",
            dlerror());
#define X(name) *(void **)&out->name = dlsym(library, #name);
    DP_CURL_CALLS(X)
#undef X
    dlclose(library);
#define X(name)                                                                                    \
    if (out->name == NULL)                                                                         \
        return dp_fail(err, DP_EIO, LIBRARY " is too old: it has no " #name);
    DP_CURL_CALLS(X)
#undef X
    version = out->curl_version_info(CURLVERSION_NOW);
    if (version->version_num < OLDEST || (version->features & CURL_VERSION_THREADSAFE) == 0)
        return dp_fail(err, DP_EIO, LIBRARY " is %.40s: 7.85 is the oldest that is used",
                       version->version);
    return DP_OK;
}
