/* decode.c - the file of a picture to its pixels
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/picture/picture.h"
#include "transforms/shared/transform.h"

typedef struct decode {
    const char *column;
    int64_t channels;
    int32_t decoder, orientation, edges;
    bool saturates; /* dp_picture_how: not a parameter */
} decode;

static const dp_param params[] = {
    DP_COLUMN(decode),
    DP_INT(decode, channels, "3", 1, 3, "3 for colours, 1 for gray"),
    DP_CHOICE(decode, decoder, "mindspore", DP_DECODERS, "the library whose pixels are delivered"),
    DP_CHOICE(decode, orientation, "decoder", DP_ORIENTATIONS,
              "whether pictures are turned upright by their EXIF"),
    DP_CHOICE(decode, edges, "exact", DP_EDGE_RULES,
              "columns at the edges of a part: as in the whole picture, or as libjpeg crops"),
    DP_PARAMS_END,
};

static dp_picture_how how_of(const decode *p)
{
    return (dp_picture_how){(int32_t)p->channels, p->decoder, p->orientation, p->saturates,
                            p->edges};
}

static dp_status ready(void *params_, dp_arena *arena, dp_error *err)
{
    decode *p = params_;
    dp_picture_how how = how_of(p);
    const dp_status status = dp_picture_ready(&how, arena, err);

    p->saturates = how.saturates;
    return status;
}

static dp_encoded encoded(const dp_tensor *file)
{
    return (dp_encoded){"the picture", file->data, (size_t)file->shape[0], NULL, 0, 0};
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const decode *p = params_;

    (void)in, (void)arena;
    if (p->channels == 2)
        return dp_fail(err, DP_ESPEC, "channels is 1 or 3");
    out->type.shape[2] = p->channels;
    return DP_OK;
}

static dp_status look(const void *params_, const dp_tensor *file, dp_picture_head *head,
                      dp_picture_room *room, dp_error *err)
{
    const dp_picture_how how = how_of(params_);
    const dp_encoded from = encoded(file);

    return dp_picture_look(&from, &how, room, head, err);
}

static void sizes(const void *params_, const dp_picture_head *head, int64_t picture[3])
{
    const dp_picture_how how = how_of(params_);

    dp_picture_size(head, &how, picture);
    picture[2] = how.channels;
}

static dp_status make(const void *params_, const dp_tensor *file, const dp_picture_head *head,
                      const dp_picture_part *part, const dp_tensor *out, dp_picture_room *room,
                      dp_error *err)
{
    const dp_picture_how how = how_of(params_);
    const dp_encoded from = encoded(file);

    return dp_picture_decode(&from, &how, head, part, room, out->data, err);
}

const dp_transform dp_transform_decode = {
    .info = {"transform", "decode", "the file of a picture to its pixels", 1, sizeof(decode),
             params},
    .foreign = "Decode rgb!true",
    .plan = plan,
    .ready = ready,
    .look = look,
    .sizes = sizes,
    .decode = make,
};
