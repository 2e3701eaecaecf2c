/* fuzz_import.c - any bytes as a serialized pipeline: an error, or a recipe whose text can be cut
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/text.h"
#include "tools/mindspore/import_ops.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Linked in the place of the tool's function, which would print every failure (CMakeLists.txt). */
int __wrap_cli_fail(int status, const char *format, ...);
int __wrap_cli_fail(int status, const char *format, ...)
{
    (void)format;
    return status;
}

static void import_one(const char *text, import_order order, const char *reader)
{
    char *recipe = NULL;
    text_stages stages;

    if (import_parse("fuzz", text, order, reader, &recipe) != 0)
        return;
    if (recipe == NULL || strstr(recipe, "\ndata: ") == NULL)
        abort();
    text_parse(strstr(recipe, "\ndata: ") + 7, &stages);
    if (stages.n == 0)
        abort();
    text_free(&stages);
    free(recipe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = '\0';
    import_one(text, IMPORT_NATIVE, NULL);
    import_one(text, IMPORT_REPLAY, NULL);
    import_one(text, IMPORT_REPLAY_NEW, "mindrecord file=a | shuffle");
    free(text);
    return 0;
}
