/* cmd_import.c - print a serialized MindSpore pipeline as detpipe's text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/mindspore/import.h"

static const char about[] =
    "Reads what mindspore.dataset.serialize() wrote and prints a recipe with the same pipeline, and "
    "a comment on what could not be carried over.  Neither the seed nor the number of epochs is in "
    "the file.  With --order mindspore shuffles, samplers and random operations replay MindSpore's "
    "own streams, for the seed that is given with the recipe; without it they are detpipe's.  "
    "--iterator new is for a loop `for batch in dataset:` in each epoch, which makes a new iterator: "
    "all epochs are the first one then.  Of "
    "MindDataset MindSpore writes nothing, and of TFRecordDataset no types: --reader says what "
    "stands in their place.";

int cmd_import(int argc, char **argv)
{
    const char *path = NULL, *order = "native", *iterator = "one", *reader = NULL;
    dp_error err = {.message = ""};
    size_t length;
    char *recipe = NULL;
    const cli_option options[] = {
        {"order", "NAME", "native or mindspore: whose random orders (default: native)", CLI_TEXT,
         &order},
        {"iterator", "KIND", "one for all epochs, or new for each (default: one)", CLI_TEXT,
         &iterator},
        {"reader", "TEXT", "the stages of a MindDataset or TFRecordDataset (\"mindrecord file=a\")",
         CLI_TEXT, &reader},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"import", "FILE.json [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &path);

    if (status == 0 && strcmp(order, "native") != 0 && strcmp(order, "mindspore") != 0)
        status =
            cli_fail(EXIT_MALFORMED, "import: --order is native or mindspore, not '%s'", order);
    if (status == 0 && strcmp(iterator, "one") != 0 && strcmp(iterator, "new") != 0)
        status = cli_fail(EXIT_MALFORMED, "import: --iterator is one or new, not '%s'", iterator);
    if (status == 0 && strcmp(iterator, "new") == 0 && strcmp(order, "native") == 0)
        status = cli_fail(EXIT_MALFORMED, "import: --iterator new needs --order mindspore");
    if (status == 0 && reader != NULL && dp_canonical(reader, NULL, 0, &length, &err) != DP_OK)
        status = cli_fail_error(&err, reader);
    if (status == 0)
        status = import_file(path,
                             strcmp(order, "native") == 0   ? IMPORT_NATIVE
                             : strcmp(iterator, "one") == 0 ? IMPORT_REPLAY
                                                            : IMPORT_REPLAY_NEW,
                             reader, &recipe);
    if (status == 0)
        fputs(recipe, stdout);
    free(recipe);
    return status;
}
