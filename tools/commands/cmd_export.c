/* cmd_export.c - write a pipeline as MindSpore serializes it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/mindspore/export.h"
#include "tools/run/session.h"

static const char about[] =
    "Prints the JSON that mindspore.dataset.deserialize(json_filepath=...) reads, for a pipeline "
    "that can be said there; a stage that cannot is an error that names it.  Neither the seed nor "
    "the number of epochs has a place in it.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file.";

int cmd_export(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    const char *what = NULL;
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &s.data},
        CLI_CACHE_OPTION,
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"export", "SPEC [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &what);

    s.stream_only = true;
    s.threads = 1;
    s.prefetch = 0;
    if (status == 0)
        status = session_open(&s, what, (cli_optional){0}, (cli_optional){0});
    if (status == 0)
        status = export_print(dp_spec(s.pipeline), s.recipe.seed);
    session_close(&s);
    return status;
}
