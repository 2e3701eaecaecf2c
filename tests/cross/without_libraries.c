/* without_libraries.c - what stands in for zlib, libpng, libjpeg, liblz4 and libsqlite3 on machines
 * that are emulated: cross compilers have none
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/pack/compress.h"
#include "base/pack/inflate.h"
#include "base/pack/zip_file.h"
#include "base/picture/picture.h"
#include "base/status.h"
#include "io/shards/mindrecord.h"
#include "tests/cross/without_libraries.h"

bool library_missed;

dp_status dp_blob_read(const dp_file *file, const char *path, uint64_t most, dp_arena *arena,
                       const dp_options *options, dp_blob *out, dp_error *err)
{
    (void)file, (void)most, (void)arena, (void)options, (void)out;
    library_missed = true;
    return dp_fail(err, DP_EIO, "%.120s: this build unpacks nothing", path);
}

dp_status dp_zip_file_open(dp_zip_file *z, const dp_file *file, const char *path, dp_arena *arena,
                           dp_error *err)
{
    (void)z, (void)file, (void)arena;
    library_missed = true;
    return dp_fail(err, DP_EIO, "%.120s: this build unpacks nothing", path);
}

dp_status dp_zip_file_read(const dp_zip_file *z, const dp_zip_member *m, const dp_options *options,
                           uint8_t *out, dp_error *err)
{
    (void)m, (void)options, (void)out;
    return dp_fail(err, DP_EIO, "%.120s: this build unpacks nothing", z->path);
}

dp_status dp_mindrecord_open(const dp_file *file, const char *path, dp_arena *arena,
                             dp_mindrecord *out, dp_error *err)
{
    (void)file, (void)arena, (void)out;
    library_missed = true;
    return dp_fail(err, DP_EIO, "%.120s: this build has no SQLite", path);
}

dp_status dp_mindrecord_rows(const dp_mindrecord *m, const char *path, dp_opener *opener,
                             dp_arena *arena, dp_mindrecord_row **out, dp_error *err)
{
    (void)m, (void)opener, (void)arena, (void)out;
    return dp_fail(err, DP_EIO, "%.120s: this build has no SQLite", path);
}

dp_picture_kind dp_picture_kind_of(const uint8_t *bytes, size_t n)
{
    (void)bytes, (void)n;
    library_missed = true;
    return DP_PICTURE_NONE;
}

static dp_status no_pictures(dp_error *err)
{
    library_missed = true;
    return dp_fail(err, DP_EIO, "this build reads no pictures");
}

dp_status dp_picture_ready(dp_picture_how *how, const dp_arena *like, dp_error *err)
{
    (void)how, (void)like;
    return no_pictures(err);
}

dp_status dp_picture_room_open(dp_picture_room *room, const dp_arena *like, int64_t height,
                               int64_t width, dp_error *err)
{
    (void)room, (void)like, (void)height, (void)width;
    return no_pictures(err);
}

void dp_picture_room_empty(dp_picture_room *room) { (void)room; }
void dp_picture_room_close(dp_picture_room *room) { (void)room; }

dp_status dp_picture_look(const dp_encoded *from, const dp_picture_how *how, dp_picture_room *room,
                          dp_picture_head *head, dp_error *err)
{
    (void)from, (void)how, (void)head, (void)room;
    return no_pictures(err);
}

void dp_picture_size(const dp_picture_head *head, const dp_picture_how *how, int64_t size[2])
{
    (void)head, (void)how;
    size[0] = size[1] = 0;
}

dp_status dp_picture_decode(const dp_encoded *from, const dp_picture_how *how,
                            const dp_picture_head *head, const dp_picture_part *part,
                            dp_picture_room *room, uint8_t *out, dp_error *err)
{
    (void)from, (void)how, (void)head, (void)part, (void)room, (void)out;
    return no_pictures(err);
}

size_t dp_lz4_state_size(bool high) { return high; }

size_t dp_lz4_pack(const uint8_t *bytes, size_t n, uint8_t *out, bool high, void *state)
{
    (void)bytes, (void)n, (void)out, (void)high, (void)state;
    library_missed = true;
    return 0;
}

bool dp_lz4_unpack(const uint8_t *block, size_t size, uint8_t *out, size_t n)
{
    (void)block, (void)size, (void)out, (void)n;
    library_missed = true;
    return false;
}
