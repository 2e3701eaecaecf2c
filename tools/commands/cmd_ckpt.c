/* cmd_ckpt.c - look at, convert and compare files of weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "detpipe_net.h"
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/compare/choice.h"
#include "tools/compare/weights.h"
#include "tools/cli/output.h"

static const char about[] =
    "Reads PyTorch's .pt, MindSpore's .ckpt (whole, sliced, with or without CRC), .safetensors and "
    "numpy's .npz, strictly: a damaged or ambiguous file is refused, and nothing in it is executed.  "
    "Writes .safetensors and .npz.\n"
    "info FILE: every tensor with its type, shape and digest.\n"
    "convert IN OUT: the same tensors in the format of OUT's name; --select and --rename take names "
    "as they stand, but for one '*', which is any text: --select 'model.*' --rename 'model.*=*' "
    "--rename '*.gamma=*.weight'.  --to float32: of float64 rounded to nearest, of narrower types "
    "exact; whole numbers stay.\n"
    "diff A B: what differs, tensor by tensor; exit status 1 if anything does.";

static cli_hex digest_of(const dp_named_tensor *t)
{
    uint8_t digest[16];

    dp_digest(t->data, (size_t)t->size, digest);
    return cli_hex_of(digest);
}

static size_t count_tensors(const dp_archive *a)
{
    size_t n = 0;

    while (dp_archive_get(a, n) != NULL)
        n++;
    return n;
}

/* ---- info ---- */

static int info_json(const dp_archive *a)
{
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "tensors");
    const dp_named_tensor *t;

    cJSON_AddStringToObject(json, "format", dp_archive_format_name(a));
    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++) {
        cJSON *row = cJSON_CreateObject(), *shape;
        cJSON_AddStringToObject(row, "name", t->name);
        cJSON_AddStringToObject(row, "type", t->type);
        shape = cJSON_AddArrayToObject(row, "shape");
        for (int32_t d = 0; d < t->rank; d++)
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t->shape[d]));
        cJSON_AddStringToObject(row, "xxh3_128", digest_of(t).text);
        cJSON_AddItemToArray(list, row);
    }
    return cli_print_json(json);
}

static int name_width(const dp_archive *a)
{
    const dp_named_tensor *t;
    int width = 8;

    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++) {
        const int length = (int)strlen(t->name);
        width = length > width ? length : width;
    }
    return width > 24 ? 24 : width;
}

static int info(const dp_archive *a, bool json)
{
    const int width = name_width(a);
    const dp_named_tensor *t;
    uint64_t bytes = 0;
    size_t n = 0;

    if (json)
        return info_json(a);
    for (; (t = dp_archive_get(a, n)) != NULL; n++) {
        printf("%-*s %-20s %s\n", width, t->name, weights_type(t).text, digest_of(t).text);
        bytes += t->size;
    }
    printf("%s: %zu tensors, %llu bytes of data\n", dp_archive_format_name(a), n,
           (unsigned long long)bytes);
    return EXIT_YES;
}

static int convert(const dp_archive *a, const char *const words[3], const choice_asked *asked)
{
    choice chosen = {.n = 0};
    int status = choice_make(a, words[1], asked, &chosen);

    if (status == 0)
        status = output_tensors(chosen.tensors, chosen.n, words[2]);
    choice_free(&chosen);
    if (status != 0)
        return status;
    printf("%s is written\n", words[2]);
    return EXIT_YES;
}

/* ---- the command ---- */

static int run(const char *const words[3], bool json, const choice_asked *asked)
{
    dp_archive *a = NULL;
    int status;

    if (strcmp(words[0], "diff") == 0)
        return weights_diff(words[1], words[2], json);
    status = weights_open(&a, words[1]);
    if (status == 0 && count_tensors(a) == 0)
        status = cli_fail(EXIT_NOT_TRIED, "%s holds no tensor", words[1]);
    if (status == 0)
        status = strcmp(words[0], "info") == 0 ? info(a, json) : convert(a, words, asked);
    dp_archive_close(a);
    return status;
}

static const cli_need needs[] = {{"--json", {"info", "diff"}},
                                 {"--select", {"convert"}},
                                 {"--rename", {"convert"}},
                                 {"--to", {"convert"}},
                                 {NULL, {NULL}}};

int cmd_ckpt(int argc, char **argv)
{
    const char *words[3] = {NULL, NULL, NULL};
    choice_asked asked = {.to = NULL};
    bool json = false;
    const cli_option options[] = {
        {"json", NULL, "info, diff: print one JSON object", CLI_FLAG, &json},
        {"select", "PATTERN", "convert: these tensors alone (may be repeated)", CLI_LIST,
         &asked.select},
        {"rename", "FROM=TO", "convert: under other names (may be repeated: one after the other)",
         CLI_LIST, &asked.rename},
        {"to", "TYPE", "convert: floating tensors as float32", CLI_TEXT, &asked.to},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"ckpt", "info FILE | convert IN OUT | diff A B", about, options, 2,
                                 3};
    int status = cli_parse(&command, argc, argv, words);
    const bool two = words[2] != NULL;

    if (status == 0)
        status = cli_check_needs(&command, argv, words[0], needs);
    if (status != 0)
        return status;
    if (strcmp(words[0], "info") == 0
            ? two
            : !two || (strcmp(words[0], "convert") != 0 && strcmp(words[0], "diff") != 0))
        return cli_fail(EXIT_MALFORMED, "ckpt takes info FILE, convert IN OUT or diff A B");
    return run(words, json, &asked);
}
