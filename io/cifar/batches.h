/* batches.h - the batches of CIFAR's Python version: records in a pickle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_CIFAR_BATCHES_H
#define IO_CIFAR_BATCHES_H

#include "io/cifar/files.h"

/* n_records, planes, stride and labels of a pickle.  stays: the bytes are those of the part's file
 * or blob; if not, or where the planes are not part of them, they are kept as the part's blob. */
dp_status dp_cifar_open_pickle(const dp_cifar_opening *, dp_cifar_part *, dp_blob, bool stays);

#endif
