/* png_folder.c - image_folder for PNG alone, decoded: its name before there was JPEG
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pictures/folder.h"

static const dp_folder_kind kind = {"png_folder", ".png", true};

static const dp_param params[] = {
    DP_FOLDER_PARAMS,
    DP_PARAMS_END,
};

static dp_status open_source(const void *p, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    return dp_folder_open(&kind, p, options, arena, out, err);
}

const dp_reader dp_reader_png_folder = {
    .info = {"reader", "png_folder", "PNG files in class folders or named by a list", 2,
             sizeof(dp_folder_params), params},
    .open = open_source,
    .read = dp_folder_read,
    .close = dp_folder_close,
    .shape = dp_folder_shape,
    .path = dp_folder_path,
    .stamp = dp_folder_stamp,
};
