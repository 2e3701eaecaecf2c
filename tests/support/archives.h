/* archives.h - files of tensors that tests make in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_ARCHIVES_H
#define TESTS_SUPPORT_ARCHIVES_H

#include "detpipe_net.h"

/* In memory of exactly its size, so that a sanitizer sees a byte too far.  *tensors, unless it is
 * NULL: how many there are. */
dp_status test_archive_parse(const void *data, size_t n, size_t *tensors);

/* The same; *digest, unless it is NULL: of all names, types, shapes and contents. */
dp_status test_archive_digest(const void *data, size_t n, uint64_t *digest);

#endif
