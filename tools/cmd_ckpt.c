/* cmd_ckpt.c - look at, convert and compare files of weights
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <string.h>

#include "detpipe_net.h"
#include "tools/cli.h"

static const char about[] =
    "Reads MindSpore's .ckpt (whole, sliced, with or without CRC), .safetensors and numpy's .npz, "
    "strictly: a damaged or ambiguous file is refused.  Writes .safetensors and .npz.\n"
    "info FILE: every tensor with its type, shape and digest.\n"
    "convert IN OUT: the same tensors in the format of OUT's name.\n"
    "diff A B: what differs, tensor by tensor; exit status 1 if anything does.";

static int open_file(dp_archive **out, const char *path)
{
    dp_error err;
    return dp_archive_open(out, path, NULL, &err) == DP_OK ? -1 : cli_fail_error(&err, NULL);
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

/* The bits of element i. */
static uint64_t bits_of(const dp_named_tensor *t, uint64_t i)
{
    const uint64_t size = t->size / t->count;
    uint64_t bits = 0;

    for (uint64_t b = 0; b < size; b++)
        bits |= (uint64_t)t->data[i * size + b] << (8 * b);
    return bits;
}

static double half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    const double magnitude = exponent == 31 ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                             : exponent > 0 ? ldexp(1024 + fraction, exponent - 25)
                                            : ldexp(fraction, -24);
    return bits >> 15 != 0 ? -magnitude : magnitude;
}

static double value_of(const dp_named_tensor *t, uint64_t i)
{
    const uint64_t bits = bits_of(t, i);
    const uint32_t low = (uint32_t)(strcmp(t->type, "bfloat16") == 0 ? bits << 16 : bits);
    double wide;
    float narrow;

    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    if (strcmp(t->type, "float64") == 0)
        return wide;
    if (strcmp(t->type, "float32") == 0 || strcmp(t->type, "bfloat16") == 0)
        return (double)narrow;
    if (strcmp(t->type, "float16") == 0)
        return half(bits);
    if (strncmp(t->type, "int", 3) == 0) { /* the sign from its top bit */
        const unsigned shift = (unsigned)(64 - 8 * (t->size / t->count));
        return (double)((int64_t)(bits << shift) >> shift);
    }
    return (double)bits;
}

static void print_elements(const dp_named_tensor *a, const dp_named_tensor *b)
{
    uint64_t n = 0, first = 0;
    double most = 0;

    for (uint64_t i = 0; i < a->count; i++) {
        double distance;
        if (bits_of(a, i) == bits_of(b, i))
            continue;
        first = n++ == 0 ? i : first;
        distance = fabs(value_of(a, i) - value_of(b, i));
        most = distance > most || distance != distance ? distance : most;
    }
    printf(
        "%s: %llu of %llu elements differ, by at most %.9g\n    first at %llu: %.9g (0x%llx) and "
        "%.9g (0x%llx)\n",
        a->name, (unsigned long long)n, (unsigned long long)a->count, most,
        (unsigned long long)first, value_of(a, first), (unsigned long long)bits_of(a, first),
        value_of(b, first), (unsigned long long)bits_of(b, first));
}

/* Whether the two are equal; says how not. */
static bool compare(const dp_named_tensor *a, const dp_named_tensor *b)
{
    if (strcmp(type_of(a).text, type_of(b).text) != 0) {
        printf("%s: %s and %s\n", a->name, type_of(a).text, type_of(b).text);
        return false;
    }
    if (memcmp(a->data, b->data, (size_t)a->size) == 0)
        return true;
    print_elements(a, b);
    return false;
}

static int diff(const dp_archive *a, const dp_archive *b, const char *const names[2])
{
    size_t equal = 0, different = 0;
    const dp_named_tensor *t;

    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++) {
        const dp_named_tensor *other = dp_archive_find(b, t->name);
        if (other == NULL)
            printf("%s: only in %s\n", t->name, names[0]), different++;
        else if (compare(t, other))
            equal++;
        else
            different++;
    }
    for (size_t i = 0; (t = dp_archive_get(b, i)) != NULL; i++) {
        if (dp_archive_find(a, t->name) == NULL)
            printf("%s: only in %s\n", t->name, names[1]), different++;
    }
    printf("%zu tensors are equal, %zu are not\n", equal, different);
    return different == 0 ? EXIT_YES : EXIT_NO;
}

static int convert(const dp_archive *a, const char *path)
{
    dp_error err;

    if (dp_archive_save(dp_archive_get(a, 0), count_tensors(a), path, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    printf("%s is written\n", path);
    return EXIT_YES;
}

/* ---- the command ---- */

static int run(const char *const words[3], bool json)
{
    dp_archive *a = NULL, *b = NULL;
    int status = open_file(&a, words[1]);

    if (status < 0 && strcmp(words[0], "diff") == 0)
        status = open_file(&b, words[2]);
    if (status < 0) {
        if (strcmp(words[0], "info") == 0)
            status = info(a, json);
        else if (strcmp(words[0], "convert") == 0)
            status = convert(a, words[2]);
        else
            status = diff(a, b, words + 1);
    }
    dp_archive_close(a);
    dp_archive_close(b);
    return status;
}

int cmd_ckpt(int argc, char **argv)
{
    const char *words[3] = {NULL, NULL, NULL};
    bool json = false;
    const cli_option options[] = {
        {"json", NULL, "info: print one JSON object", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"ckpt", "info FILE | convert IN OUT | diff A B", about, options, 2,
                                 3};
    const int status = cli_parse(&command, argc, argv, words);
    const bool two = words[2] != NULL;

    if (status >= 0)
        return status;
    if (strcmp(words[0], "info") == 0
            ? two
            : !two || (strcmp(words[0], "convert") != 0 && strcmp(words[0], "diff") != 0))
        return cli_fail(EXIT_MALFORMED, "ckpt takes info FILE, convert IN OUT or diff A B");
    return run(words, json);
}
