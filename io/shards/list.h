/* list.h - the files of a data set: one, several by braces, or those that a list names
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     a.tar     train-{000..127}.tar     {a,b}/x-{0..9}.tar::c.tar     @list.txt
 *
 * Braces are those of the library braceexpand 0.1.7, and "::" joins, as WebDataset has them:
 * alternatives {a,b}, ranges {0..9}, {000..120..10}, {a..f}, all of them within one another;
 * \ takes what a character means.  A list is a file with a name in each line, as it is.
 */
#ifndef IO_SHARDS_LIST_H
#define IO_SHARDS_LIST_H

#include "io/remote/remote.h"

#define DP_MOST_SHARDS     1048576
#define DP_OPEN_SHARDS     256                 /* stay open; each read opens its file beyond them */
#define DP_MOST_SHARD_LIST ((uint64_t)1 << 26) /* bytes of a list */
#define DP_MOST_SHARD_NAME 4096                /* bytes of a name */
#define DP_MOST_BRACES     64                  /* of one name */

typedef struct dp_shard_list {
    const char **paths; /* below options->root, in the order of the text */
    size_t n, room;
} dp_shard_list;

/* DP_ESPEC for braces without a partner, what is not a file (s3://, pipe:), a list without names;
 * DP_ELIMIT for more than the above.  No file is opened but a list. */
dp_status dp_shard_list_read(const char *text, dp_opener *, dp_shard_list *out, dp_error *);

#endif
