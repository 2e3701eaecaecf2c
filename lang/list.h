/* list.h - lists of numbers: written out in a text, or in a file that it names
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     weights=0.5,1,2     weights=@weights.txt     weights=@weights.npy#DIGEST
 *
 * A file is text (numbers with blanks, line ends or commas between; "#" begins a comment) or one
 * array of numpy's (.npy) of one axis.  The canonical text names the digest of its numbers, so
 * whatever is bound to a text is bound to them; a text that names one takes no others.
 */
#ifndef LANG_LIST_H
#define LANG_LIST_H

#include "base/alloc.h"

#define DP_MAX_NUMBERS   100000000   /* of a list in a file */
#define DP_MAX_LIST_FILE 3000000000u /* its bytes */

/* All that is known of a parameter of a stage that is given. */
typedef struct dp_binding {
    const dp_stage_info *info;
    const dp_param *param;
    const char *value;
    uint32_t column; /* of the value */
    dp_arena *arena;
    const dp_options *files; /* whose root paths are relative to; NULL = no file is read */
    dp_error *err;
} dp_binding;

typedef struct dp_list {
    union {
        int64_t *ints;
        double *numbers; /* by the parameter's type */
    };
    size_t n;         /* 0 where no file is read */
    const char *text; /* canonical: as written, or "@file#digest" */
} dp_list;

/* At most `most` numbers.  DP_ESPEC, or what is wrong with the file, with column and place. */
dp_status dp_list_bind(const dp_binding *, uint64_t most, dp_list *out);

/* Whether a value names a file. */
static inline bool dp_list_is_file(const char *value) { return value[0] == '@'; }

#endif
