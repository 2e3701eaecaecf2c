/* image_folder.c - JPEG and PNG files in a folder for each class, or named by a list
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pictures/folder.h"

static const dp_folder_kind kind = {"image_folder", ".jpeg .jpg .png", false};

static const dp_param params[] = {
    DP_FOLDER_PARAMS,
    DP_BOOLEAN(dp_folder_params, decode, "false", "deliver pixels, not the bytes of the files"),
    DP_CHOICE(dp_folder_params, decoder, "mindspore", DP_DECODERS,
              "the library whose pixels are delivered"),
    DP_CHOICE(dp_folder_params, orientation, "decoder", DP_ORIENTATIONS,
              "whether pictures are turned upright by their EXIF"),
    DP_CHOICE(dp_folder_params, on_error, "fail", "fail,skip",
              "of damaged pictures; skip leaves them out, when the stream is opened"),
    DP_TEXT(dp_folder_params, extensions, "",
            "of the files that are taken, .jpg,.JPG; \"\": .jpeg, .jpg and .png, in any case"),
    DP_CHOICE(dp_folder_params, unlisted, "fail", "fail,skip",
              "of class folders that classes does not name"),
    DP_PARAMS_END,
};

static dp_status open_source(const void *p, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    return dp_folder_open(&kind, p, options, arena, out, err);
}

const dp_reader dp_reader_image_folder = {
    .info = {"reader", "image_folder", "JPEG and PNG files in class folders or named by a list", 1,
             sizeof(dp_folder_params), params},
    .open = open_source,
    .read = dp_folder_read,
    .close = dp_folder_close,
    .shape = dp_folder_shape,
    .head = dp_folder_head,
    .path = dp_folder_path,
    .stamp = dp_folder_stamp,
};
