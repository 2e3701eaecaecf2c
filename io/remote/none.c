/* none.c - in the place of transfer.c where the build found no libcurl
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/status.h"
#include "io/remote/remote.h"

dp_status dp_remote_open(dp_remote **out, const dp_options *options, dp_arena *arena, dp_error *err)
{
    (void)out, (void)options, (void)arena;
    return dp_fail(err, DP_EIO,
                   "this detpipe was built without libcurl, and reads no address: build it where "
                   "curl/curl.h is (Debian: libcurl4-openssl-dev)");
}

dp_status dp_remote_file(dp_remote *r, dp_opener *o, const char *url, dp_file *out, dp_error *err)
{
    (void)r, (void)o, (void)out;
    return dp_fail(err, DP_EIO, "%.120s: this detpipe was built without libcurl", url);
}

/* There is no far file. */
void dp_fetch_start(dp_fetch *f) { atomic_store(&f->done, true); }
int dp_fetch_wait(dp_fetch *f) { return f->error; }

void dp_remote_close(dp_remote *r) { (void)r; }
