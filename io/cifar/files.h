/* files.h - which files CIFAR's readers find, and where the records lie in them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_CIFAR_FILES_H
#define IO_CIFAR_FILES_H

#include "base/file.h"
#include "base/pack/inflate.h"
#include "io/cifar/cifar.h"

#define DP_CIFAR_SIDE  32
#define DP_CIFAR_PLANE (DP_CIFAR_SIDE * DP_CIFAR_SIDE)

/* A file of a folder, or of an archive in memory. */
typedef struct dp_cifar_entry {
    char *name;
    dp_blob blob; /* bytes NULL: in the folder */
} dp_cifar_entry;

/* A file of records. */
typedef struct dp_cifar_part {
    dp_file file;
    dp_blob blob; /* bytes NULL: the file is read */
    const char *name;
    uint64_t first, n_records;
    size_t planes, stride; /* bytes before the first record's planes; from one to the next */
    uint8_t *labels;       /* n_labels a record; NULL: they stand before the planes */
} dp_cifar_part;

/* An open under way. */
typedef struct dp_cifar_opening {
    const dp_cifar_layout *layout;
    const dp_cifar *params;
    const dp_options *options;
    dp_opener *opener;
    const char *path; /* of the folder or archive */
    bool python;      /* its version */
    dp_cifar_entry *entries;
    size_t n_entries;
    dp_arena *arena;
    dp_error *err;
} dp_cifar_opening;

/* The official file of that name, with or without .bin; n_files when there is none. */
int dp_cifar_official(const dp_cifar_layout *, const char *name);
bool dp_cifar_is_binary(const char *name);

/* path, version and entries, below options->root. */
dp_status dp_cifar_find(dp_cifar_opening *);

#endif
