/* detpipe_ledger.h - the record of a run: digests of what each step took and made
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For any trainer, of one process and thread at a time:
 *
 *     dp_ledger_open(&ledger, "run.ledger", "lenet, seed 1", NULL, &err);
 *     for each step, in the order in which they come to be:
 *         dp_ledger_tensor(ledger, "batch", &batch, &err);
 *         dp_ledger_tensor(ledger, "gradient of conv1", &gradient, &err);
 *         dp_ledger_step(ledger, step, loss, &err);
 *     dp_ledger_close(ledger);
 *
 * `detpipe diff A B` then names the first step and, in it, the first thing that differs, which is
 * the cause: what was recorded before it is equal.  docs/ledger.md has the format: a line of JSON
 * a step, appended whole, so a killed run leaves its last whole step.
 */
#ifndef DETPIPE_LEDGER_H
#define DETPIPE_LEDGER_H

#include "detpipe_base.h"

DP_BEGIN_DECLS

typedef struct dp_ledger dp_ledger;

/* The file is locked until close.  A new file, or one that goes on: DP_ESTATE when it is about
 * something else, DP_EIO when another process writes it or its disk does not.  about: up to 255
 * printable characters but " and \. */
DP_CALL dp_status dp_ledger_open(dp_ledger **out, const char *path, const char *about,
                                 const dp_options *, dp_error *);

/* For the step that comes next, of any tensor, an empty one as well: XXH3-128 of dtype, shape and
 * elements (little-endian, every NaN the same), under a name like `about`, up to 127 characters,
 * which the step has once.  DP_ELIMIT: more than 1 MiB of them.  A dp_digest of anything else goes
 * in likewise. */
DP_CALL dp_status dp_ledger_tensor(dp_ledger *, const char *name, const dp_tensor *, dp_error *);
DP_CALL dp_status dp_ledger_digest(dp_ledger *, const char *name, const uint8_t digest[16],
                                   dp_error *);
/* What dp_ledger_tensor puts of each of n tensors, to be kept, compared, or put by
 * dp_ledger_digest. threads: that compute at once, where the tensors are large (all weights behind
 * a step, say); 0 = one for each CPU of this process, 1 = the caller.  They end before it returns.
 */
DP_CALL dp_status dp_tensor_digests(const dp_tensor *tensors, size_t n, uint32_t threads,
                                    uint8_t (*digests)[16], dp_error *);

/* For the step that comes next: the loss of a test behind it, on other data.  It may be called
 * again: the last one counts. */
DP_CALL dp_status dp_ledger_test(dp_ledger *, double loss, dp_error *);

/* Ends the step: its line is in the file when this returns.  A step that is there already (a run
 * that was resumed) may come again. */
DP_CALL dp_status dp_ledger_step(dp_ledger *, uint64_t step, double loss, dp_error *);

/* A step that was not ended is dropped.  DP_EIO: the lines may not be on the disk; the ledger is
 * closed all the same, and errno says why. */
DP_API dp_status dp_ledger_close(dp_ledger *);

/* ---- reading one: of any run, also of one that still writes ---- */

#define DP_LEDGER_MAGIC "{\"detpipe-ledger\":" /* the first bytes of every ledger */

typedef struct dp_ledger_reader dp_ledger_reader;

typedef struct dp_ledger_entry {
    const char *name;
    uint8_t digest[16];
} dp_ledger_entry;

/* A step.  It is the library's and may grow at its end. */
typedef struct dp_ledger_record {
    uint64_t step;
    double loss;
    const char *loss_text; /* as it is printed: "nan" is equal to "nan" */
    const dp_ledger_entry *entries;
    size_t n_entries; /* in the order in which they were recorded */
    double test;      /* the loss of the test behind it, where there was one */
    const char *test_text; /* as it is printed; NULL: there was none */
} dp_ledger_record;

/* Reads the head.  DP_EIO; DP_ECORRUPT when the file is not a ledger. */
DP_CALL dp_status dp_ledger_read_open(dp_ledger_reader **out, const char *path, const dp_options *,
                                      dp_error *);
DP_API const char *dp_ledger_read_about(const dp_ledger_reader *);

/* The next line, whose checksum is right; it is the reader's, until the next call.  A resumed run
 * records steps once more: the last one counts.  DP_END: there are no more whole lines;
 * dp_ledger_read_torn is 1 when a crash has torn the last one.  DP_ECORRUPT names the line, and is
 * repeated. */
DP_CALL dp_status dp_ledger_read_next(dp_ledger_reader *, const dp_ledger_record **, dp_error *);
DP_API int dp_ledger_read_torn(const dp_ledger_reader *);
DP_API void dp_ledger_read_close(dp_ledger_reader *);
DP_END_DECLS
#endif
