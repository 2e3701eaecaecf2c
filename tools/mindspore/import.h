/* import.h - pipelines that MindSpore serialized, as detpipe's text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_IMPORT_H
#define TOOLS_MINDSPORE_IMPORT_H

#include <stdbool.h>

/* Reads what mindspore.dataset.serialize() wrote: a recipe of comments (what could not be carried
 * over) and one data line, in *recipe (to be freed).  replay: with MindSpore's own random orders.
 * reader: the text of the reader that MindSpore does not write (MindDataset, TFRecordDataset); NULL
 * = there is none.  0, or the exit status after saying why. */
int import_file(const char *path, bool replay, const char *reader, char **recipe);

#endif
