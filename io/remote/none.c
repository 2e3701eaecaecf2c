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

dp_status dp_remote_file(dp_remote *r, const char *url, dp_far_file **out, dp_error *err)
{
    (void)r, (void)out;
    return dp_fail(err, DP_EIO, "%.120s: this detpipe was built without libcurl", url);
}

/* There is no far file. */
void dp_fetch_start(dp_fetch *f) { atomic_store(&f->done, 1); }
int dp_fetch_wait(dp_fetch *f) { return f->error; }
int dp_fetch_now(dp_fetch *f) { return f->error; }
bool dp_far_is_ours(const dp_far_file *f) { return f->remote == NULL; }
int dp_fetch_past(const dp_file *file, uint64_t at, uint8_t *out, size_t n, size_t *got)
{
    return dp_file_read_at(file, at, out, n, got);
}

void dp_remote_close(dp_remote *r) { (void)r; }
