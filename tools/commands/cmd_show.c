/* cmd_show.c - draw a contact sheet of a batch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/commands/picture.h"
#include "tools/run/stream.h"

#define COLUMNS   8
#define GAP       6
#define MOST_SIDE 16384 /* of the sheet, in pixels */

typedef struct settings {
    cli_optional seed;
    uint64_t batch, scale;
    const char *column;
} settings;

static const char about[] =
    "Draws the images of a batch with the label and the record number under each, as PNG, so that "
    "augmentations can be looked at.  Floats are drawn from the smallest (black) to the largest "
    "(white) of the batch.  OUT may be - for standard output.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file.";

/* "label record" under the image. */
static void caption(const stream *s, const dp_tensor *label, size_t row, char *out, size_t size)
{
    const int scalar = label != NULL && label->rank == (int32_t)s->batched;

    if (scalar && label->dtype == DP_U32)
        snprintf(out, size, "%u:%lld", ((const uint32_t *)label->data)[row],
                 (long long)stream_record(s, row));
    else if (scalar && label->dtype == DP_I32)
        snprintf(out, size, "%d:%lld", ((const int32_t *)label->data)[row],
                 (long long)stream_record(s, row));
    else
        snprintf(out, size, "%lld", (long long)stream_record(s, row));
}

static int draw(stream *s, const settings *set, const char *path)
{
    const dp_tensor *t = dp_batch_get(s->session.batch, set->column);
    const dp_tensor *label = dp_batch_get(s->session.batch, "label");
    const uint32_t scale = (uint32_t)set->scale, rows = (uint32_t)s->rows;
    const uint32_t across = rows < COLUMNS ? (rows == 0 ? 1 : rows) : COLUMNS,
                   down = (rows + across - 1) / across;
    picture_source source;
    uint64_t cell_width, cell_height;
    uint32_t font;
    picture sheet;
    int status;

    if (t == NULL || !picture_of(&source, t, s->batched))
        return cli_fail(EXIT_MALFORMED, "show: the stream has no images in a column '%s'",
                        set->column);
    font = source.width * scale < 64 ? 1 : source.width * scale / 32;
    cell_width = (uint64_t)source.width * scale + GAP;
    cell_height = (uint64_t)source.height * scale + GAP + 7 * font;
    if (cell_width * across + GAP > MOST_SIDE || cell_height * down + GAP > MOST_SIDE)
        return cli_fail(EXIT_MALFORMED,
                        "show: the sheet would be more than %d pixels wide or high: "
                        "take a smaller --scale or batch",
                        MOST_SIDE);
    picture_new(&sheet, (uint32_t)cell_width * across + GAP, (uint32_t)cell_height * down + GAP);
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t x = GAP + i % across * (uint32_t)cell_width,
                       y = GAP + i / across * (uint32_t)cell_height;
        char text[64];
        picture_image(&sheet, x, y, scale, &source, i);
        caption(s, label, i, text, sizeof text);
        picture_text(&sheet, x, y + source.height * scale + font, font, text);
    }
    status = picture_save(&sheet, path);
    picture_free(&sheet);
    return status;
}

int cmd_show(int argc, char **argv)
{
    stream s = {.session = SESSION_DEFAULTS};
    settings set = {.scale = 2, .column = "image"};
    const char *operands[2] = {NULL, NULL};
    const cli_option options[] = {
        {"batch", "N", "number of the batch (default: 0)", CLI_COUNT, &set.batch},
        {"column", "NAME", "the column of the images (default: image)", CLI_TEXT, &set.column},
        {"scale", "N", "pixels for a pixel (default: 2)", CLI_COUNT, &set.scale},
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT,
         &s.session.data},
        CLI_CACHE_OPTION,
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"show", "SPEC OUT.png [OPTIONS]", about, options, 2, 2};
    int status = cli_parse(&command, argc, argv, operands);

    if (status == 0 && (set.scale < 1 || set.scale > 64))
        status = cli_fail(EXIT_MALFORMED, "show: --scale goes from 1 to 64");
    if (status == 0)
        status = stream_open(&s, operands[0], set.seed, 0);
    if (status == 0)
        status = stream_read(&s, set.batch);
    if (status == 0)
        status = draw(&s, &set, operands[1]);
    stream_close(&s);
    return status;
}
