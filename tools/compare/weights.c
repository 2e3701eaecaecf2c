/* weights.c - whether two files of weights hold the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/weights.h"

#include <string.h>

#include "tools/compare/difference.h"

int weights_open(dp_archive **out, const char *path)
{
    const dp_options options = cli_options();
    dp_error err;

    return dp_archive_open(out, path, &options, &err) == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

cli_type_text weights_type(const dp_named_tensor *t)
{
    return cli_type_of(t->type, t->rank, t->shape);
}

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
    } else if (strcmp(weights_type(a).text, weights_type(b).text) != 0) {
        printf("%s: %s and %s\n", a->name, weights_type(a).text, weights_type(b).text);
    } else {
        d = difference_of(a, b);
        difference_print(stdout, &d, a, b);
    }
}

/* Compares two tensors of one name; NULL: the file has none. */
static void compare(tensors_found *f, const dp_named_tensor *a, const dp_named_tensor *b)
{
    if (a != NULL && b != NULL && strcmp(weights_type(a).text, weights_type(b).text) == 0 &&
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

static int report(const dp_archive *a, const dp_archive *b, const char *const files[2], bool json)
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

int weights_diff(const char *path_a, const char *path_b, bool json)
{
    dp_archive *a = NULL, *b = NULL;
    int status = weights_open(&a, path_a);

    if (status == 0)
        status = weights_open(&b, path_b);
    if (status == 0)
        status = report(a, b, (const char *const[]){path_a, path_b}, json);
    dp_archive_close(a);
    dp_archive_close(b);
    return status;
}
