/* import.h - pipelines that MindSpore serialized, as detpipe's text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_IMPORT_H
#define TOOLS_MINDSPORE_IMPORT_H

/* Whose random orders: detpipe's; MindSpore's with one iterator for all epochs, or with a new one
 * for each, so that all are the first one. */
typedef enum import_order { IMPORT_NATIVE, IMPORT_REPLAY, IMPORT_REPLAY_NEW } import_order;

/* Reads what mindspore.dataset.serialize() wrote: a recipe of comments (what could not be carried
 * over) and one data line, in *recipe (to be freed).  reader: the text of the reader that MindSpore
 * does not write (MindDataset, TFRecordDataset); NULL = there is none.  0, or the exit status after
 * saying why. */
int import_file(const char *path, import_order, const char *reader, char **recipe);

#endif
