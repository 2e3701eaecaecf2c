/* picture.h - encoded pictures (JPEG, PNG): their size, and their pixels
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/pictures.md says whose bytes these are.  Sizes and counts of a file are checked before
 * memory is taken for them, and all memory is the arena's.
 */
#ifndef BASE_PICTURE_PICTURE_H
#define BASE_PICTURE_PICTURE_H

#include "base/alloc.h"
#include "base/file.h"

#define DP_PICTURE_SIDE 16384               /* pixels of a side, at most */
#define DP_PICTURE_FILE ((uint64_t)1 << 28) /* bytes of an encoded picture, at most */

typedef enum dp_picture_kind { DP_PICTURE_NONE, DP_PICTURE_PNG, DP_PICTURE_JPEG } dp_picture_kind;

/* The library whose bytes are wanted: words of a parameter `decoder`, in this order. */
typedef enum dp_decoder {
    DP_AS_MINDSPORE,
    DP_AS_PILLOW,
    DP_AS_OPENCV,
    DP_AS_TENSORFLOW,
    DP_AS_TORCHVISION,
    DP_AS_DALI,
    DP_AS_DALI_TURNED /* no word: DALI hands what it turns to OpenCV */
} dp_decoder;
#define DP_DECODERS "mindspore,pillow,opencv,tensorflow,torchvision,dali"

/* What is done about a camera that was held askew: words of a parameter `orientation`. */
typedef enum dp_orientation { DP_TURN_AS_DECODER, DP_TURN_APPLY, DP_TURN_IGNORE } dp_orientation;
#define DP_ORIENTATIONS "decoder,apply,ignore"

/* The first and the last column of a part of JPEG: as in the whole picture, or as libjpeg leaves
 * them, which spreads chroma from inside of the part alone: words of a parameter `edges`. */
typedef enum dp_edges { DP_EDGES_EXACT, DP_EDGES_LIBRARY } dp_edges;
#define DP_EDGE_RULES "exact,library"

typedef struct dp_picture_how {
    int32_t channels;    /* 3 = colours, 1 = gray */
    int32_t decoder;     /* dp_decoder */
    int32_t orientation; /* dp_orientation */
    bool saturates;      /* libjpeg does: dp_picture_ready.  False where that is not known. */
    int32_t edges;       /* dp_edges */
} dp_picture_how;

/* An encoded picture.  Where `file` is not NULL, it lies there, from `at` to `end`: `bytes` are its
 * first ones, and the rest is read as it is wanted. */
typedef struct dp_encoded {
    const char *name; /* for messages */
    const uint8_t *bytes;
    size_t size;
    const dp_file *file;
    uint64_t at, end;
} dp_encoded;

/* What a header says. */
typedef struct dp_picture_head {
    int64_t height, width; /* as they are stored */
    int32_t orientation;   /* of EXIF, 1 to 8; 1 = upright, or not said */
} dp_picture_head;

/* A part of a picture, in pixels as they are delivered. */
typedef struct dp_picture_part {
    int64_t top, left, height, width;
} dp_picture_part;

dp_picture_kind dp_picture_kind_of(const uint8_t *bytes, size_t n);

/* Where a thread decodes: what libjpeg and libpng take is kept from one picture to the next. */
typedef struct dp_picture_room {
    dp_arena arena;   /* of a picture */
    dp_arena lasting; /* of the room */
    struct dp_jpeg *jpeg;
} dp_picture_room;

/* With the allocator and the limit of an arena.  Memory for a picture of these sides is taken now,
 * up to DP_PICTURE_KEPT bytes; a file that needs more gets more. */
#define DP_PICTURE_KEPT ((size_t)8 << 20)
dp_status dp_picture_room_open(dp_picture_room *, const dp_arena *, int64_t height, int64_t width,
                               dp_error *);
void dp_picture_room_empty(dp_picture_room *); /* for the next picture */
void dp_picture_room_close(dp_picture_room *); /* also one that was not opened, all zeros */

/* What the header says.  DP_ECORRUPT when it is damaged or of a kind that is refused, DP_ELIMIT
 * when a side is too large; both name the file. */
dp_status dp_picture_look(const dp_encoded *, const dp_picture_how *, dp_picture_room *,
                          dp_picture_head *, dp_error *);
/* Height and width of what decoding gives: of the upright picture, if it is turned. */
void dp_picture_size(const dp_picture_head *, const dp_picture_how *, int64_t size[2]);

/* The pixels of a part of a picture in memory that has this head, `channels` bytes each, to their
 * places in out, which holds the whole picture (dp_picture_size), row after row; outside of the
 * part there is anything then.  Damage below it is not seen.  What decoding takes is left in the
 * room's arena.  DP_ESTATE when the size is another, DP_ECORRUPT when it is damaged, with the
 * file's name. */
dp_status dp_picture_decode(const dp_encoded *, const dp_picture_how *, const dp_picture_head *,
                            const dp_picture_part *, dp_picture_room *, uint8_t *out, dp_error *);

/* Once, before anything is decoded so: DP_ESTATE when the machine's libjpeg gives other bytes than
 * are specified.  It finds out what how->saturates says. */
dp_status dp_picture_ready(dp_picture_how *how, const dp_arena *like, dp_error *);

#endif
