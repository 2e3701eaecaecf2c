/* cmd_cat.c - write a batch of a stream, without what comes before it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands/commands.h"
#include "tools/cli/element.h"
#include "tools/cli/memory.h"
#include "tools/cli/output.h"
#include "tools/commands/picture.h"
#include "tools/run/stream.h"

#define MOST_NUMBERS 12 /* of a row that are printed */

typedef struct settings {
    cli_optional seed;
    uint64_t batch, row;
    const char *format, *column, *out;
} settings;

static const char about[] =
    "Writes one batch, which is reached at once.  text: a line a row, long arrays by their digest; "
    "npy: one column as NumPy's file; npz: all columns (needs --out); png: one image.  Standard "
    "output unless --out names a file.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file.";

/* ---- text ---- */

static void print_row(const stream *s, size_t row)
{
    const char *name;

    printf("row %zu record %lld", row, (long long)stream_record(s, row));
    for (size_t c = 0; (name = dp_column_name(s->session.pipeline, c)) != NULL; c++) {
        const dp_tensor *t = dp_batch_get(s->session.batch, name);
        uint8_t digest[16];
        size_t n = 1;
        for (int32_t d = s->batched; d < t->rank; d++)
            n *= (size_t)t->shape[d];
        printf("  %s", name);
        for (size_t i = 0; i < n && n <= MOST_NUMBERS; i++)
            printf(" %s", element_of(t, row * n + i).text);
        if (n > MOST_NUMBERS) {
            dp_digest((const uint8_t *)t->data + row * n * dp_dtype_size(t->dtype),
                      n * dp_dtype_size(t->dtype), digest);
            printf(" %s", cli_hex_of(digest).text);
        }
    }
    putchar('\n');
}

static int write_text(const stream *s)
{
    for (size_t row = 0; row < s->rows; row++)
        print_row(s, row);
    return EXIT_YES;
}

/* ---- arrays ---- */

static int write_npz(const stream *s, const char *path)
{
    dp_named_tensor *tensors = NULL;
    const char *name;
    size_t n = 0;
    int status;

    for (; (name = dp_column_name(s->session.pipeline, n)) != NULL; n++) {
        tensors = xrealloc(tensors, (n + 1) * sizeof *tensors);
        tensors[n] = element_copy(name, dp_batch_get(s->session.batch, name));
    }
    status = output_tensors(tensors, n, path);
    while (n > 0)
        free((void *)(uintptr_t)tensors[--n].data);
    free(tensors);
    return status;
}

/* NEP 1, version 1.0: magic, length of the header, header padded to 64, data. */
static void put_npy(FILE *f, const dp_named_tensor *t)
{
    static const char *const codes[] = {
        [DP_U8] = "|u1",  [DP_I32] = "<i4",  [DP_I64] = "<i8", [DP_F32] = "<f4",
        [DP_U32] = "<u4", [DP_BOOL] = "|b1", [DP_I8] = "|i1",  [DP_I16] = "<i2",
        [DP_U16] = "<u2", [DP_U64] = "<u8",  [DP_F16] = "<f2", [DP_F64] = "<f8"};
    char header[512];
    int n, code = DP_U8;

    while (strcmp(dp_dtype_name((dp_dtype)code), t->type) != 0)
        code++;
    n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                 codes[code]);
    for (int32_t d = 0; d < t->rank; d++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%lld,", (long long)t->shape[d]);
    n += snprintf(header + n, sizeof header - (size_t)n, "), }");
    while ((n + 11) % 64 != 0)
        header[n++] = ' ';
    header[n++] = '\n';
    fwrite("\x93NUMPY\x01\x00", 1, 8, f);
    fputc(n & 255, f);
    fputc(n >> 8, f);
    fwrite(header, 1, (size_t)n, f);
    fwrite(t->data, 1, (size_t)t->size, f);
}

static int write_npy(const stream *s, const settings *set)
{
    const dp_tensor *t = dp_batch_get(s->session.batch, set->column);
    dp_named_tensor n;
    output o;
    int status;

    if (t == NULL)
        return cli_fail(EXIT_MALFORMED, "cat: the stream has no column '%s'", set->column);
    n = element_copy(set->column, t);
    status = output_open(&o, set->out != NULL ? set->out : "-");
    if (status == 0) {
        put_npy(o.file, &n);
        status = output_close(&o, true);
    }
    free((void *)n.data);
    return status;
}

static int write_png(const stream *s, const settings *set)
{
    const dp_tensor *t = dp_batch_get(s->session.batch, set->column);
    picture_source source;
    picture p;
    int status;

    if (t == NULL || !picture_of(&source, t, s->batched))
        return cli_fail(EXIT_MALFORMED, "cat: the stream has no images in a column '%s'",
                        set->column);
    if (set->row >= s->rows)
        return cli_fail(EXIT_MALFORMED, "cat: the batch has %zu rows", s->rows);
    picture_new(&p, source.width, source.height);
    picture_image(&p, 0, 0, 1, &source, set->row);
    status = picture_save(&p, set->out != NULL ? set->out : "-");
    picture_free(&p);
    return status;
}

static int write_batch(const stream *s, const settings *set)
{
    if (strcmp(set->format, "text") == 0)
        return write_text(s);
    if (strcmp(set->format, "npz") == 0)
        return write_npz(s, set->out);
    return strcmp(set->format, "npy") == 0 ? write_npy(s, set) : write_png(s, set);
}

static int check(const settings *set)
{
    const bool text = strcmp(set->format, "text") == 0, npz = strcmp(set->format, "npz") == 0;

    if (!text && !npz && strcmp(set->format, "npy") != 0 && strcmp(set->format, "png") != 0)
        return cli_fail(EXIT_MALFORMED, "cat: --format is text, npy, npz or png, not '%s'",
                        set->format);
    if (npz && set->out == NULL)
        return cli_fail(EXIT_MALFORMED, "cat: an .npz file needs a name: --out FILE.npz");
    if (text && set->out != NULL)
        return cli_fail(EXIT_MALFORMED, "cat: text goes to standard output, without --out");
    if (!text && set->out == NULL && isatty(STDOUT_FILENO))
        return cli_fail(EXIT_MALFORMED, "cat: this is not text for a terminal: use --out FILE");
    return 0;
}

static const cli_need needs[] = {
    {"--column", {"--format=npy", "--format=png"}}, {"--row", {"--format=png"}}, {NULL, {NULL}}};

int cmd_cat(int argc, char **argv)
{
    stream s = {.session = SESSION_DEFAULTS};
    settings set = {.format = "text", .column = "image"};
    const char *what = NULL;
    const cli_option options[] = {
        {"batch", "N", "number of the batch (default: 0)", CLI_COUNT, &set.batch},
        {"format", "NAME", "text, npy, npz or png (default: text)", CLI_TEXT, &set.format},
        {"column", "NAME", "the column, of npy and png (default: image)", CLI_TEXT, &set.column},
        {"row", "N", "the row, of png (default: 0)", CLI_COUNT, &set.row},
        {"out", "FILE", "where to", CLI_TEXT, &set.out},
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT,
         &s.session.data},
        CLI_CACHE_OPTION,
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"cat", "SPEC [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0)
        status = check(&set);
    if (status == 0)
        status = cli_check_needs(&command, argv, NULL, needs);
    if (status == 0)
        status = stream_open(&s, what, set.seed, 0);
    if (status == 0)
        status = stream_read(&s, set.batch);
    if (status == 0)
        status = write_batch(&s, &set);
    stream_close(&s);
    return status;
}
