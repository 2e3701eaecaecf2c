/* cifar.h - CIFAR-10 and CIFAR-100, binary and python versions
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_CIFAR_CIFAR_H
#define IO_CIFAR_CIFAR_H

#include "io/reader.h"

typedef struct dp_cifar {
    const char *dataset_dir;
    int32_t usage;
    bool strict;
} dp_cifar;

enum { DP_CIFAR_TRAIN, DP_CIFAR_TEST, DP_CIFAR_ALL };

/* What the two data sets differ in. */
typedef struct dp_cifar_layout {
    const char *name, *folder, *python_folder; /* the official folders */
    const char *words[3]; /* of each usage: names that have it in them are read */
    int n_labels;
    struct {
        const char *column, *key; /* key: in the python version */
        uint8_t n_classes;
    } labels[2];
    int n_files;
    struct {
        const char *name;
        int32_t usage;
        uint64_t n_records;
    } files[6];
} dp_cifar_layout;

dp_status dp_cifar_open(const dp_cifar_layout *, const void *params, const dp_options *, dp_arena *,
                        dp_source *out, dp_error *);
dp_status dp_cifar_read(const void *state, uint64_t record, void *const columns[], dp_error *);
dp_status dp_cifar_read_planes(const void *state, uint64_t record, void *const columns[],
                               dp_error *);
void dp_cifar_planes(void *state);
dp_status dp_cifar_keep(void *state, const dp_options *, dp_arena *, dp_error *);
void dp_cifar_prefetch(const void *state, uint64_t record);
dp_status dp_cifar_unchanged(void *state, bool accept, dp_error *);
void dp_cifar_close(void *state);

/* Of the reader's row, all but open. */
#define DP_CIFAR_CALLS                                                                             \
    .read = dp_cifar_read, .read_planes = dp_cifar_read_planes, .planes = dp_cifar_planes,         \
    .prefetch = dp_cifar_prefetch, .keep = dp_cifar_keep, .unchanged = dp_cifar_unchanged,         \
    .close = dp_cifar_close

#define DP_CIFAR_PARAMS(folder)                                                                    \
    DP_TEXT(dp_cifar, dataset_dir, ".",                                                            \
            "folder with the files, the one above " folder ", or the .tar.gz"),                    \
        DP_CHOICE(dp_cifar, usage, "all", "train,test,all", "which files"),                        \
        DP_BOOLEAN(dp_cifar, strict, "true",                                                       \
                   "exactly the official files; false: whatever is there"),                        \
        DP_PARAMS_END

#endif
