/* zip.h - what a ZIP file holds, member by member, without unpacking
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * For comparing: dates, extra fields and the folder that all members are in (torch.save names it
 * after the file) are not content.
 */
#ifndef TOOLS_RESULTS_ZIP_H
#define TOOLS_RESULTS_ZIP_H

#include "base/pack/zip_file.h"

typedef struct zip_file {
    dp_file file;
    dp_arena arena;
    dp_zip_file zip; /* its names are without the top folder */
} zip_file;

/* False, and nothing to free: a file that does not begin as a ZIP file does, a damaged one, one
 * with a comment, or one whose members share bytes.  The zip_file stays where it is until closed.
 */
bool zip_open(int fd, uint64_t size, zip_file *);
void zip_close(zip_file *);

#endif
