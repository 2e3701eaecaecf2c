/* process.c - what the system says of a process
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/process.h"

#include <stdio.h>
#include <string.h>

/* /proc/PID/stat: "PID (NAME) STATE PARENT ..", the start is the 22nd field. */
bool process_look(pid_t pid, process *out)
{
    char path[40], text[512] = "", *end, state = 'Z';
    int parent = 0;
    FILE *f;

    *out = (process){.pid = pid};
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    if (fgets(text, sizeof text, f) != NULL && (end = strrchr(text, ')')) != NULL &&
        strchr(text, '(') != NULL &&
        sscanf(end + 1,
               " %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &state, &parent, &out->start) == 3) {
        *end = '\0';
        snprintf(out->name, sizeof out->name, "%.31s", strchr(text, '(') + 1);
    }
    fclose(f);
    out->parent = (pid_t)parent;
    return state != 'Z';
}
