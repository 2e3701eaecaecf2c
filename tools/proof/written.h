/* written.h - files of a folder that were written since a moment
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_WRITTEN_H
#define TOOLS_PROOF_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* What was written before has an earlier time, what is written from now on has none.  Waits until
 * the clock of files moves on: milliseconds. */
struct timespec written_moment(void);
/* Whether a time of a file is of that moment or later. */
bool written_since(struct timespec time, struct timespec moment);

/* Whether it was made then or later; where the disk does not know when: yes. */
bool written_is_fresh(const char *path, struct timespec moment);

typedef struct written_file {
    char *name; /* below the folder that was looked at; that of a folder ends in '/' */
    bool fresh; /* it was not there before the moment */
} written_file;

/* In the byte order of the names. */
typedef struct written {
    written_file *v;
    size_t n;
    bool more; /* than are looked at: a million, or than are kept: 65536 */
} written;

/* Plain files, links and folders, at any depth, that were made, changed, renamed or replaced since
 * the moment.  Left out are what standard output and standard error are, what verify keeps in
 * `folder`, folders that are on another disk, and .git and __pycache__, which no loss comes from.
 * To be freed. */
void written_find(const char *place, struct timespec moment, const char *folder, written *);
void written_free(written *);

/* The place of the name, or of the first one behind it. */
size_t written_place(const written *, const char *name);
bool written_has(const written *, const char *name);
bool written_is_folder(const char *name);

/* "a, b, c, ...": names of those that are not folders; returns how many there are. */
#define WRITTEN_TEXT 320
size_t written_text(const written *, char out[WRITTEN_TEXT]);

#endif
