/* folder.h - where the runs of verify print: one folder, which stays only where it was named
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_FOLDER_H
#define TOOLS_PROOF_FOLDER_H

#include <stdbool.h>

#define FOLDER_PATH 4096

/* A new one in TMPDIR, or `output`, whose lock is held until the tool ends.  From here on a signal
 * of those that end a run ends verify with a line that names the folder; what else ends the tool
 * removes one of our own.  0, or the exit status after saying why. */
int folder_open(const char *output, char path[FOLDER_PATH]);

/* Before the report is printed: a reader that has gone is heard of at the end. */
void folder_report(void);
/* A folder of our own goes, unless it stays.  Ends the tool by SIGPIPE when nobody reads the
 * report. */
void folder_close(bool stays);

#endif
