/* cmd_ckpt.c - look at, convert and compare files of weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "detpipe_net.h"
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/compare/difference.h"
#include "tools/cli/output.h"

static const char about[] =
    "Reads MindSpore's .ckpt (whole, sliced, with or without CRC), .safetensors and numpy's .npz, "
    "strictly: a damaged or ambiguous file is refused.  Writes .safetensors and .npz.\n"
    "info FILE: every tensor with its type, shape and digest.\n"
    "convert IN OUT: the same tensors in the format of OUT's name.\n"
    "diff A B: what differs, tensor by tensor; exit status 1 if anything does.";

static int open_file(dp_archive **out, const char *path)
{
    const dp_options options = cli_options();
    dp_error err;

    return dp_archive_open(out, path, &options, &err) == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

static cli_hex digest_of(const dp_named_tensor *t)
{
    uint8_t digest[16];

    dp_digest(t->data, (size_t)t->size, digest);
    return cli_hex_of(digest);
}

static cli_type_text type_of(const dp_named_tensor *t)
{
    return cli_type_of(t->type, t->rank, t->shape);
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
        printf("%-*s %-20s %s\n", width, t->name, type_of(t).text, digest_of(t).text);
        bytes += t->size;
    }
    printf("%s: %zu tensors, %llu bytes of data\n", dp_archive_format_name(a), n,
           (unsigned long long)bytes);
    return EXIT_YES;
}

/* ---- diff ---- */

typedef struct tensors_found {
    const char *const *files;
    uint64_t equal, different;
    cJSON *names; /* of those that differ; NULL: they are printed */
} tensors_found;

static void print_difference(const dp_named_tensor *a, const dp_named_tensor *b,
                             const char *const files[2])
{
    difference d;

    if (a == NULL || b == NULL) {
        printf("%s: only in %s\n", (a != NULL ? a : b)->name, files[a == NULL]);
    } else if (strcmp(type_of(a).text, type_of(b).text) != 0) {
        printf("%s: %s and %s\n", a->name, type_of(a).text, type_of(b).text);
    } else {
        d = difference_of(a, b);
        difference_print(stdout, &d, a, b);
    }
}

/* Compares two tensors of one name; NULL: the file has none. */
static void compare(tensors_found *f, const dp_named_tensor *a, const dp_named_tensor *b)
{
    if (a != NULL && b != NULL && strcmp(type_of(a).text, type_of(b).text) == 0 &&
        memcmp(a->data, b->data, (size_t)a->size) == 0) {
        f->equal++;
        return;
    }
    f->different++;
    if (f->names != NULL)
        cJSON_AddItemToArray(f->names, cJSON_CreateString((a != NULL ? a : b)->name));
    else
        print_difference(a, b, f->files);
}

static void compare_all(tensors_found *f, const dp_archive *a, const dp_archive *b)
{
    const dp_named_tensor *t;

    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++)
        compare(f, t, dp_archive_find(b, t->name));
    for (size_t i = 0; (t = dp_archive_get(b, i)) != NULL; i++) {
        if (dp_archive_find(a, t->name) == NULL)
            compare(f, NULL, t);
    }
}

static int print_diff_json(const tensors_found *f, cJSON *json)
{
    cJSON_AddStringToObject(json, "kind", "weights");
    cJSON_AddBoolToObject(json, "equal", f->different == 0 && f->equal > 0);
    cli_add_count(json, "tensors_equal", f->equal);
    cli_add_count(json, "tensors_different", f->different);
    return cli_print_json(json);
}

static int diff(const dp_archive *a, const dp_archive *b, const char *const files[2], bool json)
{
    cJSON *object = json ? cJSON_CreateObject() : NULL;
    tensors_found f = {files, 0, 0, json ? cJSON_AddArrayToObject(object, "different") : NULL};

    compare_all(&f, a, b);
    if (json && print_diff_json(&f, object) != EXIT_YES)
        return EXIT_NOT_TRIED;
    if (f.equal + f.different == 0)
        return cli_fail(EXIT_NOT_TRIED, "diff: both hold no tensor: nothing was compared");
    if (!json)
        printf("%llu tensors are equal, %llu are not\n", (unsigned long long)f.equal,
               (unsigned long long)f.different);
    return f.different == 0 ? EXIT_YES : EXIT_NO;
}

static int convert(const dp_archive *a, const char *path)
{
    const int status = output_tensors(dp_archive_get(a, 0), count_tensors(a), path);

    if (status != 0)
        return status;
    printf("%s is written\n", path);
    return EXIT_YES;
}

/* ---- the command ---- */

static int run(const char *const words[3], bool json)
{
    dp_archive *a = NULL, *b = NULL;
    int status = open_file(&a, words[1]);

    if (status == 0 && strcmp(words[0], "diff") == 0)
        status = open_file(&b, words[2]);
    if (status == 0) {
        if (strcmp(words[0], "diff") != 0 && count_tensors(a) == 0)
            status = cli_fail(EXIT_NOT_TRIED, "%s holds no tensor", words[1]);
        else if (strcmp(words[0], "info") == 0)
            status = info(a, json);
        else if (strcmp(words[0], "convert") == 0)
            status = convert(a, words[2]);
        else
            status = diff(a, b, words + 1, json);
    }
    dp_archive_close(a);
    dp_archive_close(b);
    return status;
}

static const cli_need needs[] = {{"--json", {"info", "diff"}}, {NULL, {NULL}}};

int cmd_ckpt(int argc, char **argv)
{
    const char *words[3] = {NULL, NULL, NULL};
    bool json = false;
    const cli_option options[] = {
        {"json", NULL, "info, diff: print one JSON object", CLI_FLAG, &json},
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
    return run(words, json);
}
