/* output.c - files of commands: whole or not at all
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"

int output_open(output *o, const char *path)
{
    o->path = path;
    o->file = stdout;
    if (strcmp(path, "-") == 0)
        return -1;
    if (snprintf(o->temporary, sizeof o->temporary, "%s.tmp", path) >= (int)sizeof o->temporary)
        return cli_fail(EXIT_MALFORMED, "%.60s...: the path is too long", path);
    o->file = fopen(o->temporary, "wb");
    if (o->file == NULL)
        return cli_fail(EXIT_NOT_TRIED, "cannot write %s: %s", path, strerror(errno));
    return -1;
}

int output_close(output *o, bool written)
{
    written = fflush(o->file) == 0 && !ferror(o->file) && written;
    if (o->file == stdout && written)
        return -1;
    if (o->file == stdout) {
        cli_fail(EXIT_NOT_TRIED, "cannot write to standard output: %s", strerror(errno));
        clearerr(stdout); /* it is said */
        return EXIT_NOT_TRIED;
    }
    written = written && fsync(fileno(o->file)) == 0;
    written = fclose(o->file) == 0 && written;
    if (written && rename(o->temporary, o->path) == 0)
        return -1;
    cli_fail(EXIT_NOT_TRIED, "cannot write %s: %s", o->path, strerror(errno));
    unlink(o->temporary);
    return EXIT_NOT_TRIED;
}
